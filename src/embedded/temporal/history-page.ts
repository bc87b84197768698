import { encodeFrame } from "./history.ts"
import { historyToken } from "./token.ts"
import type { Run } from "./run.ts"
import { unwrittenEvents } from "./workflow-task-events.ts"

/** How much history one answer carries. */
const pageBytes = 2 * 1024 * 1024
const pageEvents = 2000

/** The stored events from one to another, with those of a task that is not written behind them, up to the size of a page. */
export const historyPage = (
  run: Run,
  from: number,
  to: number,
  maxEvents = pageEvents
): { frames: Uint8Array[]; nextPageToken: Uint8Array } => {
  const frames: Uint8Array[] = []
  let bytes = 0
  const stored = Math.min(to, run.frames.length)
  for (let id = from; id <= stored; id++) {
    const frame = run.frames[id - 1]
    if (frame === undefined) break
    if (frames.length > 0 && (frames.length >= maxEvents || bytes + frame.length > pageBytes))
      return {
        frames,
        nextPageToken: historyToken({ runId: run.runId, nextEventId: id, waitAfter: 0, endEventId: to })
      }
    frames.push(frame)
    bytes += frame.length
  }
  if (to > run.frames.length) frames.push(...unwrittenEvents(run).map(encodeFrame))
  return { frames, nextPageToken: new Uint8Array(0) }
}
