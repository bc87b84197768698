/** How often something happened, and how long it took together. */
export interface EmbeddedTemporalTally {
  readonly count: number
  /** Seconds of all of them. */
  readonly seconds: number
}

/** A task queue with something in it: tasks that no worker has taken yet, or polls of workers. */
export interface EmbeddedTemporalQueue {
  readonly namespace: string
  readonly name: string
  readonly kind: "workflow" | "activity"
  readonly backlog: number
  /** How long the oldest task has waited, in milliseconds. */
  readonly backlogAgeMs: number
  /** Polls that wait for a task. */
  readonly polls: number
}

/** What an embedded Temporal does at the moment, and what it has done since it was opened. */
export interface EmbeddedTemporalDescription {
  readonly uptimeMs: number
  readonly namespaces: readonly string[]
  readonly storage: {
    readonly kind: "memory" | "file"
    readonly openExecutions: number
    readonly closedExecutions: number
    /** Bytes of the histories of closed executions, which the retention bounds. */
    readonly closedBytes: number
    /** 0 in memory. */
    readonly fileBytes: number
  }
  /** Tasks that a worker has at the moment. */
  readonly inFlight: { readonly workflowTasks: number; readonly activities: number }
  /** Workers that tell of themselves. */
  readonly workers: number
  readonly queues: readonly EmbeddedTemporalQueue[]
  /** Tasks that workers took, and how long those waited in their queues. */
  readonly tasks: Readonly<Record<"workflow" | "activity" | "query", EmbeddedTemporalTally>>
  /** Transactions of the storage. */
  readonly commits: EmbeddedTemporalTally
  /** Calls by method; `seconds` of polls are mostly waiting. `errors` are those with another status than OK. */
  readonly calls: Readonly<Record<string, EmbeddedTemporalTally & { readonly errors: number }>>
}
