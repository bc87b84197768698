import type { Value } from "../db/Value.ts"
import type { EncodingLimits } from "../types/EncodingLimits.ts"
import { view } from "../types/Frozen.ts"
import { Crc64 } from "./Crc64.ts"
import { LATEST_VERSION, RDB_VERSION, RDB_VERSION_FIELD_EXPIRY, RdbError } from "./Format.ts"
import { RdbReader } from "./RdbReader.ts"
import { RdbWriter } from "./RdbWriter.ts"
import { decodeValue } from "./ValueDecoder.ts"
import { encodeValue, typeOfValue } from "./ValueEncoder.ts"

/** Version and checksum. */
const FOOTER = 10

/** What DUMP answers: the value as RDB holds it, the version and a checksum. A byte string. */
export const dumpPayload = (value: Value, compresses: boolean, listNodeSize: number): string => {
  const out = new RdbWriter(compresses)
  const seen = view(value)
  out.byte(typeOfValue(seen))
  const steps = encodeValue(out, seen, listNodeSize)
  while (steps.next().done !== true);
  const expires = seen.kind === "hash" && seen.hash.deadlines !== undefined
  const version = expires ? RDB_VERSION_FIELD_EXPIRY : RDB_VERSION
  out.byte(version & 255)
  out.byte(version >> 8)
  const crc = new Crc64()
  crc.update(out.bytes, 0, out.length)
  const sum = Buffer.alloc(8)
  crc.digest(sum, 0)
  out.raw(sum, 0, sum.length)
  return out.bytes.toString("latin1", 0, out.length)
}

/** Why a payload is refused. */
export type PayloadProblem = "footer" | "data"

/** The value of a payload. */
export const readPayload = (
  payload: string,
  limits: EncodingLimits
): Value | { readonly problem: PayloadProblem } => {
  const bytes = Buffer.from(payload, "latin1")
  const end = bytes.length - FOOTER
  if (end < 0 || bytes.readUInt16LE(end) > LATEST_VERSION) return { problem: "footer" }
  const crc = new Crc64()
  crc.update(bytes, 0, bytes.length - 8)
  if (!crc.matches(bytes, bytes.length - 8)) return { problem: "footer" }
  try {
    const reader = RdbReader.ofBytes(bytes, end)
    const value = decodeValue(reader, reader.byte(), limits)
    return value ?? { problem: "data" }
  } catch (error) {
    if (error instanceof RdbError) return { problem: "data" }
    throw error
  }
}
