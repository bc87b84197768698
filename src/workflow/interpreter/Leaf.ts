/** The tasks that do one thing: call a tool or a function, sleep, wait, send a signal, run another workflow. */
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  condition,
  executeChild,
  getExternalWorkflowHandle,
  isCancellation,
  scheduleActivity,
  sleep,
  startChild
} from "@temporalio/workflow"
import { ActivityCancellationType, type ActivityOptions, type RetryPolicy } from "@temporalio/common"
import type {
  DecodeTask,
  FailTask,
  FunctionTask,
  RetryDefinition,
  SignalTask,
  SleepTask,
  TaskDefinition,
  ToolTask,
  WaitTask,
  WorkflowTask
} from "../Definition.ts"
import { milliseconds } from "./Duration.ts"
import { type Engine, isCancelled, local, type RunBlock } from "./Engine.ts"
import { fail, StepFailure, toFailure } from "./Failure.ts"
import {
  activityNames,
  type CallResult,
  type Completion,
  type FunctionCall,
  type Packed,
  type StartArguments,
  type ToolCall,
  workflowType
} from "./Protocol.ts"
import { type Frame, inside, pathIn } from "./Scope.ts"
import { isList, type Value } from "./Value.ts"

/** How often a step asks again for a tool that no process has, at most. Milliseconds. */
const longestAbsence = 60_000

const retryPolicy = (defaults: RetryDefinition, own: RetryDefinition = {}): RetryPolicy => {
  const { maximumAttempts, nonRetryableErrorTypes, ...rest } = { ...defaults, ...own }
  const { initialInterval, maximumInterval } = rest
  const crossed =
    initialInterval !== undefined && maximumInterval !== undefined && initialInterval > maximumInterval
  return {
    ...rest,
    // One of the two is a default, which gives way to what the task says.
    ...(crossed && own.maximumInterval === undefined ? { maximumInterval: initialInterval } : {}),
    ...(crossed && own.maximumInterval !== undefined ? { initialInterval: maximumInterval } : {}),
    // 0 is without end, as in Temporal's own policy; the SDK only takes it left out.
    ...(maximumAttempts === undefined || maximumAttempts === 0 ? {} : { maximumAttempts }),
    ...(nonRetryableErrorTypes === undefined ? {} : { nonRetryableErrorTypes: [...nonRetryableErrorTypes] })
  }
}

const activityOptions = (engine: Engine, task: ToolTask): ActivityOptions => {
  const { defaults } = engine.args
  return {
    startToCloseTimeout: task.timeout ?? defaults.timeout,
    heartbeatTimeout: task.heartbeat ?? defaults.heartbeat,
    ...(task.totalTimeout === undefined ? {} : { scheduleToCloseTimeout: task.totalTimeout }),
    retry: retryPolicy(defaults.retry, task.retry),
    cancellationType: ActivityCancellationType.TRY_CANCEL
  }
}

/** Calls until a process has what the call needs; the execution shows what it waits for. */
const untilPresent = async (
  engine: Engine,
  path: string,
  call: (tries: number) => Promise<CallResult>
): Promise<Extract<CallResult, { readonly value: Packed }>> => {
  for (let tries = 0; ; tries++) {
    const wakes = engine.wakes
    const result = await engine.working(() => call(tries))
    if ("value" in result) {
      engine.waitingFor(path, null)
      return result
    }
    engine.waitingFor(path, result.missing)
    engine.steps.change(path, "WAITING")
    await condition(() => engine.wakes !== wakes, Math.min(1_000 * 2 ** tries, longestAbsence))
  }
}

/** Runs a task that has a record: what it throws ends the record, unless it was cancelled. */
const recorded = async (engine: Engine, path: string, work: () => Promise<Value>): Promise<Value> => {
  try {
    const output = await work()
    engine.steps.end(path, "SUCCESS", { output })
    return output
  } catch (error) {
    throw ended(engine, path, error)
  }
}

/** Ends a record with what was thrown, and gives what to throw on. */
export const ended = (engine: Engine, path: string, error: unknown): unknown => {
  if (isCancelled() && isCancellation(error)) {
    engine.steps.end(path, "CANCELED", {})
    return error
  }
  const failure = toFailure(error, path)
  const timedOut = failure.error.code === "COMPOZY_TASK_TIMED_OUT" && failure.error.task === path
  engine.steps.end(path, timedOut ? "TIMED_OUT" : "FAILED", {
    error: failure.error,
    ...(failure.attempt === undefined || failure.error.task !== path ? {} : { attempt: failure.attempt })
  })
  return failure
}

