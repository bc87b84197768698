import { formatDouble } from "../format/Doubles.ts"
import type { KeyRecord } from "../rdb/FileEncoder.ts"
import type { RdbWriter } from "../rdb/RdbWriter.ts"
import { encodeCommand } from "../resp/Encoder.ts"
import { storedElement } from "../commands/VectorRestore.ts"
import { dumpStream } from "./DumpStream.ts"

/** Redis writes collections in commands of this many elements. */
const BATCH = 64

/** Writes a collection as commands that add up to 64 elements each. */
function* batches<T>(
  out: RdbWriter,
  head: ReadonlyArray<string>,
  elements: Iterable<T>,
  parts: (element: T) => ReadonlyArray<string>
): Generator<undefined, void> {
  let args = [...head]
  let count = 0
  for (const element of elements) {
    args.push(...parts(element))
    if (++count < BATCH) continue
    out.text(encodeCommand(args))
    args = [...head]
    count = 0
    yield
  }
  if (count > 0) out.text(encodeCommand(args))
}

/** Writes the commands that make a key what it is; what it yields is the chance to do something else in between. */
export function* dumpKey(out: RdbWriter, record: KeyRecord): Generator<undefined, void> {
  const { key, value } = record
  switch (value.kind) {
    case "string":
      out.text(encodeCommand(["SET", key, value.text]))
      break
    case "bytes":
      out.text(`*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${value.bytes.length}\r\n`)
      for (const part of value.bytes.parts()) {
        out.raw(part, 0, part.length)
        yield
      }
      out.text("\r\n")
      break
    case "list":
      for (const { items, head } of value.chunks) {
        const live = head === 0 ? items : items.slice(head)
        yield* batches(out, ["RPUSH", key], live, (item) => [item])
      }
      break
    case "hash": {
      const { fields, valueOf, deadlines } = value.hash
      yield* batches(out, ["HMSET", key], fields, (field) => [field.key, valueOf(field)])
      for (const [field, at] of deadlines ?? []) {
        out.text(encodeCommand(["HPEXPIREAT", key, String(at), "FIELDS", "1", field.key]))
        yield
      }
      break
    }
    case "set":
      yield* batches(out, ["SADD", key], value.members, (member) => [member])
      break
    case "zset": {
      const { members, scoreOf } = value.zset
      yield* batches(out, ["ZADD", key], members, (member) => [formatDouble(scoreOf(member)), member.key])
      break
    }
    case "stream":
      yield* dumpStream(key, value.head, value.log, (text) => out.text(text))
      break
    case "vectors": {
      const { set, elements } = value.vectors
      for (const element of elements) {
        out.text(encodeCommand(storedElement(key, set, element)))
        yield
      }
    }
  }
  if (record.deadline !== undefined) out.text(encodeCommand(["PEXPIREAT", key, String(record.deadline)]))
}
