import { formatStreamId, type StreamId } from "../format/StreamIds.ts"
import { encodeCommand } from "../resp/Encoder.ts"
import type { FrozenLog } from "../structures/StreamLog.ts"
import type { GroupState, StreamHead } from "../types/StreamHead.ts"

type Sink = (text: string) => void

/** Writes the entries; what is pending without one is put back for a moment, for a claim needs it: those are returned. */
function* dumpEntries(
  key: string,
  head: StreamHead,
  log: FrozenLog,
  sink: Sink
): Generator<undefined, ReadonlyArray<StreamId>> {
  const pending = [
    ...new Set(head.groups.flatMap((group) => group.pending.map((entry) => entry.key)))
  ].toSorted()
  const removed: Array<StreamId> = []
  let next = 0
  const placeHolder = (id: StreamId): void => {
    removed.push(id)
    sink(encodeCommand(["XADD", key, formatStreamId(id), "x", "y"]))
  }
  for (const each of log.nodes) {
    const node = log.stateOf(each)
    for (let at = node.head; at < node.ids.length; at++) {
      const [id = "", fields] = [node.ids[at], node.fields[at]]
      if (fields === undefined) continue
      for (let lost = pending[next]; lost !== undefined && lost < id; lost = pending[++next])
        placeHolder(lost)
      if (pending[next] === id) next++
      sink(encodeCommand(["XADD", key, formatStreamId(id), ...fields]))
    }
    yield
  }
  for (const lost of pending.slice(next)) placeHolder(lost)
  if (head.length === 0 && removed.length === 0) {
    sink(encodeCommand(["XADD", key, "MAXLEN", "0", "0-1", "x", "y"]))
  }
  return removed
}

/** How many messages are claimed before something else has its turn. */
const CLAIMS = 64

function* dumpGroup(key: string, group: GroupState, sink: Sink): Generator<undefined, void> {
  const { name } = group
  const read = String(group.entriesRead ?? -1)
  sink(encodeCommand(["XGROUP", "CREATE", key, name, formatStreamId(group.lastId), "ENTRIESREAD", read]))
  const states = new Map(group.pending.map((entry) => [entry.key, entry]))
  let claimed = 0
  for (const consumer of group.consumers) {
    sink(encodeCommand(["XGROUP", "CREATECONSUMER", key, name, consumer.name]))
    for (const id of consumer.pending) {
      const [time, count] = [
        String(states.get(id)?.deliveredAt ?? 0),
        String(states.get(id)?.deliveries ?? 0)
      ]
      const how = ["TIME", time, "RETRYCOUNT", count, "JUSTID", "FORCE"]
      sink(encodeCommand(["XCLAIM", key, name, consumer.name, "0", formatStreamId(id), ...how]))
      if (++claimed % CLAIMS === 0) yield
    }
  }
}

/** Removes the entries that were put back, without a trace that was not there before. */
const dropPlaceHolders = (
  key: string,
  head: StreamHead,
  removed: ReadonlyArray<StreamId>,
  sink: Sink
): void => {
  const wasTrimmed = (id: StreamId): boolean =>
    id > head.maxDeletedId && (head.length === 0 || id < head.firstId)
  const trimmed = removed.some(wasTrimmed)
  const deleted = removed.filter((id) => !wasTrimmed(id))
  if (deleted.length > 0) sink(encodeCommand(["XDEL", key, ...deleted.map(formatStreamId)]))
  if (!trimmed) return
  if (head.length === 0) sink(encodeCommand(["XTRIM", key, "MAXLEN", "=", "0"]))
  else sink(encodeCommand(["XTRIM", key, "MINID", "=", formatStreamId(head.firstId)]))
}

/**
 * Writes the commands that make a stream what it was at a moment, with all that is known of its groups; what it yields
 * is the chance to do something else in between.
 */
export function* dumpStream(
  key: string,
  head: StreamHead,
  log: FrozenLog,
  sink: Sink
): Generator<undefined, void> {
  const { lastId, maxDeletedId } = head
  const removed = yield* dumpEntries(key, head, log, sink)
  for (const group of head.groups) yield* dumpGroup(key, group, sink)
  dropPlaceHolders(key, head, removed, sink)
  const top = lastId < maxDeletedId ? maxDeletedId : lastId
  sink(
    encodeCommand([
      "XSETID",
      key,
      formatStreamId(top),
      "ENTRIESADDED",
      String(head.entriesAdded),
      "MAXDELETEDID",
      formatStreamId(maxDeletedId)
    ])
  )
  // XSETID refuses this at once, although it may have come to pass one after the other.
  if (lastId < top) sink(encodeCommand(["XSETID", key, formatStreamId(lastId)]))
}
