/** The activity that runs tools. */
import { CancelledFailure, Context as ActivityContext, type Info } from "@temporalio/activity"
import { Cause, type Context, Effect, Exit } from "effect"
import { createHash } from "node:crypto"
import { performance } from "node:perf_hooks"
import type { TaskState } from "../../services/Store.ts"
import { Activity, type ToolContext } from "../../workflow/Activity.ts"
import type { Json } from "../../workflow/Definition.ts"
import type { CallResult, ToolCall } from "../../workflow/interpreter/Protocol.ts"
import type { AnyTool } from "../../workflow/Tool.ts"
import type { Projection } from "../Projection.ts"
import type { Blobs } from "./Blobs.ts"
import { codecOf, issueText } from "./Codec.ts"
import { refused, toApplicationFailure } from "./Failures.ts"
import type { Registry } from "./Registry.ts"
import { type RunningTool, RunningTools } from "./RunningTools.ts"

/** What activities need of the process. */
export interface ActivityDependencies {
  readonly registry: Registry
  readonly blobs: Blobs
  readonly projection: Projection
  /** The services that tools get: those of the deployment and the user's own. */
  readonly services: Context.Context<never>
  /** Runs an effect with them; rejects with its error. */
  readonly run: <A, E>(effect: Effect.Effect<A, E>) => Promise<A>
  /** Milliseconds between the heartbeats that are sent for tools. */
  readonly heartbeatEvery: number
}

/** The same for every attempt of a step, and at most 200 characters. */
const keyOf = (executionId: string, path: string): string => {
  const key = `${executionId}/${path}`
  return key.length <= 200 ? key : createHash("sha256").update(key).digest("hex")
}

interface Attempt {
  readonly call: ToolCall
  readonly executionId: string
  readonly info: Info
  readonly startedAt: number
}

const stateOf = (attempt: Attempt, more: Pick<TaskState, "status"> & Partial<TaskState>): TaskState => {
  const { call, executionId, info, startedAt } = attempt
  return {
    executionId,
    path: call.path,
    attempt: info.attempt,
    parentPath: call.parent,
    workflowId: call.workflow,
    taskId: call.id,
    type: "tool",
    component: call.tool,
    input: call.input.v,
    output: null,
    error: null,
    startedAt,
    updatedAt: Date.now(),
    closedAt: null,
    eventId: call.seq,
    ...more
  }
}

