import type { HistoryEvent, ResetPoint } from "./proto/root.ts"
import { toNumber } from "./proto/time.ts"

// mutable_state_impl.go, addResetPointFromCompletion: the first workflow task that each build completed, so that an
// execution can be taken back to before what a bad build did.

/** How many are kept, history.maxAutoResetPoints. */
const mostPoints = 20

/** With the point of a completed workflow task, if its worker's build has none yet. That of its own run has no id. */
export const withResetPoint = (
  points: readonly ResetPoint[],
  event: HistoryEvent,
  resettable: boolean
): readonly ResetPoint[] => {
  const attributes = event.workflowTaskCompletedEventAttributes
  const binaryChecksum = attributes?.binaryChecksum ?? ""
  const buildId = attributes?.workerVersion?.buildId ?? ""
  if (points.some((point) => point.binaryChecksum === binaryChecksum && point.buildId === buildId))
    return points
  const point = {
    binaryChecksum,
    buildId,
    runId: "",
    firstWorkflowTaskCompletedId: toNumber(event.eventId),
    createTime: event.eventTime,
    resettable
  }
  return [...points, point].slice(-mostPoints)
}

/** The points as others see them, undefined for none. */
export const resetPointsOf = (
  runId: string,
  points: readonly ResetPoint[]
): { points: ResetPoint[] } | undefined =>
  points.length === 0
    ? undefined
    : { points: points.map((point) => (point.runId ? point : { ...point, runId })) }
