import { argument, type Arguments } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { NOT_INTEGER, SYNTAX } from "../exec/Errors.ts"
import { INT64_MAX, narrow, parseInteger } from "../format/Integers.ts"
import { ErrorReply, type Reply } from "../resp/Reply.ts"
import type { StringBuffer } from "../types/StringBuffer.ts"
import { bytesOf } from "./Access.ts"
import { bitOffset, bufferForBit } from "./Bitmaps.ts"

const BAD_TYPE = new ErrorReply(
  "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
)

type Overflow = "WRAP" | "SAT" | "FAIL"

interface Field {
  readonly offset: number
  readonly bits: number
  readonly signed: boolean
}

interface Step extends Field {
  readonly kind: "GET" | "SET" | "INCRBY"
  readonly operand: bigint
  readonly overflow: Overflow
}

const fieldOf = (type: string, offset: string): Field => {
  const signed = type.startsWith("i")
  if (!signed && !type.startsWith("u")) throw BAD_TYPE
  const bits = Number(parseInteger(type.slice(1)) ?? 0)
  if (bits < 1 || bits > (signed ? 64 : 63)) throw BAD_TYPE
  return { signed, bits, offset: bitOffset(offset, bits) }
}

const overflowOf = (text: string): Overflow => {
  const name = text.toUpperCase()
  if (name === "WRAP" || name === "SAT" || name === "FAIL") return name
  throw new ErrorReply("ERR Invalid OVERFLOW type specified")
}

const steps = (args: Arguments): ReadonlyArray<Step> => {
  const out: Array<Step> = []
  let overflow: Overflow = "WRAP"
  for (let at = 2; at < args.length;) {
    const left = args.length - at - 1
    const kind = argument(args, at).toUpperCase()
    if (kind === "OVERFLOW" && left >= 1) {
      overflow = overflowOf(argument(args, at + 1))
      at += 2
    } else if (kind === "GET" && left >= 2) {
      const field = fieldOf(argument(args, at + 1), argument(args, at + 2))
      out.push({ ...field, kind, operand: 0n, overflow })
      at += 3
    } else if ((kind === "SET" || kind === "INCRBY") && left >= 3) {
      const field = fieldOf(argument(args, at + 1), argument(args, at + 2))
      const operand = parseInteger(argument(args, at + 3))
      if (operand === undefined) throw NOT_INTEGER
      out.push({ ...field, kind, operand: BigInt(operand), overflow })
      at += 4
    } else throw SYNTAX
  }
  return out
}

/** Bits beyond the end of the string are zero. */
const read = (bytes: Buffer, field: Field): bigint => {
  const first = Math.floor(field.offset / 8)
  const last = Math.floor((field.offset + field.bits - 1) / 8)
  let value = 0n
  for (let at = first; at <= last; at++) value = (value << 8n) | BigInt(bytes[at] ?? 0)
  value >>= BigInt((last + 1) * 8 - field.offset - field.bits)
  return field.signed ? BigInt.asIntN(field.bits, value) : BigInt.asUintN(field.bits, value)
}

const write = (buffer: StringBuffer, field: Field, value: bigint): void => {
  const first = Math.floor(field.offset / 8)
  const last = Math.floor((field.offset + field.bits - 1) / 8)
  const bytes = buffer.edit(first, last + 1)
  const shift = BigInt((last + 1) * 8 - field.offset - field.bits)
  let mask = ((1n << BigInt(field.bits)) - 1n) << shift
  let rest = BigInt.asUintN(field.bits, value) << shift
  for (let at = last; at >= first; at--) {
    const keep = ~Number(mask & 255n)
    bytes[at] = ((bytes[at] ?? 0) & keep) | Number(rest & 255n)
    mask >>= 8n
    rest >>= 8n
  }
}

/** The value that fits the field; `undefined` if it does not and the caller wants to fail. */
const fit = (value: bigint, step: Step): bigint | undefined => {
  const wrapped = step.signed ? BigInt.asIntN(step.bits, value) : BigInt.asUintN(step.bits, value)
  if (wrapped === value || step.overflow === "WRAP") return wrapped
  if (step.overflow === "FAIL") return undefined
  const highest = (1n << BigInt(step.signed ? step.bits - 1 : step.bits)) - 1n
  // Redis computes how far a value to be set may grow with 64 bits, which overflows for the least ones.
  if (value > highest || (step.kind === "SET" && highest - value > INT64_MAX)) return highest
  return step.signed ? -highest - 1n : 0n
}

/** A 64-bit operand is unsigned where the field is: SET u8 to -1 overflows upwards. */
const target = (step: Step, old: bigint): bigint => {
  if (step.kind === "INCRBY") return old + step.operand
  return step.signed ? step.operand : BigInt.asUintN(64, step.operand)
}

const change = (client: Client, key: string, plan: ReadonlyArray<Step>): Array<Reply> => {
  const highest = Math.max(
    ...plan.filter((step) => step.kind !== "GET").map((step) => step.offset + step.bits - 1)
  )
  const { buffer, grown } = bufferForBit(client, key, highest)
  let changes = 0
  const replies = plan.map((step): Reply => {
    const old = read(buffer.view(), step)
    if (step.kind === "GET") return narrow(old)
    const value = fit(target(step, old), step)
    if (value === undefined) return null
    write(buffer, step, value)
    if (grown || value !== old) changes++
    return narrow(step.kind === "SET" ? old : value)
  })
  if (changes > 0) client.server.changed(client.db, key, NOTIFY.string, "setbit")
  // Every field overflowed, but the string has grown: Redis tells nobody, and the log must know.
  else if (grown) client.server.dirty++
  return replies
}

const bitfield =
  (readOnly: boolean) =>
  (client: Client, args: Arguments): Reply => {
    const key = argument(args, 1)
    const plan = steps(args)
    if (plan.some((step) => step.kind !== "GET")) {
      if (readOnly) throw new ErrorReply("ERR BITFIELD_RO only supports the GET subcommand")
      return change(client, key, plan)
    }
    const value = client.db.find(key)?.value
    const bytes = value === undefined ? Buffer.alloc(0) : bytesOf(value)
    return plan.map((step) => narrow(read(bytes, step)))
  }

/** BITFIELD and its read-only form. */
export const BIT_FIELDS: ReadonlyArray<CommandDefinition> = [
  {
    name: "bitfield",
    arity: -2,
    flags: "write denyoom",
    keys: [1, 1, 1],
    since: "3.2.0",
    summary: "Performs arbitrary bitfield integer operations on strings.",
    run: bitfield(false)
  },
  {
    name: "bitfield_ro",
    arity: -2,
    flags: "readonly fast",
    keys: [1, 1, 1],
    since: "6.0.0",
    summary: "Performs arbitrary read-only bitfield integer operations on strings.",
    run: bitfield(true)
  }
]
