import { formatDouble } from "../format/Doubles.ts"
import { parseInteger } from "../format/Integers.ts"
import type { FrozenChunk } from "../structures/ChunkedDeque.ts"
import type { FrozenValue } from "../types/Frozen.ts"
import { TYPE } from "./Format.ts"
import { ListpackBuilder } from "./Listpack.ts"
import type { RdbWriter } from "./RdbWriter.ts"
import { encodeStream } from "./StreamEncoder.ts"
import { encodeVectors } from "./Vectors.ts"

/** Elements between two chances to pause. */
const PORTION = 128
/** Bytes between two chances to pause within a long string. */
const PART = 256 * 1024
/** How a list's nodes are marked. */
const PACKED = 2
/** What Redis reckons for an element's head when it decides whether a node is full. */
const ELEMENT_OVERHEAD = 8
const NODE_BYTES: ReadonlyArray<number> = [4096, 8192, 16384, 32768, 65536]
const SAFE_NODE_BYTES = 8192

/** The type that a value is saved as. */
export const typeOfValue = (value: FrozenValue): number => {
  switch (value.kind) {
    case "string":
    case "bytes":
      return TYPE.string
    case "list":
      return TYPE.listQuicklist2
    case "set":
      return value.compact ? TYPE.setIntset : TYPE.set
    case "hash":
      if (value.hash.deadlines !== undefined) return TYPE.hashMetadata
      return value.compact ? TYPE.hashListpack : TYPE.hash
    case "zset":
      return value.compact ? TYPE.zsetListpack : TYPE.zset2
    case "stream":
      return TYPE.streamListpacks2
    case "vectors":
      return TYPE.vectorSet
  }
}

/** Writes a value without its type; what it yields is the chance to do something else in between. */
export function* encodeValue(
  out: RdbWriter,
  value: FrozenValue,
  listNodeSize: number
): Generator<undefined, void> {
  switch (value.kind) {
    case "string":
      return yield* encodeText(out, value.text)
    case "bytes":
      out.count(value.bytes.length)
      for (const part of value.bytes.parts()) {
        out.raw(part, 0, part.length)
        yield
      }
      return
    case "list":
      return yield* encodeList(out, value.chunks, listNodeSize)
    case "set":
      return value.compact ? encodeIntset(out, value.members) : yield* encodeMembers(out, value.members)
    case "hash": {
      const { fields, valueOf, deadlines } = value.hash
      // Times to live are counted from the first, which is 1; a field without one has 0.
      const first = earliest(deadlines)
      if (deadlines !== undefined) out.millis(first)
      else if (value.compact) {
        const pack = new ListpackBuilder()
        for (const field of fields) {
          pack.add(field.key)
          pack.add(valueOf(field))
        }
        return packed(out, pack)
      }
      out.count(fields.length)
      for (let at = 0; at < fields.length; at++) {
        const field = fields[at]
        if (field === undefined) continue
        if (deadlines !== undefined) out.count((deadlines.get(field) ?? first - 1) - first + 1)
        out.string(field.key)
        out.string(valueOf(field))
        if (at % PORTION === PORTION - 1) yield
      }
      return
    }
    case "zset": {
      const { members, scoreOf } = value.zset
      if (value.compact) {
        const pack = new ListpackBuilder()
        for (const member of members) {
          pack.add(member.key)
          pack.add(formatDouble(scoreOf(member)))
        }
        return packed(out, pack)
      }
      out.count(members.length)
      for (let at = 0; at < members.length; at++) {
        const member = members[at]
        if (member === undefined) continue
        out.string(member.key)
        out.double(scoreOf(member))
        if (at % PORTION === PORTION - 1) yield
      }
      return
    }
    case "stream":
      return yield* encodeStream(out, value.head, value.log)
    case "vectors":
      return yield* encodeVectors(out, value.vectors)
  }
}

const earliest = (deadlines: ReadonlyMap<unknown, number> | undefined): number => {
  let first = Infinity
  for (const at of deadlines?.values() ?? []) first = Math.min(first, at)
  return first
}

const packed = (out: RdbWriter, pack: ListpackBuilder): void => {
  const end = pack.finish()
  out.blob(pack.bytes, 0, end)
}

function* encodeText(out: RdbWriter, text: string): Generator<undefined, void> {
  if (text.length <= PART) return out.string(text)
  out.count(text.length)
  for (let at = 0; at < text.length; at += PART) {
    out.text(text.slice(at, at + PART))
    yield
  }
}

function* encodeMembers(out: RdbWriter, members: ReadonlyArray<string>): Generator<undefined, void> {
  out.count(members.length)
  for (let at = 0; at < members.length; at++) {
    out.string(members[at] ?? "")
    if (at % PORTION === PORTION - 1) yield
  }
}

/** The smallest width that holds every member; members in numerical order. */
const encodeIntset = (out: RdbWriter, members: ReadonlyArray<string>): void => {
  const numbers = members
    .map((member) => BigInt(parseInteger(member) ?? 0))
    .toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const fits = (bits: number): boolean => {
    const [low, high] = [numbers[0] ?? 0n, numbers.at(-1) ?? 0n]
    return BigInt.asIntN(bits, low) === low && BigInt.asIntN(bits, high) === high
  }
  const width = fits(16) ? 2 : fits(32) ? 4 : 8
  const bytes = Buffer.allocUnsafe(8 + width * numbers.length)
  bytes.writeUInt32LE(width, 0)
  bytes.writeUInt32LE(numbers.length, 4)
  let at = 8
  for (const number of numbers) {
    if (width === 8) at = bytes.writeBigInt64LE(number, at)
    else at = bytes.writeIntLE(Number(number), at, width)
  }
  out.blob(bytes, 0, bytes.length)
}

/** Says of every element whether it begins a new node, as `list-max-listpack-size` has it. */
class NodeFilling {
  private readonly mostBytes: number
  private readonly mostElements: number
  private bytes = 0
  private elements = 0

  constructor(listNodeSize: number) {
    this.mostBytes =
      listNodeSize < 0
        ? (NODE_BYTES[Math.min(-listNodeSize, NODE_BYTES.length) - 1] ?? SAFE_NODE_BYTES)
        : SAFE_NODE_BYTES
    this.mostElements = listNodeSize < 0 ? Infinity : Math.max(1, listNodeSize)
  }

  begins(element: string): boolean {
    const size = element.length + ELEMENT_OVERHEAD
    const isFull =
      this.elements === 0 || this.elements >= this.mostElements || this.bytes + size > this.mostBytes
    this.bytes = isFull ? size : this.bytes + size
    this.elements = isFull ? 1 : this.elements + 1
    return isFull
  }
}

function* encodeList(
  out: RdbWriter,
  chunks: ReadonlyArray<FrozenChunk>,
  listNodeSize: number
): Generator<undefined, void> {
  let nodes = 0
  const counting = new NodeFilling(listNodeSize)
  for (const { items, head } of chunks) {
    for (let at = head; at < items.length; at++) if (counting.begins(items[at] ?? "")) nodes++
    yield
  }
  out.count(nodes)
  const filling = new NodeFilling(listNodeSize)
  const pack = new ListpackBuilder()
  const write = (): void => {
    out.count(PACKED)
    packed(out, pack)
    pack.reset()
  }
  for (const { items, head } of chunks) {
    for (let at = head; at < items.length; at++) {
      const item = items[at] ?? ""
      if (filling.begins(item) && pack.count > 0) {
        write()
        yield
      }
      pack.add(item)
    }
  }
  if (pack.count > 0) write()
}
