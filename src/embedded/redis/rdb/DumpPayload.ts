import type { Value } from "../db/Value.ts"
import type { EncodingLimits } from "../types/EncodingLimits.ts"
import { view } from "../types/Frozen.ts"
import { RDB_VERSION, RDB_VERSION_FIELD_EXPIRY, RdbError } from "./Format.ts"
import { endOfPayload, sealPayload } from "./PayloadFooter.ts"
import { RdbReader } from "./RdbReader.ts"
import { RdbWriter } from "./RdbWriter.ts"
import { decodeValue } from "./ValueDecoder.ts"
import { encodeValue, typeOfValue } from "./ValueEncoder.ts"

/** What DUMP answers: the value as RDB holds it, the version and a checksum. A byte string. */
export const dumpPayload = (value: Value, compresses: boolean, listNodeSize: number): string => {
  const out = new RdbWriter(compresses)
  const seen = view(value)
  out.byte(typeOfValue(seen))
  const steps = encodeValue(out, seen, listNodeSize)
  while (steps.next().done !== true);
  const expires = seen.kind === "hash" && seen.hash.deadlines !== undefined
  return sealPayload(out, expires ? RDB_VERSION_FIELD_EXPIRY : RDB_VERSION)
}

/** Why a payload is refused. */
export type PayloadProblem = "footer" | "data"

/** The value of a payload; its checksum is only looked at if `checks`. */
export const readPayload = (
  payload: string,
  limits: EncodingLimits,
  checks = true
): Value | { readonly problem: PayloadProblem } => {
  const bytes = Buffer.from(payload, "latin1")
  const end = endOfPayload(bytes, checks)
  if (end === undefined) return { problem: "footer" }
  try {
    const reader = RdbReader.ofBytes(bytes, end)
    const value = decodeValue(reader, reader.byte(), limits)
    return value ?? { problem: "data" }
  } catch (error) {
    if (error instanceof RdbError) return { problem: "data" }
    throw error
  }
}
