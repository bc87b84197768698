import { parseInteger } from "../format/Integers.ts"
import type { StreamId } from "../format/StreamIds.ts"
import { idMillis, idSequence } from "../format/StreamIds.ts"
import { ScoreTree } from "./ScoreTree.ts"

/** How large the nodes of a stream become, which decides what MAXLEN ~ may remove; 0 is no limit. */
export interface StreamNodeLimits {
  streamNodeBytes: number
  streamNodeEntries: number
}

/** An entry: its fields and values alternate. */
export interface StreamEntry {
  readonly id: StreamId
  readonly fields: ReadonlyArray<string>
}

/** Consecutive entries, removed ones among them: what Redis keeps in one listpack. */
export interface StreamNode {
  /** The ID of the first entry that was ever in it. */
  readonly key: StreamId
  readonly score: 0
  /** The field names of its first entry, which the others may share. */
  readonly names: ReadonlyArray<string>
  readonly ids: Array<StreamId>
  /** By the same index; `undefined` where the entry was removed. */
  readonly fields: Array<ReadonlyArray<string> | undefined>
  /** Bytes that Redis would need for the entries. */
  bytes: number
  live: number
  /** Everything before this index was removed. */
  head: number
}

/** How a stream is trimmed from its front. */
export interface StreamTrim {
  /** Leaves this many entries. */
  readonly length?: number
  /** Leaves the entries from this ID on. */
  readonly from?: StreamId
  /** Removes whole nodes only. */
  readonly wholeNodes: boolean
  /** Removes no more than this; 0 is no limit. */
  readonly limit: number
}

/** Redis caps a node here, whatever the settings say. */
const LARGEST_NODE = 1 << 30
/** Header and end of a listpack. */
const FRAME_BYTES = 7

/** What a number takes in a listpack, with the length that follows it. */
const integerBytes = (value: number | bigint): number => {
  if (value >= 0 && value <= 127) return 2
  if (value >= -4096 && value <= 4095) return 3
  if (value >= -32768 && value <= 32767) return 4
  if (value >= -8388608 && value <= 8388607) return 5
  return value >= -2147483648 && value <= 2147483647 ? 6 : 10
}

const textBytes = (text: string): number => {
  const { length } = text
  if (length <= 20) {
    const value = parseInteger(text)
    if (value !== undefined) return integerBytes(value)
  }
  const encoded = length + (length < 64 ? 1 : length < 4096 ? 2 : 5)
  return (
    encoded + (encoded < 128 ? 1 : encoded < 16384 ? 2 : encoded < 2097152 ? 3 : encoded < 268435456 ? 4 : 5)
  )
}

const totalLength = (fields: ReadonlyArray<string>): number => {
  let total = 0
  for (const text of fields) total += text.length
  return total
}

/** The difference of two 64-bit numbers as Redis stores it, exact where it is small. */
const difference = (left: number | bigint, right: number | bigint): number | bigint =>
  typeof left === "number" && typeof right === "number"
    ? left - right
    : BigInt.asIntN(64, BigInt(left) - BigInt(right))

const newNode = (id: StreamId, names: ReadonlyArray<string>): StreamNode => {
  let bytes = FRAME_BYTES + integerBytes(names.length) + integerBytes(0)
  for (const name of names) bytes += textBytes(name)
  return { key: id, score: 0, names, ids: [], fields: [], bytes, live: 0, head: 0 }
}

/** Whether an entry has the given field names, in the same order. */
const hasNames = (fields: ReadonlyArray<string>, names: ReadonlyArray<string>): boolean => {
  if (fields.length !== names.length * 2) return false
  for (let at = 0; at < names.length; at++) if (fields[at * 2] !== names[at]) return false
  return true
}

/** The first index whose ID is not before `id`. */
const lowerIndex = (ids: ReadonlyArray<StreamId>, id: StreamId): number => {
  let low = 0
  let high = ids.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ids[middle] ?? "") < id) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * The entries of a stream by ID, in nodes as Redis has them: appending is O(1), finding O(log n), removing marks an
 * entry and removes its node with the last one, trimming from the front is O(1) an entry.
 */
export class StreamLog {
  private readonly tree = new ScoreTree<StreamNode>()
  private last: StreamNode | undefined
  private count = 0
  /** Changes whenever a node comes or goes. */
  nodeChanges = 0
  /** The nodes that a view of an earlier state still needs as they were. */
  private before: Map<StreamNode, StreamNode> | undefined

  /** How many entries there are. */
  get length(): number {
    return this.count
  }

