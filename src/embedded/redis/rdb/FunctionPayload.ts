import { Crc64 } from "./Crc64.ts"
import { LATEST_VERSION, OPCODE, RDB_VERSION, RdbError } from "./Format.ts"
import { RdbReader } from "./RdbReader.ts"
import { RdbWriter } from "./RdbWriter.ts"

/** Version and checksum. */
const FOOTER = 10

/** What FUNCTION DUMP answers: the codes of libraries as RDB holds them, the version and a checksum. A byte string. */
export const writeLibraries = (codes: ReadonlyArray<string>): string => {
  const out = new RdbWriter(true)
  for (const code of codes) {
    out.byte(OPCODE.function2)
    out.string(code)
  }
  out.byte(RDB_VERSION & 255)
  out.byte(RDB_VERSION >> 8)
  const crc = new Crc64()
  crc.update(out.bytes, 0, out.length)
  const sum = Buffer.alloc(8)
  crc.digest(sum, 0)
  out.raw(sum, 0, sum.length)
  return out.bytes.toString("latin1", 0, out.length)
}

/** The codes of the libraries in such a payload. */
export const readLibraries = (
  payload: string
): { readonly codes: ReadonlyArray<string> } | { readonly problem: string } => {
  const bytes = Buffer.from(payload, "latin1")
  const end = bytes.length - FOOTER
  const crc = new Crc64()
  if (end >= 0) crc.update(bytes, 0, bytes.length - 8)
  if (end < 0 || bytes.readUInt16LE(end) > LATEST_VERSION || !crc.matches(bytes, bytes.length - 8)) {
    return { problem: "DUMP payload version or checksum are wrong" }
  }
  const codes: Array<string> = []
  const reader = RdbReader.ofBytes(bytes, end)
  try {
    while (reader.offset < end) {
      if (reader.byte() !== OPCODE.function2) return { problem: "given type is not a function" }
      codes.push(reader.string())
    }
  } catch (error) {
    if (error instanceof RdbError) return { problem: "failed loading the given functions payload" }
    throw error
  }
  return { codes }
}
