import type { Request } from "../proto/root.ts"
import type { Call } from "../call.ts"
import type { Engine } from "../engine.ts"
import { aborted, invalidArgument, multiOperationFailed, operationAborted, ServiceError } from "../errors.ts"
import type { Run } from "../run.ts"
import { startWorkflow, validateStart } from "../start.ts"
import { isOpen } from "../state.ts"
import { ClosedBeforeAccepted } from "../updates.ts"
import type { IdentifiedUpdate, Updates, UpdateState } from "../updates.ts"
import { ConflictPolicy } from "../proto/enums.ts"
import { positiveMillis } from "../proto/time.ts"
import { on } from "./handler.ts"
import type { Handler } from "./handler.ts"
import { joinedAnswer, startAnswer } from "./start-answer.ts"
import { checkChain } from "./lookup.ts"
import type { Lookup } from "./lookup.ts"

type StartRequest = Request<"StartWorkflowExecution">
type UpdateRequest = Request<"UpdateWorkflowExecution">

const answerOf = (run: Run, updateId: string, state: UpdateState) => ({
  updateRef: { workflowExecution: { workflowId: run.workflowId, runId: run.runId }, updateId },
  stage: state.stage,
  outcome: state.outcome
})

/** Calls and returns what it throws, if that is an answer of the service. */
const refusal = (action: () => void): ServiceError | undefined => {
  try {
    action()
  } catch (error) {
    if (error instanceof ServiceError) return error
    throw error
  }
  return undefined
}

/** The handlers of updates, alone and together with a start. */
export const updateHandlers = (engine: Engine, updates: Updates, lookup: Lookup): Record<string, Handler> => {
  const update = async (run: Run, asked: IdentifiedUpdate, call: Call) =>
    answerOf(run, asked.updateId, await updates.wait(run, asked.updateId, asked.stage, call))

  /** What speaks against the two requests before anything is done; workflow_handler.go. */
  const check = (start: StartRequest, request: UpdateRequest): void => {
    const wrongStart = refusal(() => {
      validateStart(start, engine.limits)
      if (start.cronSchedule) throw invalidArgument("CronSchedule is not allowed.")
      if (start.requestEagerExecution) throw invalidArgument("RequestEagerExecution is not supported.")
      if (positiveMillis(start.workflowStartDelay) !== undefined)
        throw invalidArgument("WorkflowStartDelay is not supported.")
    })
    const wrongUpdate = refusal(() => {
      const { workflowId, runId } = request.workflowExecution ?? {}
      if (!workflowId) throw invalidArgument("WorkflowId is not set on request.")
      updates.identify(request)
      if (request.firstExecutionRunId) throw invalidArgument("FirstExecutionRunId is not allowed.")
      if (runId) throw invalidArgument("RunId is not allowed.")
      if (wrongStart === undefined && workflowId !== start.workflowId)
        throw invalidArgument("WorkflowId is not consistent with previous operation(s).")
    })
    if (wrongStart !== undefined || wrongUpdate !== undefined)
      throw multiOperationFailed([wrongStart ?? operationAborted(), wrongUpdate ?? operationAborted()])
  }

  /** Whether a running execution takes the update instead of a new one. */
  const takesUpdate = (run: Run, start: StartRequest, asked: IdentifiedUpdate): boolean =>
    isOpen(run.h) &&
    ((start.requestId ? run.x.startRequestId === start.requestId : false) ||
      updates.isKnown(run, asked.updateId) ||
      start.workflowIdConflictPolicy === ConflictPolicy.UseExisting)

  /** service/history/api/multioperation/api.go */
  const updateWithStart = async (
    namespace: string,
    start: StartRequest,
    asked: IdentifiedUpdate,
    call: Call
  ) => {
    const currentId = engine.currentRunId(namespace, start.workflowId ?? "")
    const current = currentId === undefined ? undefined : engine.findRun(currentId)
    const answer = (startWorkflow: unknown, updateWorkflow: unknown) => ({
      responses: [{ startWorkflow }, { updateWorkflow }]
    })
    const done = current === undefined ? undefined : updates.completed(current, asked.updateId)
    if (current !== undefined && done !== undefined)
      return answer(
        { runId: current.runId, status: current.h.status },
        answerOf(current, asked.updateId, done)
      )
    if (current !== undefined && takesUpdate(current, start, asked)) {
      const wrong = refusal(() => engine.transact((tx) => updates.admit(tx, current, asked)))
      if (wrong !== undefined) throw multiOperationFailed([operationAborted(), wrong])
      try {
        return answer(joinedAnswer(current), await update(current, asked, call))
      } catch (error) {
        throw error instanceof ServiceError ? new UpdateFailed(error) : error
      }
    }
    const run = engine.transact((tx) => {
      let begun: Run
      try {
        begun = startWorkflow(tx, start).run
      } catch (error) {
        throw error instanceof ServiceError ? multiOperationFailed([error, operationAborted()]) : error
      }
      const wrong = refusal(() => updates.admit(tx, begun, asked))
      if (wrong !== undefined) throw multiOperationFailed([operationAborted(), wrong])
      return begun
    })
    try {
      return answer(startAnswer(run, true), await update(run, asked, call))
    } catch (error) {
      throw error instanceof ServiceError ? multiOperationFailed([undefined, error]) : error
    }
  }

  return {
    UpdateWorkflowExecution: on<"UpdateWorkflowExecution">((request, call) => {
      const asked = updates.identify(request)
      const run = lookup.find(request.namespace, request.workflowExecution)
      checkChain(run, request.firstExecutionRunId)
      engine.transact((tx) => updates.admit(tx, run, asked))
      return update(run, asked, call)
    }),
    PollWorkflowExecutionUpdate: on<"PollWorkflowExecutionUpdate">(async (request, call) => {
      if (!request.updateRef) throw invalidArgument("UpdateRef is not set on request.")
      const run = lookup.find(request.namespace, request.updateRef.workflowExecution)
      return answerOf(run, request.updateRef.updateId ?? "", await updates.poll(run, request, call))
    }),
    ExecuteMultiOperation: on<"ExecuteMultiOperation">(async (request, call) => {
      const namespace = lookup.namespace(request.namespace)
      const start = request.operations?.[0]?.startWorkflow
      const second = request.operations?.[1]?.updateWorkflow
      if (!start || !second || request.operations?.length !== 2)
        throw invalidArgument("Operations have to be exactly [Start, Update].")
      check(start, second)
      const asked = updates.identify(second)
      // The workflow may end before it gets to the update: then a new one takes it, but that is tried only once.
      for (let again = false; ; again = true) {
        try {
          return await updateWithStart(namespace, { ...start, namespace }, asked, call)
        } catch (error) {
          if (!(error instanceof UpdateFailed)) throw error
          const closed = error.cause instanceof ClosedBeforeAccepted
          if (closed && !again) continue
          throw multiOperationFailed([
            operationAborted(),
            closed ? aborted(error.cause.message) : error.cause
          ])
        }
      }
    })
  }
}

/** An update of a running execution failed, which the request did not start. */
class UpdateFailed extends Error {
  override readonly cause: ServiceError
  constructor(cause: ServiceError) {
    super(cause.message)
    this.cause = cause
  }
}
