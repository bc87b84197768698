/** What a schedule does if its last workflow still runs. */
export const OverlapPolicy = {
  Unspecified: 0,
  Skip: 1,
  BufferOne: 2,
  BufferAll: 3,
  CancelOther: 4,
  TerminateOther: 5,
  AllowAll: 6
} as const

/** A start that waits for its turn. Times in milliseconds. */
export interface BufferedStart {
  readonly nominal: number
  readonly actual: number
  /** Unspecified for the one that the schedule has when it comes to it. */
  readonly overlapPolicy: number
  /** Asked for by a trigger or a backfill. */
  readonly manual: boolean
}

export interface BufferDecision {
  /** To be started now, whatever runs. */
  readonly overlapping: readonly BufferedStart[]
  /** To be started now since nothing runs. */
  readonly single: BufferedStart | undefined
  /** What goes on waiting. */
  readonly waiting: readonly BufferedStart[]
  readonly cancel: boolean
  readonly terminate: boolean
  readonly skipped: number
}

/** Decides over the waiting starts; see ProcessBuffer in service/worker/scheduler/buffer.go. */
export const decideStarts = (
  buffer: readonly BufferedStart[],
  running: boolean,
  resolve: (policy: number) => number
): BufferDecision => {
  const overlapping: BufferedStart[] = []
  const waiting: BufferedStart[] = []
  let single: BufferedStart | undefined
  let cancel = false
  let terminate = false
  let skipped = 0
  for (const start of buffer) {
    const policy = resolve(start.overlapPolicy)
    if (policy === OverlapPolicy.AllowAll) overlapping.push(start)
    else if (!running && single === undefined) single = start
    else if (policy === OverlapPolicy.BufferAll) waiting.push(start)
    else if (policy === OverlapPolicy.BufferOne && waiting.length === 0) waiting.push(start)
    else if (policy === OverlapPolicy.CancelOther || policy === OverlapPolicy.TerminateOther) {
      // The one that is in the way may not even have begun.
      if (!running) {
        single = start
        continue
      }
      if (policy === OverlapPolicy.CancelOther) cancel = true
      else terminate = true
      waiting.push(start)
    } else skipped += 1
  }
  // Those would be ended with the others at once.
  if (cancel || terminate) overlapping.length = 0
  return { overlapping, single, waiting, cancel, terminate, skipped }
}
