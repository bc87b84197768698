import { HistoryFilter } from "./proto/enums.ts"
import { types } from "./proto/root.ts"
import type { Request } from "./proto/root.ts"
import type { Engine } from "./engine.ts"
import { invalidArgument } from "./errors.ts"
import { delimited } from "./history.ts"
import { isOpen } from "./state.ts"
import { historyPage } from "./history-page.ts"
import type { Call } from "./call.ts"
import { historyToken, parseHistoryToken } from "./token.ts"
import type { Run } from "./run.ts"

/** How long a wait for a new event lasts before it is answered empty; history.longPollExpirationInterval. */
const longPollMs = 20_000

const historyField = 1
const defaultPageSize = 256

// The reverse history has its token in field 3 as well, so one message serves both.
const encode = (frames: readonly Uint8Array[], nextPageToken: Uint8Array): Uint8Array =>
  Buffer.concat([types.getHistory.encode({ nextPageToken }).finish(), ...delimited(historyField, frames)])

/** `GetWorkflowExecutionHistory`: pages, the closing event alone, and waiting for what comes. */
export class HistoryReader {
  readonly #engine: Engine
  readonly #waiting = new Set<() => void>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  read(
    find: (runId: string | undefined) => Run,
    request: Request<"GetWorkflowExecutionHistory">,
    call: Call
  ): Uint8Array | Promise<Uint8Array> {
    const given = request.nextPageToken
    const token = given && given.length > 0 ? parseHistoryToken(given) : undefined
    const asked = request.execution?.runId || undefined
    if (token !== undefined && asked !== undefined && asked !== token.runId)
      throw invalidArgument("RunId in the request does not match the NextPageToken.")
    const run = find(token?.runId ?? asked)
    const closeOnly = request.historyEventFilterType === HistoryFilter.Close
    const wait = request.waitNewEvent === true
    if (closeOnly) return this.#closeEvent(run, wait, call)
    const from = token?.nextEventId ?? 1
    const pageSize = request.maximumPageSize || defaultPageSize
    if (!wait) {
      const page = historyPage(run, from, token?.endEventId || run.frames.length, pageSize)
      return encode(page.frames, page.nextPageToken)
    }
    const answer = (): Uint8Array | undefined => {
      if (from > run.frames.length && isOpen(run.h)) return undefined
      const page = historyPage(run, from, run.frames.length, pageSize)
      const next = from + page.frames.length
      const done = !isOpen(run.h) && next > run.frames.length
      return encode(page.frames, done ? new Uint8Array(0) : this.#token(run, next))
    }
    return answer() ?? this.#wait(run, call, answer, () => encode([], this.#token(run, from)))
  }

  /** `GetWorkflowExecutionHistoryReverse`: the same, from the end. */
  reverse(
    find: (runId: string | undefined) => Run,
    request: Request<"GetWorkflowExecutionHistoryReverse">
  ): Uint8Array {
    const given = request.nextPageToken
    const token = given && given.length > 0 ? parseHistoryToken(given) : undefined
    const run = find(token?.runId ?? (request.execution?.runId || undefined))
    const from = token?.nextEventId ?? run.frames.length
    const first = Math.max(from - (request.maximumPageSize || defaultPageSize), 0)
    const frames = run.frames.slice(first, from).toReversed()
    const next =
      first === 0
        ? new Uint8Array(0)
        : historyToken({ runId: run.runId, nextEventId: first, waitAfter: 0, endEventId: 0 })
    return encode(frames, next)
  }

  #token(run: Run, nextEventId: number): Uint8Array {
    return historyToken({ runId: run.runId, nextEventId, waitAfter: 0, endEventId: 0 })
  }

  #closeEvent(run: Run, wait: boolean, call: Call): Uint8Array | Promise<Uint8Array> {
    const last = (): Uint8Array[] => run.frames.slice(-1)
    if (!isOpen(run.h)) return encode(last(), new Uint8Array(0))
    // Without waiting the real server answers with the last event there is, closing or not.
    if (!wait) return encode(last(), new Uint8Array(0))
    return this.#wait(
      run,
      call,
      () => (isOpen(run.h) ? undefined : encode(last(), new Uint8Array(0))),
      () => encode([], this.#token(run, run.frames.length + 1)),
      true
    )
  }

  #wait(
    run: Run,
    call: Call,
    answer: () => Uint8Array | undefined,
    empty: () => Uint8Array,
    forResult = false
  ): Promise<Uint8Array> {
    return new Promise((resolve) => {
      let unwatch = (): void => {}
      const end = (result: Uint8Array): void => {
        clearTimeout(timer)
        unwatch()
        this.#waiting.delete(giveUp)
        this.#engine.waits.end(giveUp)
        resolve(result)
      }
      const giveUp = (): void => end(empty())
      const wait = Math.min(longPollMs, call.deadline - Date.now() - 500)
      const timer = setTimeout(giveUp, Math.max(wait, 0))
      timer.unref()
      this.#waiting.add(giveUp)
      if (forResult) this.#engine.waits.begin(giveUp, "result")
      call.onCancel(giveUp)
      const look = (): void => {
        const result = answer()
        if (result === undefined) unwatch = this.#engine.watch(run.runId, look)
        else end(result)
      }
      unwatch = this.#engine.watch(run.runId, look)
    })
  }

  close(): void {
    for (const giveUp of Array.from(this.#waiting)) giveUp()
  }
}
