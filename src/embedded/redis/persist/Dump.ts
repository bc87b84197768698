import type { Entry } from "../db/Entry.ts"
import { formatDouble } from "../format/Doubles.ts"
import { encodeCommand } from "../resp/Encoder.ts"
import { HashValue } from "../types/HashValue.ts"
import { ListValue } from "../types/ListValue.ts"
import { SetValue } from "../types/SetValue.ts"
import { StreamValue } from "../types/StreamValue.ts"
import { StringBuffer } from "../types/StringBuffer.ts"
import { dumpStream } from "./DumpStream.ts"

/** Redis writes collections in commands of this many elements. */
const BATCH = 64

/** Collects arguments and writes a command whenever a batch is full. */
const batched = (head: ReadonlyArray<string>, width: number, sink: (text: string) => void) => {
  let args = [...head]
  const flush = (): void => {
    if (args.length > head.length) sink(encodeCommand(args))
    args = [...head]
  }
  const add = (...values: ReadonlyArray<string>): void => {
    args.push(...values)
    if (args.length - head.length >= BATCH * width) flush()
  }
  return { add, flush }
}

/** Writes the commands that make a key what it is. */
export const dumpEntry = (entry: Entry, sink: (text: string) => void): void => {
  const { key, value } = entry
  if (typeof value === "string") sink(encodeCommand(["SET", key, value]))
  else if (value instanceof StringBuffer) sink(encodeCommand(["SET", key, value.text]))
  else if (value instanceof ListValue) {
    const out = batched(["RPUSH", key], 1, sink)
    value.items.forEach((item) => {
      out.add(item)
      return true
    })
    out.flush()
  } else if (value instanceof HashValue) {
    const out = batched(["HMSET", key], 2, sink)
    value.fields.forEach((field) => out.add(field.key, field.value))
    out.flush()
  } else if (value instanceof SetValue) {
    const out = batched(["SADD", key], 1, sink)
    for (const member of value.members.values()) out.add(member)
    out.flush()
  } else if (value instanceof StreamValue) dumpStream(key, value, sink)
  else {
    const out = batched(["ZADD", key], 2, sink)
    value.members.forEach((member) => out.add(formatDouble(member.score), member.key))
    out.flush()
  }
  if (entry.deadline !== undefined) sink(encodeCommand(["PEXPIREAT", key, String(entry.deadline.at)]))
}
