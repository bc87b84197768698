import { idMillis, idSequence, type StreamId } from "../format/StreamIds.ts"
import type { FrozenLog, StreamNode } from "../structures/StreamLog.ts"
import type { GroupState, StreamHead } from "../types/StreamHead.ts"
import { ListpackBuilder } from "./Listpack.ts"
import type { RdbWriter } from "./RdbWriter.ts"

/** What is known of an entry in a listpack. */
export const ENTRY = { removed: 1, sameFields: 2 } as const
/** How "unknown" is stored where a count of 64 bits belongs. */
export const UNKNOWN_COUNT = 18446744073709551615n

const PORTION = 128

const difference = (left: number | bigint, right: number | bigint): number | bigint =>
  typeof left === "number" && typeof right === "number"
    ? left - right
    : BigInt.asIntN(64, BigInt(left) - BigInt(right))

const id = (out: RdbWriter, value: StreamId): void => {
  out.count(idMillis(value))
  out.count(idSequence(value))
}

/** Writes a stream; what it yields is the chance to do something else in between. */
export function* encodeStream(out: RdbWriter, head: StreamHead, log: FrozenLog): Generator<undefined, void> {
  const pack = new ListpackBuilder()
  out.count(log.nodes.length)
  for (const node of log.nodes) {
    encodeNode(pack, log.stateOf(node))
    out.string(node.key)
    const end = pack.finish()
    out.blob(pack.bytes, 0, end)
    pack.reset()
    yield
  }
  out.count(head.length)
  id(out, head.lastId)
  id(out, head.firstId)
  id(out, head.maxDeletedId)
  out.count(head.entriesAdded)
  out.count(head.groups.length)
  for (const group of head.groups) yield* encodeGroup(out, group)
}

function* encodeGroup(out: RdbWriter, group: GroupState): Generator<undefined, void> {
  out.string(group.name)
  id(out, group.lastId)
  out.count(group.entriesRead ?? UNKNOWN_COUNT)
  out.count(group.pending.length)
  for (const [at, entry] of group.pending.entries()) {
    out.text(entry.key)
    out.millis(entry.deliveredAt)
    out.count(entry.deliveries)
    if (at % PORTION === 0) yield
  }
  out.count(group.consumers.length)
  for (const consumer of group.consumers) {
    out.string(consumer.name)
    out.millis(consumer.seenTime)
    out.count(consumer.pending.length)
    for (const [at, pending] of consumer.pending.entries()) {
      out.text(pending)
      if (at % PORTION === 0) yield
    }
  }
}

/** An entry's IDs and field names are written as what differs from the node's first entry. */
const encodeNode = (pack: ListpackBuilder, node: StreamNode): void => {
  const { names, ids, fields } = node
  pack.integer(node.live)
  pack.integer(ids.length - node.live)
  pack.integer(names.length)
  for (const name of names) pack.add(name)
  pack.integer(0)
  for (const [at, entryId] of ids.entries()) {
    const content = fields[at]
    const same = content === undefined || hasNames(content, names)
    pack.integer((content === undefined ? ENTRY.removed : 0) | (same ? ENTRY.sameFields : 0))
    pack.integer(difference(idMillis(entryId), idMillis(node.key)))
    pack.integer(difference(idSequence(entryId), idSequence(node.key)))
    if (content === undefined) {
      // What was in it is gone; a removed entry is read over by its number of elements.
      for (let left = names.length; left > 0; left--) pack.integer(0)
      pack.integer(3 + names.length)
      continue
    }
    const count = content.length / 2
    if (!same) pack.integer(count)
    for (let i = 0; i < content.length; i++) if (!same || i % 2 === 1) pack.add(content[i] ?? "")
    pack.integer(same ? 3 + count : 4 + 2 * count)
  }
}

const hasNames = (content: ReadonlyArray<string>, names: ReadonlyArray<string>): boolean => {
  if (content.length !== names.length * 2) return false
  for (let at = 0; at < names.length; at++) if (content[at * 2] !== names[at]) return false
  return true
}