export const runTool = async (engine: Engine, task: ToolTask, frame: Frame): Promise<Value> => {
  const path = pathIn(frame, task)
  const input = await engine.evaluate(task.input, frame.scope)
  const record = engine.steps.begin(frame, task, { input, component: task.tool, quiet: true })
  const options = activityOptions(engine, task)
  try {
    const packed = await engine.close(input)
    const result = await untilPresent(engine, path, (tries) => {
      const call: ToolCall = {
        workflow: engine.workflow.definition.id,
        tool: task.tool,
        path,
        parent: record.parent,
        id: task.id,
        input: packed,
        // A step that waited for its tool was recorded since: what its activity tells comes after that.
        seq: tries === 0 ? record.seq : engine.steps.next(2),
        ...(task.heartbeat === undefined ? {} : { manual: true }),
        ...(tries === 0 ? {} : { since: record.startedAt })
      }
      return scheduleActivity<CallResult>(activityNames.tool, [call], options)
    })
    const output = engine.open(result.value)
    engine.steps.end(path, "SUCCESS", { output, attempt: result.attempt ?? 1 }, true)
    return output
  } catch (error) {
    const failure = ended(engine, path, error)
    if (failure === error && isCancellation(error)) engine.steps.tell({ abort: path })
    throw failure
  }
}

export const runFunction = async (
  engine: Engine,
  task: FunctionTask | DecodeTask,
  frame: Frame
): Promise<Value> => {
  const path = pathIn(frame, task)
  const args = task.type === "fn" ? task.args : [task.value]
  const evaluated = await Promise.all(args.map((arg) => engine.evaluate(arg, frame.scope)))
  engine.steps.begin(frame, task, {
    input: task.type === "fn" ? evaluated : (evaluated[0] ?? null),
    component: task.name
  })
  const call: FunctionCall = {
    workflow: engine.workflow.definition.id,
    kind: task.type,
    name: task.name,
    path,
    args: evaluated.map((arg) => engine.hand(arg))
  }
  return recorded(engine, path, async () => {
    const result = await untilPresent(engine, path, () => local<CallResult>(activityNames.call, call))
    return engine.open(result.value)
  })
}

/** When a sleep or wait of this path ends: as the run before decided, or `duration` from now. */
const deadline = (engine: Engine, path: string, duration: number): number => {
  const known = engine.timers.get(path)
  if (known !== undefined) return known.at
  const at = Date.now() + duration
  engine.timers.set(path, { at, fired: false })
  return at
}

const durationOf = (value: Value, path: string, what: string): number => {
  const duration = milliseconds(value)
  if (duration === undefined) {
    throw fail("COMPOZY_DURATION_INVALID", `${what} is no duration: ${JSON.stringify(value)}`, path)
  }
  return duration
}

export const runSleep = async (engine: Engine, task: SleepTask, frame: Frame): Promise<Value> => {
  const path = pathIn(frame, task)
  const value = await engine.evaluateInline(task.duration, frame.scope)
  engine.steps.begin(frame, task, { input: { duration: value } })
  return recorded(engine, path, async () => {
    const left = deadline(engine, path, durationOf(value, path, "what to sleep")) - Date.now()
    if (left > 0) await sleep(left)
    engine.timers.delete(path)
    return null
  })
}

const drop = (engine: Engine, signal: Engine["inbox"][number]): boolean => {
  const at = engine.inbox.indexOf(signal)
  if (at !== -1) engine.inbox.splice(at, 1)
  return at !== -1
}

/** The first signal in the inbox that the task waits for, taken out of it. */
const take = async (
  engine: Engine,
  task: WaitTask,
  frame: Frame
): Promise<{ readonly payload: Value } | undefined> => {
  for (const signal of engine.inbox.filter((one) => one.name === task.signal)) {
    if (task.until !== undefined) {
      const { scope } = inside(frame, task)
      scope.set(`signal:${task.path}`, signal.payload)
      if ((await engine.evaluateInline(task.until, scope)) !== true) {
        // It is dropped, unless another wait may still want it.
        if (engine.waits.get(task.signal) === 1) drop(engine, signal)
        continue
      }
    }
    // Another wait may have taken it meanwhile.
    if (drop(engine, signal)) return signal
  }
  return undefined
}

const waitForSignal = async (
  engine: Engine,
  task: WaitTask,
  frame: Frame,
  timeout: number | undefined
): Promise<{ readonly payload: Value } | undefined> => {
  const path = pathIn(frame, task)
  if (engine.timers.get(path)?.fired === true) return undefined
  const at = timeout === undefined ? undefined : deadline(engine, path, timeout)
  const timer = new CancellationScope()
  engine.waits.set(task.signal, (engine.waits.get(task.signal) ?? 0) + 1)
  let fired = false
  try {
    if (at !== undefined) {
      timer
        .run(() => sleep(Math.max(1, at - Date.now())))
        .then(
          () => (fired = true),
          () => undefined
        )
    }
    let shown = false
    for (;;) {
      const seen = engine.arrivals
      const taken = await take(engine, task, frame)
      if (taken !== undefined) return taken
      if (fired) break
      if (engine.arrivals !== seen) continue
      if (!shown) {
        shown = true
        engine.steps.change(path, "WAITING")
        engine.waitingFor(path, `signal "${task.signal}"`)
      }
      await condition(() => fired || engine.arrivals !== seen)
    }
    if (at !== undefined) engine.timers.set(path, { at, fired: true })
    return undefined
  } finally {
    timer.cancel()
    engine.waits.set(task.signal, (engine.waits.get(task.signal) ?? 1) - 1)
    engine.waitingFor(path, null)
  }
}

