import { EventType, Status } from "../proto/enums.ts"
import type { Run } from "../run.ts"

const eventRef = { eventId: 1, eventType: EventType.WorkflowExecutionStarted }

/** What a start is answered with: the run, and the link to its first event. */
export const startAnswer = (run: Run, started: boolean) => ({
  runId: run.runId,
  started,
  status: run.h.status,
  link: {
    workflowEvent: { namespace: run.namespace, workflowId: run.workflowId, runId: run.runId, eventRef }
  }
})

/** The same where an update found its workflow running; the real server names no namespace in it. */
export const joinedAnswer = (run: Run) => ({
  runId: run.runId,
  status: Status.Running,
  link: { workflowEvent: { workflowId: run.workflowId, runId: run.runId, eventRef } }
})
