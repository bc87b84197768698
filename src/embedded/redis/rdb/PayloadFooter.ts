import { Crc64 } from "./Crc64.ts"
import { LATEST_VERSION } from "./Format.ts"
import type { RdbWriter } from "./RdbWriter.ts"

/** The version and the checksum that end what DUMP and FUNCTION DUMP answer. */
const FOOTER = 10
const CHECKSUM = 8

/** Ends a payload, and gives it as a byte string. */
export const sealPayload = (out: RdbWriter, version: number): string => {
  out.byte(version & 255)
  out.byte(version >> 8)
  const crc = new Crc64()
  crc.update(out.bytes, 0, out.length)
  const sum = Buffer.alloc(CHECKSUM)
  crc.digest(sum, 0)
  out.raw(sum, 0, sum.length)
  return out.bytes.toString("latin1", 0, out.length)
}

/** Where what is before the footer ends; nothing if version or checksum are wrong, which is looked at if `checks`. */
export const endOfPayload = (bytes: Buffer, checks = true): number | undefined => {
  const end = bytes.length - FOOTER
  if (end < 0 || bytes.readUInt16LE(end) > LATEST_VERSION) return undefined
  if (!checks) return end
  const crc = new Crc64()
  crc.update(bytes, 0, bytes.length - CHECKSUM)
  return crc.matches(bytes, bytes.length - CHECKSUM) ? end : undefined
}
