/**
 * What tests use of the client of Temporal's SDK, in types of our own: the SDK's declarations do not compile in a
 * project that checks them under `exactOptionalPropertyTypes`.
 */

/** A workflow function. */
export type WorkflowFunction = (...args: never[]) => Promise<unknown>

/** What a workflow function gives. */
export type WorkflowResult<W extends WorkflowFunction> = Awaited<ReturnType<W>>

/** How a workflow is started. Further options are the SDK's `WorkflowStartOptions`. */
export interface WorkflowOptions<Args extends readonly unknown[] = readonly unknown[]> {
  readonly workflowId: string
  readonly taskQueue: string
  readonly args?: Args
  readonly [option: string]: unknown
}

/** A signal, query or update by what `defineSignal`, `defineQuery` or `defineUpdate` gave. */
export interface MessageDefinition {
  readonly name: string
}

/** An execution. The SDK's `WorkflowHandle`. */
export interface TestWorkflowHandle<Result = unknown> {
  readonly workflowId: string
  /** Waits for the result; rejects with the SDK's `WorkflowFailedError`. */
  result(): Promise<Result>
  signal(signal: string | MessageDefinition, ...args: unknown[]): Promise<void>
  query<Answer = unknown>(query: string | MessageDefinition, ...args: unknown[]): Promise<Answer>
  executeUpdate<Answer = unknown>(
    update: string | MessageDefinition,
    options?: { readonly args?: readonly unknown[]; readonly updateId?: string }
  ): Promise<Answer>
  cancel(): Promise<unknown>
  terminate(reason?: string): Promise<unknown>
  describe(): Promise<{ readonly status: { readonly name: string }; readonly runId: string }>
}

/** The part of the SDK's `Client` that tests use most. */
export interface TestTemporalClient {
  readonly workflow: {
    /** Starts a workflow and waits for its result. */
    execute(workflow: string, options: WorkflowOptions): Promise<unknown>
    execute<W extends WorkflowFunction>(
      workflow: W | string,
      options: WorkflowOptions<Readonly<Parameters<W>>>
    ): Promise<WorkflowResult<W>>
    /** Starts a workflow. */
    start(workflow: string, options: WorkflowOptions): Promise<TestWorkflowHandle>
    start<W extends WorkflowFunction>(
      workflow: W | string,
      options: WorkflowOptions<Readonly<Parameters<W>>>
    ): Promise<TestWorkflowHandle<WorkflowResult<W>>>
    /** The handle of an execution that was started elsewhere. */
    getHandle<Result = unknown>(workflowId: string, runId?: string): TestWorkflowHandle<Result>
    /** The executions that a visibility query finds. */
    list(options?: { readonly query?: string }): AsyncIterable<{ readonly workflowId: string }>
    count(query?: string): Promise<{ readonly count: number }>
  }
}
