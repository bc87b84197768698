import { LOWEST_ID, streamId, type StreamId } from "../format/StreamIds.ts"
import { type Consumer, type ConsumerGroup, StreamValue } from "../types/StreamValue.ts"
import { TYPE } from "./Format.ts"
import { ListpackCursor } from "./Listpack.ts"
import type { RdbReader } from "./RdbReader.ts"
import { ENTRY, UNKNOWN_COUNT } from "./StreamEncoder.ts"

const ID_BYTES = 16
/** Bytes of a message that is pending: its ID, a time and a count. */
const PENDING_BYTES = ID_BYTES + 9
const WORD = 64n

const readId = (reader: RdbReader): StreamId => streamId(reader.wide(), reader.wide())

/** Adds what an ID differs by to the node's first ID; both halves are 64 bits without a sign. */
const plus = (base: bigint, delta: number | bigint): bigint =>
  BigInt.asUintN(Number(WORD), base + BigInt(delta))

/** Reads a stream of any version. */
export const decodeStream = (reader: RdbReader, type: number): StreamValue => {
  const stream = new StreamValue()
  let last: StreamId | undefined
  for (let left = reader.items(ID_BYTES); left > 0; left--) last = decodeNode(reader, stream, last)
  const length = reader.count()
  if (length !== stream.length) throw reader.fail("the length of a stream does not agree with its entries")
  stream.lastId = readId(reader)
  if (type === TYPE.streamListpacks) stream.entriesAdded = length
  else {
    readId(reader)
    stream.maxDeletedId = readId(reader)
    stream.entriesAdded = Number(reader.wide())
  }
  for (let left = reader.items(); left > 0; left--) decodeGroup(reader, stream, type)
  return stream
}

const decodeNode = (reader: RdbReader, stream: StreamValue, last: StreamId | undefined): StreamId => {
  const key = reader.string()
  const origin = reader.offset
  if (key.length !== ID_BYTES) throw reader.fail("the ID of a stream's node has another size")
  if (last !== undefined && key <= last) throw reader.fail("the nodes of a stream are not in order")
  const bytes = reader.blob()
  const cursor = new ListpackCursor(bytes, origin)
  const live = cursor.small()
  const removed = cursor.small()
  const names = Array.from({ length: bounded(reader, cursor.small(), bytes.length) }, () => cursor.next())
  if (cursor.small() !== 0) throw reader.fail("a stream's node has no end of its names")
  const [ms, sequence] = halves(key)
  const entries: Array<readonly [StreamId, Array<string> | undefined]> = []
  let found = 0
  let previous: StreamId = LOWEST_ID
  for (let left = bounded(reader, live + removed, bytes.length); left > 0; left--) {
    const flags = cursor.small()
    const id = streamId(plus(ms, cursor.integer()), plus(sequence, cursor.integer()))
    const same = (flags & ENTRY.sameFields) !== 0
    const count = same ? names.length : bounded(reader, cursor.small(), bytes.length)
    const fields: Array<string> = []
    for (let at = 0; at < count; at++) fields.push(same ? (names[at] ?? "") : cursor.next(), cursor.next())
    if (cursor.small() !== (same ? count + 3 : 2 * count + 4))
      throw reader.fail("an entry of a stream is damaged")
    if (id < key || (entries.length > 0 && id <= previous))
      throw reader.fail("the entries of a stream are not in order")
    previous = id
    const isRemoved = (flags & ENTRY.removed) !== 0
    if (!isRemoved) found++
    entries.push([id, isRemoved ? undefined : fields])
  }
  if (!cursor.done || found !== live) throw reader.fail("a stream's node does not hold what it says")
  if (live > 0) stream.log.restoreNode(key, names, entries)
  return entries.length === 0 ? key : previous
}

/** A count that cannot be greater than the bytes that hold it. */
const bounded = (reader: RdbReader, count: number, bytes: number): number => {
  if (count < 0 || count > bytes) throw reader.fail("a stream's node is damaged")
  return count
}

const halves = (id: StreamId): readonly [bigint, bigint] => {
  const bytes = Buffer.from(id, "latin1")
  return [bytes.readBigUInt64BE(0), bytes.readBigUInt64BE(8)]
}

const known = (count: number | bigint): number | undefined =>
  count === UNKNOWN_COUNT ? undefined : Number(count)

const decodeGroup = (reader: RdbReader, stream: StreamValue, type: number): void => {
  const name = reader.string()
  if (stream.groups.has(name)) throw reader.fail("a stream has a group twice")
  const lastId = readId(reader)
  // Redis 6.2 and earlier did not count.
  const read = type === TYPE.streamListpacks ? stream.countUpTo(lastId) : known(reader.wide())
  const group = stream.addGroup(name, lastId, read)
  const pending = new Map<StreamId, readonly [deliveredAt: number, deliveries: number]>()
  for (let left = reader.items(PENDING_BYTES); left > 0; left--) {
    const id = reader.take(ID_BYTES).toString("latin1")
    if (pending.has(id)) throw reader.fail("a message is pending twice")
    pending.set(id, [reader.millis(), reader.count()])
  }
  for (let left = reader.items(); left > 0; left--) decodeConsumer(reader, group, pending, type)
  if (group.pending.size !== pending.size) throw reader.fail("a pending message has no consumer")
}

const decodeConsumer = (
  reader: RdbReader,
  group: ConsumerGroup,
  pending: ReadonlyMap<StreamId, readonly [number, number]>,
  type: number
): void => {
  const name = reader.string()
  if (group.consumers.has(name)) throw reader.fail("a group has a consumer twice")
  const consumer: Consumer = group.addConsumer(name, reader.millis())
  // When it was last active is not told apart from when it was last seen.
  if (type === TYPE.streamListpacks3) reader.millis()
  for (let left = reader.items(ID_BYTES); left > 0; left--) {
    const id = reader.take(ID_BYTES).toString("latin1")
    const state = pending.get(id)
    if (state === undefined || group.pending.get(id) !== undefined) {
      throw reader.fail("a consumer has a message that is not pending for it")
    }
    group.assign(id, consumer, ...state)
  }
}