  /** How many nodes there are. */
  get nodeCount(): number {
    return this.tree.size
  }

  /** Appends an entry, whose ID must be after all others that were ever appended. The array becomes the log's. */
  append(id: StreamId, fields: Array<string>, limits: StreamNodeLimits): void {
    let node = this.last
    if (node === undefined || this.isFull(node, totalLength(fields), limits)) {
      node = this.addNode(
        newNode(
          id,
          fields.filter((_, at) => at % 2 === 0)
        )
      )
    }
    this.put(node, id, fields)
  }

  private isFull(node: StreamNode, added: number, limits: StreamNodeLimits): boolean {
    const most = limits.streamNodeBytes
    const removed = node.ids.length - node.live
    const bytes = node.bytes + integerBytes(node.live) + integerBytes(removed)
    if (bytes + added >= (most === 0 || most > LARGEST_NODE ? LARGEST_NODE : most)) return true
    return limits.streamNodeEntries !== 0 && node.ids.length >= limits.streamNodeEntries
  }

  private addNode(node: StreamNode): StreamNode {
    this.nodeChanges++
    this.tree.insert(node)
    this.last = node
    return node
  }

  private put(node: StreamNode, id: StreamId, fields: Array<string>): void {
    const { names } = node
    const same = hasNames(fields, names)
    let elements = 3 + fields.length / 2
    let bytes =
      integerBytes(0) +
      integerBytes(difference(idMillis(id), idMillis(node.key))) +
      integerBytes(difference(idSequence(id), idSequence(node.key)))
    for (let at = 1; at < fields.length; at += 2) bytes += textBytes(fields[at] ?? "")
    if (same) {
      // Equal names are kept once per node.
      for (let at = 0; at < names.length; at++) fields[at * 2] = names[at] ?? ""
    } else {
      elements += fields.length / 2 + 1
      bytes += integerBytes(fields.length / 2)
      for (let at = 0; at < fields.length; at += 2) bytes += textBytes(fields[at] ?? "")
    }
    node.bytes += bytes + integerBytes(elements)
    node.ids.push(id)
    node.fields.push(fields)
    node.live++
    this.count++
  }

  /** Appends a node as it was stored; an entry without fields is one that was removed. */
  restoreNode(
    key: StreamId,
    names: ReadonlyArray<string>,
    entries: ReadonlyArray<readonly [id: StreamId, fields: Array<string> | undefined]>
  ): void {
    const node = this.addNode(newNode(key, names))
    for (const [id, fields] of entries) this.put(node, id, fields ?? [])
    entries.forEach(([, fields], at) => {
      if (fields === undefined) this.removeFrom(node, at)
    })
  }

  /** The entry of an ID. */
  get(id: StreamId): StreamEntry | undefined {
    const node = this.nodeOf(id)
    if (node === undefined) return undefined
    const at = lowerIndex(node.ids, id)
    const fields = node.ids[at] === id ? node.fields[at] : undefined
    return fields === undefined ? undefined : { id, fields }
  }

  has(id: StreamId): boolean {
    return this.get(id) !== undefined
  }

  /** The node that holds an ID, if any does. */
  private nodeOf(id: StreamId): StreamNode | undefined {
    const { last } = this
    return last !== undefined && last.key <= id ? last : this.tree.at(this.tree.rank(0, id, true) - 1)
  }

  /** Removes an entry; false if there is none. */
  remove(id: StreamId): boolean {
    const node = this.nodeOf(id)
    if (node === undefined) return false
    const at = lowerIndex(node.ids, id)
    if (node.ids[at] !== id || node.fields[at] === undefined) return false
    this.removeFrom(node, at)
    return true
  }

  private removeFrom(node: StreamNode, at: number): void {
    if (this.before?.has(node) === false) this.before.set(node, copyNode(node))
    node.fields[at] = undefined
    node.live--
    this.count--
    if (node.live === 0) {
      this.dropNode(node)
      return
    }
    while (node.fields[node.head] === undefined) node.head++
  }

  private dropNode(node: StreamNode): void {
    this.nodeChanges++
    this.tree.remove(node)
    if (node === this.last) this.last = this.tree.at(this.tree.size - 1)
  }

