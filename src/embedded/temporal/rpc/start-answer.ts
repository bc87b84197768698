import { EventType } from "../proto/enums.ts"
import type { Run } from "../run.ts"

/** What a start is answered with: the run, and the link to its first event. */
export const startAnswer = (run: Run, started: boolean) => ({
  runId: run.runId,
  started,
  status: run.h.status,
  link: {
    workflowEvent: {
      namespace: run.namespace,
      workflowId: run.workflowId,
      runId: run.runId,
      eventRef: { eventId: 1, eventType: EventType.WorkflowExecutionStarted }
    }
  }
})