/** The tools that run here, and the activity that runs them. */
export const makeToolActivity = (dependencies: ActivityDependencies) => {
  const { blobs, projection, registry, run, services } = dependencies
  const runEffect = Effect.runPromiseExitWith(services)

  const running = new RunningTools((tool, duration) => {
    const message = `tool "${tool.tool}" held the event loop for ${duration} ms: nothing else ran meanwhile`
    projection.add({
      events: [
        {
          executionId: tool.executionId,
          type: "warning",
          data: { task: tool.path, tool: tool.tool, message }
        }
      ]
    })
    void run(
      Effect.logWarning(message).pipe(Effect.annotateLogs({ executionId: tool.executionId, task: tool.path }))
    )
  })

  const event = (attempt: Attempt, status: string, error?: { readonly message: string }) => ({
    executionId: attempt.executionId,
    type: "task_status" as const,
    data: {
      task: attempt.call.path,
      type: "tool",
      component: attempt.call.tool,
      status,
      attempt: attempt.info.attempt,
      ...(error === undefined ? {} : { error: error.message })
    }
  })

  /** Runs the tool with decoded input. */
  const invoke = async (
    tool: AnyTool,
    input: unknown,
    context: ToolContext,
    entry: RunningTool
  ): Promise<unknown> => {
    const from = performance.now()
    // What `run` takes is what the tool's own schema decoded.
    const result: unknown = tool.run(input as never, context)
    running.held(entry, from)
    if (!Effect.isEffect(result)) return unlessAborted(result, context.signal)
    const program = Effect.scoped(Effect.provideService(result, Activity, context)) as Effect.Effect<
      unknown,
      unknown
    >
    const begun = performance.now()
    const fiber = runEffect(program, { signal: context.signal })
    running.held(entry, begun)
    const exit = await fiber
    if (Exit.isSuccess(exit)) return exit.value
    if (context.signal.aborted && Cause.hasInterruptsOnly(exit.cause)) throw new CancelledFailure("cancelled")
    throw Cause.squash(exit.cause)
  }

  const perform = async (tool: AnyTool, attempt: Attempt, activity: ActivityContext): Promise<Json> => {
    const { call, executionId, info } = attempt
    const codecs = { input: codecOf(tool.input), output: codecOf(tool.output) }
    const json = call.input.r === 1 ? await run(blobs.open(call.input)) : call.input.v
    const input = codecs.input.decode(json)
    if ("issues" in input) {
      throw refused(
        "COMPOZY_TOOL_INPUT_INVALID",
        "ToolInputInvalid",
        `the input of tool "${tool.id}" does not fit its schema: ${issueText(input.issues)}`,
        input.issues.map(({ message, path }) => ({ message, path: [...path] }))
      )
    }
    const controller = new AbortController()
    const abort = () => controller.abort(activity.cancellationSignal.reason)
    if (activity.cancellationSignal.aborted) abort()
    else activity.cancellationSignal.addEventListener("abort", abort, { once: true })
    const now = performance.now()
    const entry: RunningTool = {
      executionId,
      path: call.path,
      tool: tool.id,
      controller,
      beat: call.manual === true ? undefined : () => activity.heartbeat(entry.details),
      beatEvery: Math.min(
        dependencies.heartbeatEvery,
        (info.heartbeatTimeoutMs ?? Number.POSITIVE_INFINITY) / 3
      ),
      deadline:
        now + (info.startToCloseTimeoutMs > 0 ? info.startToCloseTimeoutMs : Number.POSITIVE_INFINITY),
      lastBeat: now,
      details: info.heartbeatDetails as Json | undefined
    }
    const context: ToolContext = {
      signal: controller.signal,
      attempt: info.attempt,
      idempotencyKey: keyOf(executionId, call.path),
      execution: { id: executionId, workflow: call.workflow, task: call.path },
      heartbeat: (details) => {
        if (details !== undefined) entry.details = details
        entry.lastBeat = performance.now()
        activity.heartbeat(entry.details)
      },
      lastHeartbeat: info.heartbeatDetails as Json | undefined
    }
    running.add(entry)
    let result: unknown
    try {
      result = await invoke(tool, input.value, context, entry)
    } catch (error) {
      if (controller.signal.aborted) throw new CancelledFailure("cancelled")
      throw error
    } finally {
      running.remove(entry)
      activity.cancellationSignal.removeEventListener("abort", abort)
    }
    const output = codecs.output.encode(result)
    if ("issues" in output) {
      throw refused(
        "COMPOZY_TOOL_OUTPUT_INVALID",
        "ToolOutputInvalid",
        `the output of tool "${tool.id}" does not fit its schema: ${issueText(output.issues)}`,
        output.issues.map(({ message, path }) => ({ message, path: [...path] }))
      )
    }
    return output.value
  }

  const activity = async (call: ToolCall): Promise<CallResult> => {
    const current = ActivityContext.current()
    const { info } = current
    const executionId = info.workflowExecution?.workflowId ?? ""
    const tool = registry.tool(call.workflow, call.tool)
    if (tool === undefined) return { missing: `tool "${call.tool}"` }
    const attempt: Attempt = { call, executionId, info, startedAt: call.since ?? info.scheduledTimestampMs }
    projection.add({ tasks: [stateOf(attempt, { status: "RUNNING" })], events: [event(attempt, "RUNNING")] })
    try {
      const output = await perform(tool, attempt, current)
      const packed = await run(blobs.pack(executionId, output))
      projection.add({
        tasks: [
          stateOf(attempt, {
            status: "SUCCESS",
            output: packed.v,
            closedAt: Date.now(),
            eventId: call.seq + 1
          })
        ],
        events: [event(attempt, "SUCCESS")]
      })
      return info.attempt === 1 ? { value: packed } : { value: packed, attempt: info.attempt }
    } catch (error) {
      // What a cancelled step is, its workflow records.
      if (error instanceof CancelledFailure) throw error
      const failure = toApplicationFailure(error, info.attempt)
      const most = info.retryPolicy?.maximumAttempts
      const last =
        failure.nonRetryable === true ||
        (most !== undefined && most > 0 && info.attempt >= most) ||
        (info.retryPolicy?.nonRetryableErrorTypes ?? []).includes(failure.type ?? "")
      const stored = {
        code: codeOf(failure.details?.[0]),
        message: failure.message,
        ...(typeof failure.type === "string" ? { type: failure.type } : {}),
        task: call.path,
        ...(failure.stack === undefined ? {} : { stack: failure.stack })
      }
      projection.add({
        tasks: [
          last
            ? stateOf(attempt, {
                status: "FAILED",
                error: stored,
                closedAt: Date.now(),
                eventId: call.seq + 1
              })
            : stateOf(attempt, { status: "RUNNING", error: stored })
        ],
        // The end of a step is told by its workflow, which also knows of those that ended without an activity.
        events: last ? [] : [event(attempt, "RUNNING", failure)]
      })
      throw failure
    }
  }

  return { activity, abort: (executionId: string, path: string) => running.abort(executionId, path) }
}

/** A tool that was told to stop and does not is left to itself after this, in milliseconds. */
const longestFarewell = 1_000

/** What a tool gives; fails a little after it was told to stop, so that it holds up neither worker nor shutdown. */
const unlessAborted = async (result: unknown, signal: AbortSignal): Promise<unknown> => {
  let leave: (() => void) | undefined
  const left = new Promise<never>((_, reject) => {
    leave = () => setTimeout(() => reject(new CancelledFailure("cancelled")), longestFarewell).unref()
    signal.addEventListener("abort", leave, { once: true })
  })
  try {
    return await Promise.race([result, left])
  } finally {
    if (leave !== undefined) signal.removeEventListener("abort", leave)
  }
}

const codeOf = (detail: unknown): string =>
  typeof detail === "object" && detail !== null && "code" in detail && typeof detail.code === "string"
    ? detail.code
    : "COMPOZY_TASK_FAILED"