  /** Visits the entries between two IDs, both included, until `visit` returns false. */
  forEach(
    from: StreamId,
    to: StreamId,
    reverse: boolean,
    visit: (id: StreamId, fields: ReadonlyArray<string>) => boolean
  ): void {
    if (from > to || this.count === 0) return
    const edge = this.tree.rank(0, reverse ? to : from, true) - 1
    const step = reverse ? -1 : 1
    for (let rank = reverse ? edge : Math.max(0, edge); rank >= 0 && rank < this.tree.size; rank += step) {
      const node = this.tree.at(rank)
      if (node === undefined || !visitNode(node, from, to, reverse, visit)) return
    }
  }

  /** Some entries between two IDs, both included. */
  range(from: StreamId, to: StreamId, count = Infinity, reverse = false): Array<StreamEntry> {
    const out: Array<StreamEntry> = []
    if (count <= 0) return out
    this.forEach(from, to, reverse, (id, fields) => {
      out.push({ id, fields })
      return out.length < count
    })
    return out
  }

  /** The ID of the first entry. */
  firstId(): StreamId | undefined {
    const node = this.tree.at(0)
    return node?.ids[node.head]
  }

  /** The ID of the first entry, removed ones of the first node counted. */
  firstStoredId(): StreamId | undefined {
    return this.tree.at(0)?.ids[0]
  }

  /** The ID of the last entry. */
  lastId(): StreamId | undefined {
    const node = this.last
    if (node === undefined) return undefined
    for (let at = node.ids.length - 1; at >= 0; at--) if (node.fields[at] !== undefined) return node.ids[at]
    return undefined
  }

  /** Removes entries from the front; returns how many. */
  trim(options: StreamTrim): number {
    const { length, from, wholeNodes, limit } = options
    let removed = 0
    for (;;) {
      const node = this.tree.at(0)
      if (node === undefined || (length !== undefined && this.count <= length)) break
      if (limit !== 0 && removed + node.live > limit) break
      const whole =
        length !== undefined
          ? this.count - node.live >= length
          : from !== undefined && (node.ids.at(-1) ?? "") < from
      if (whole) {
        removed += node.live
        this.count -= node.live
        this.dropNode(node)
        continue
      }
      if (!wholeNodes) {
        while (node.live > 0) {
          const id = node.ids[node.head]
          if (
            length !== undefined ? this.count <= length : id === undefined || from === undefined || id >= from
          ) {
            break
          }
          removed++
          this.removeFrom(node, node.head)
        }
      }
      break
    }
    return removed
  }

  /** Every node, in order. */
  *nodes(): IterableIterator<StreamNode> {
    for (let rank = 0; rank < this.tree.size; rank++) {
      const node = this.tree.at(rank)
      if (node !== undefined) yield node
    }
  }

  /** The nodes as they are now, whatever is done to the log later. */
  freeze(): FrozenLog {
    const before = new Map<StreamNode, StreamNode>()
    this.before = before
    const nodes = this.tree.range(0, this.tree.size)
    // Entries are appended to the last node only.
    if (this.last !== undefined) before.set(this.last, copyNode(this.last))
    return {
      nodes,
      stateOf: (node) => before.get(node) ?? node,
      release: () => {
        if (this.before === before) this.before = undefined
      }
    }
  }

  /** The same content, in the same nodes. */
  clone(): StreamLog {
    const copy = new StreamLog()
    for (const node of this.nodes()) {
      copy.last = copyNode(node)
      copy.tree.insert(copy.last)
    }
    copy.count = this.count
    return copy
  }
}

/** The nodes of a log at a moment. */
export interface FrozenLog {
  readonly nodes: ReadonlyArray<StreamNode>
  readonly stateOf: (node: StreamNode) => StreamNode
  /** Says that nobody reads the view any more. */
  readonly release: () => void
}

const copyNode = (node: StreamNode): StreamNode => ({
  ...node,
  ids: node.ids.slice(),
  fields: node.fields.slice()
})

const visitNode = (
  node: StreamNode,
  from: StreamId,
  to: StreamId,
  reverse: boolean,
  visit: (id: StreamId, fields: ReadonlyArray<string>) => boolean
): boolean => {
  const { ids, fields } = node
  const start = reverse
    ? Math.min(lowerIndex(ids, to), ids.length - 1)
    : Math.max(node.head, lowerIndex(ids, from))
  for (let at = start; at >= node.head && at < ids.length; at += reverse ? -1 : 1) {
    const id = ids[at] ?? ""
    const content = fields[at]
    if (content === undefined || id > to || id < from) {
      // Beyond the far end nothing follows; before the near end only one entry can lie.
      if (reverse ? id < from : id > to) return false
      continue
    }
    if (!visit(id, content)) return false
  }
  return true
}
