/** The event stream of one execution: what is kept, then what comes, until it is over. */
import { Effect, Stream } from "effect"
import type { Cache } from "../../services/Cache.ts"
import type { ServiceError } from "../../services/ServiceError.ts"
import { eventsKey } from "../Projection.ts"
import type { ExecutionEvent, Json } from "./Execution.ts"

const types: ReadonlySet<string> = new Set<ExecutionEvent["type"]>([
  "workflow_start",
  "workflow_status",
  "task_status",
  "warning",
  "complete",
  "error"
])

const isType = (type: unknown): type is ExecutionEvent["type"] => typeof type === "string" && types.has(type)

interface Envelope {
  readonly at: string
  readonly data: Json
}

const envelopeOf = (data: unknown): Envelope | undefined => {
  const value: unknown = typeof data === "string" ? JSON.parse(data) : data
  return typeof value === "object" && value !== null && "at" in value && typeof value.at === "string"
    ? (value as Envelope)
    : undefined
}

/** The event of an entry of the log; `undefined` when it is none of ours. */
const parse = (entry: string): ExecutionEvent | undefined => {
  const value: unknown = JSON.parse(entry)
  if (typeof value !== "object" || value === null || !("id" in value) || !("type" in value)) return undefined
  const envelope = envelopeOf("data" in value ? value.data : undefined)
  if (envelope === undefined || typeof value.id !== "number" || !isType(value.type)) return undefined
  return { id: value.id, type: value.type, at: envelope.at, data: envelope.data }
}

const isLast = (event: ExecutionEvent): boolean => event.type === "complete" || event.type === "error"

/**
 * Events after `after`, in order and each once.
 *
 * @param isOver whether the execution is over, asked after the kept events were read and when none came for a while
 */
export const eventsOf = (
  cache: Cache["Service"],
  executionId: string,
  after: number,
  isOver: Effect.Effect<boolean, ServiceError>
): Stream.Stream<ExecutionEvent, ServiceError> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const key = eventsKey(executionId)
      // Subscribed before the log is read, so that nothing falls between the two.
      const live = yield* cache.pubsub.subscribe(key)
      const over = yield* isOver
      const kept = yield* cache.lists.range(key, 0, -1)
      let last = after
      const fresh = (event: ExecutionEvent | undefined): event is ExecutionEvent => {
        if (event === undefined || event.id <= last) return false
        last = event.id
        return true
      }
      const past = kept.map(parse).filter(fresh)
      const ended = past.some(isLast) || over
      if (ended) return Stream.fromIterable(past)
      /** The end of an execution that was ended from outside is no event: it is looked for now and then. */
      const watch = Stream.tick("2 seconds").pipe(
        Stream.drop(1),
        Stream.mapEffect(() => isOver),
        Stream.filter((isEnded) => isEnded),
        Stream.map(() => undefined)
      )
      const coming = Stream.merge(
        Stream.map(live, (message) => message.payload),
        watch
      ).pipe(
        Stream.takeUntil((entry) => entry === undefined),
        Stream.map((entry) => (entry === undefined ? undefined : parse(entry))),
        Stream.filter(fresh),
        Stream.takeUntil(isLast)
      )
      return Stream.concat(Stream.fromIterable(past), coming)
    })
  )