export const runWait = async (
  engine: Engine,
  task: WaitTask,
  frame: Frame,
  runBlock: RunBlock
): Promise<Value> => {
  const path = pathIn(frame, task)
  const timeout =
    task.timeout === undefined ? undefined : await engine.evaluateInline(task.timeout, frame.scope)
  engine.steps.begin(frame, task, {
    input: timeout === undefined ? { signal: task.signal } : { signal: task.signal, timeout },
    component: task.signal
  })
  return recorded(engine, path, async () => {
    const limit =
      timeout === undefined || timeout === null ? undefined : durationOf(timeout, path, "the timeout")
    const taken = await waitForSignal(engine, task, frame, limit)
    if (taken !== undefined) return taken.payload
    if (task.onTimeout === undefined) {
      throw fail("COMPOZY_WAIT_TIMED_OUT", `no signal "${task.signal}" came within ${String(timeout)}`, path)
    }
    return runBlock(task.onTimeout, inside(frame, task))
  })
}

export const runSignal = async (engine: Engine, task: SignalTask, frame: Frame): Promise<Value> => {
  const path = pathIn(frame, task)
  const execution = await engine.evaluateInline(task.execution, frame.scope)
  const payload = await engine.evaluate(task.payload, frame.scope)
  engine.steps.begin(frame, task, { input: { execution, payload }, component: task.signal })
  return recorded(engine, path, async () => {
    if (typeof execution !== "string") {
      throw fail("COMPOZY_EXECUTION_NOT_FOUND", "the execution to signal is no text", path)
    }
    const packed = await engine.close(payload)
    await engine.working(() => getExternalWorkflowHandle(execution).signal(task.signal, packed))
    return null
  })
}

export const runFail = async (engine: Engine, task: FailTask, frame: Frame): Promise<Value> => {
  const path = pathIn(frame, task)
  const message = await engine.evaluateInline(task.message, frame.scope)
  engine.steps.begin(frame, task, { input: { message } })
  return recorded(engine, path, async () => {
    throw new StepFailure({
      code: "COMPOZY_TASK_FAILED",
      message: typeof message === "string" ? message : JSON.stringify(message),
      type: task.error ?? "Failure",
      task: path
    })
  })
}

/** The execution id of a child: the same whenever its parent is replayed. */
export const childId = (engine: Engine, path: string): string =>
  `${engine.executionId}.${path.replaceAll("[", ".").replaceAll("]", "")}`

export const runWorkflow = async (engine: Engine, task: WorkflowTask, frame: Frame): Promise<Value> => {
  const path = pathIn(frame, task)
  const input = await engine.evaluate(task.input, frame.scope)
  engine.steps.begin(frame, task, { input, component: task.workflow })
  const workflowId = childId(engine, path)
  return recorded(engine, path, async () => {
    const level = frame.level + 1
    engine.checkLevel(level, path)
    const child: StartArguments = {
      protocol: 1,
      workflow: task.workflow,
      program: engine.args.program,
      input: await engine.close(input),
      defaults: engine.args.defaults,
      parent: engine.executionId,
      level
    }
    const options = {
      workflowId,
      args: [child],
      cancellationType: ChildWorkflowCancellationType.TRY_CANCEL,
      ...(task.retry === undefined ? {} : { retry: retryPolicy({}, task.retry) }),
      ...(task.timeout === undefined ? {} : { workflowRunTimeout: task.timeout }),
      ...(task.totalTimeout === undefined ? {} : { workflowExecutionTimeout: task.totalTimeout })
    }
    if (task.mode === "start") {
      await engine.working(() =>
        startChild(workflowType, { ...options, parentClosePolicy: ParentClosePolicy.ABANDON })
      )
      return workflowId
    }
    engine.children += 1
    try {
      const completion: Completion = await engine.working(() =>
        executeChild(workflowType, { ...options, parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL })
      )
      return engine.open(completion.value)
    } finally {
      engine.children -= 1
    }
  })
}

/** The names and blocks of a task's value, for messages. */
export const shown = (value: Value): string => {
  const text = isList(value) ? `an array of ${value.length}` : JSON.stringify(value)
  return text.length > 200 ? `${text.slice(0, 200)}...` : text
}

/** A task that `when` left out. */
export const skip = (engine: Engine, task: TaskDefinition, frame: Frame): void => {
  engine.steps.begin(frame, task, { status: "SKIPPED" })
  engine.steps.end(pathIn(frame, task), "SKIPPED", {})
}
