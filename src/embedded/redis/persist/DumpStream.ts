import { formatStreamId, HIGHEST_ID, LOWEST_ID, type StreamId } from "../format/StreamIds.ts"
import { encodeCommand } from "../resp/Encoder.ts"
import type { ConsumerGroup, StreamValue } from "../types/StreamValue.ts"

type Sink = (text: string) => void

/** Pending messages whose entries were removed: a claim needs them, so they are put back for a moment. */
const removedButPending = (stream: StreamValue): Array<StreamId> => {
  const ids = new Set<StreamId>()
  for (const group of stream.groups.values()) {
    for (const { key } of group.pending.iterate(LOWEST_ID)) if (!stream.log.has(key)) ids.add(key)
  }
  return [...ids].toSorted()
}

const dumpEntries = (
  key: string,
  stream: StreamValue,
  removed: ReadonlyArray<StreamId>,
  sink: Sink
): void => {
  let next = 0
  const placeHolders = (before: StreamId): void => {
    for (let id = removed[next]; id !== undefined && id < before; id = removed[++next]) {
      sink(encodeCommand(["XADD", key, formatStreamId(id), "x", "y"]))
    }
  }
  stream.log.forEach(LOWEST_ID, HIGHEST_ID, false, (id, fields) => {
    placeHolders(id)
    sink(encodeCommand(["XADD", key, formatStreamId(id), ...fields]))
    return true
  })
  placeHolders(HIGHEST_ID)
  if (stream.length === 0 && removed.length === 0) {
    sink(encodeCommand(["XADD", key, "MAXLEN", "0", "0-1", "x", "y"]))
  }
}

const dumpGroup = (key: string, name: string, group: ConsumerGroup, sink: Sink): void => {
  const read = String(group.entriesRead ?? -1)
  sink(encodeCommand(["XGROUP", "CREATE", key, name, formatStreamId(group.lastId), "ENTRIESREAD", read]))
  for (const consumer of group.consumers.values()) {
    sink(encodeCommand(["XGROUP", "CREATECONSUMER", key, name, consumer.name]))
    for (const entry of consumer.pending.iterate(LOWEST_ID)) {
      const id = formatStreamId(entry.key)
      const [time, count] = [String(entry.deliveredAt), String(entry.deliveries)]
      const how = ["TIME", time, "RETRYCOUNT", count, "JUSTID", "FORCE"]
      sink(encodeCommand(["XCLAIM", key, name, consumer.name, "0", id, ...how]))
    }
  }
}

/** Removes the entries that were put back, without a trace that was not there before. */
const dropPlaceHolders = (
  key: string,
  stream: StreamValue,
  removed: ReadonlyArray<StreamId>,
  sink: Sink
): void => {
  const wasTrimmed = (id: StreamId): boolean =>
    id > stream.maxDeletedId && (stream.length === 0 || id < stream.firstId)
  const trimmed = removed.some(wasTrimmed)
  const deleted = removed.filter((id) => !wasTrimmed(id))
  if (deleted.length > 0) sink(encodeCommand(["XDEL", key, ...deleted.map(formatStreamId)]))
  if (!trimmed) return
  if (stream.length === 0) sink(encodeCommand(["XTRIM", key, "MAXLEN", "=", "0"]))
  else sink(encodeCommand(["XTRIM", key, "MINID", "=", formatStreamId(stream.firstId)]))
}

/** Writes the commands that make a stream what it is, with all that is known of its groups. */
export const dumpStream = (key: string, stream: StreamValue, sink: Sink): void => {
  const { lastId, maxDeletedId } = stream
  const removed = removedButPending(stream)
  dumpEntries(key, stream, removed, sink)
  for (const [name, group] of stream.listGroups()) dumpGroup(key, name, group, sink)
  dropPlaceHolders(key, stream, removed, sink)
  const top = lastId < maxDeletedId ? maxDeletedId : lastId
  sink(
    encodeCommand([
      "XSETID",
      key,
      formatStreamId(top),
      "ENTRIESADDED",
      String(stream.entriesAdded),
      "MAXDELETEDID",
      formatStreamId(maxDeletedId)
    ])
  )
  // XSETID refuses this at once, although it may have come to pass one after the other.
  if (lastId < top) sink(encodeCommand(["XSETID", key, formatStreamId(lastId)]))
}
