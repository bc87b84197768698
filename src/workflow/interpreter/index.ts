/**
 * The one workflow that a worker runs: it interprets definitions. Bundled when the package is built, and run in
 * Temporal's sandbox, where everything must be deterministic.
 */
import {
  CancellationScope,
  continueAsNew,
  isCancellation,
  setDefaultSignalHandler,
  setHandler,
  defineQuery
} from "@temporalio/workflow"
import { ApplicationFailure } from "@temporalio/common"
import { Engine, local } from "./Engine.ts"
import { shownTo, type StepFailure, toFailure } from "./Failure.ts"
import { interpret } from "./Interpreter.ts"
import {
  activityNames,
  type CheckCall,
  type Completion,
  type FailureDetail,
  type Packed,
  type Program,
  type StartArguments,
  type StepsPage,
  stepsQuery,
  wakeSignal
} from "./Protocol.ts"
import type { Value } from "./Value.ts"

/** The state of an execution once it is over, kept for the query. */
interface Ending {
  readonly status: "RUNNING" | "SUCCESS" | "FAILED" | "CANCELED"
  readonly output: Value
  readonly error: FailureDetail["error"] | null
}

/** Interprets a definition. */
export async function compozy(args: StartArguments): Promise<Completion> {
  let engine: Engine | undefined
  let ending: Ending = { status: "RUNNING", output: null, error: null }
  // Signals may come with the first workflow task, before the program is there.
  const early: Array<{ readonly name: string; readonly payload: Packed }> = []

  setDefaultSignalHandler((name, payload) => {
    if (name === wakeSignal) {
      if (engine !== undefined) engine.wakes += 1
    } else if (engine === undefined) early.push({ name, payload: payload as Packed })
    else engine.receive(name, payload as Packed)
  })
  setHandler(defineQuery<StepsPage | null, [number]>(stepsQuery), (cursor) =>
    engine === undefined
      ? null
      : engine.steps.page(
          engine.record(ending.status, ending.output, ending.error, engine.steps.lastSeq),
          cursor
        )
  )

  try {
    const program =
      "blob" in args.program
        ? await local<Program>(activityNames.program, { blob: args.program.blob, workflow: args.workflow })
        : args.program
    const run = (engine = new Engine(args, program))
    for (const { name, payload } of early) run.receive(name, payload)
    if (args.parent !== undefined && args.carried === undefined) {
      run.steps.tell({ execution: run.record("RUNNING", null, null) })
      await local(activityNames.check, {
        workflow: args.workflow,
        side: "input",
        value: args.input
      } satisfies CheckCall)
    }

    const outcome = await untilDoneOrFull(run)
    if (outcome === undefined) {
      const carried = await CancellationScope.nonCancellable(() => run.carry())
      run.steps.retell()
      // The next run would not hear of a cancellation that came meanwhile.
      if (CancellationScope.current().consideredCancelled) await CancellationScope.current().cancelRequested
      return await continueAsNew<typeof compozy>({ ...args, carried })
    }

    run.end()
    const value = await run.close(outcome.value)
    if (run.workflow.checkOutput) {
      await local(activityNames.check, { workflow: args.workflow, side: "output", value } satisfies CheckCall)
    }
    ending = { status: "SUCCESS", output: run.open(value), error: null }
    finish(run, ending)
    return { value, steps: run.steps.count }
  } catch (error) {
    if (!isOurs(error)) throw error
    const cancelled = CancellationScope.current().consideredCancelled && isCancellation(error)
    if (engine === undefined) throw cancelled ? error : failureOf(toFailure(error, ""), 0)
    if (cancelled) {
      ending = { status: "CANCELED", output: null, error: null }
      finish(engine, ending)
      throw error
    }
    const failure = shownTo(toFailure(error, ""), args.defaults.errorDepth ?? 5)
    ending = { status: "FAILED", output: null, error: failure.error }
    finish(engine, ending)
    throw failureOf(failure, engine.steps.count)
  }
}

/** The result, or nothing when the history is full and a new run must take over. */
const untilDoneOrFull = async (engine: Engine): Promise<{ readonly value: Value } | undefined> => {
  const done = interpret(engine).then((value) => ({ value }))
  const full = new CancellationScope({ cancellable: true })
  try {
    return await Promise.race([done, full.run(() => engine.drained()).then(() => undefined)])
  } finally {
    full.cancel()
  }
}

/** Anything but a failure of Temporal's own kinds would fail the workflow task, again and again. */
const failureOf = (failure: StepFailure, steps: number): ApplicationFailure =>
  ApplicationFailure.create({
    message: failure.error.message,
    type: failure.error.code,
    details: [{ error: failure.error, steps } satisfies FailureDetail],
    cause: failure
  })

const finish = (engine: Engine, ending: Ending): void => {
  engine.steps.retell()
  engine.steps.tell({ execution: engine.record(ending.status, ending.output, ending.error) })
}

/** Continue-as-new travels as an exception, which is none of ours. */
const isOurs = (error: unknown): boolean => !(error instanceof Error && error.name === "ContinueAsNew")
