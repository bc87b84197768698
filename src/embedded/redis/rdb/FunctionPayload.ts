import { OPCODE, RDB_VERSION, RdbError } from "./Format.ts"
import { endOfPayload, sealPayload } from "./PayloadFooter.ts"
import { RdbReader } from "./RdbReader.ts"
import { RdbWriter } from "./RdbWriter.ts"

/** What FUNCTION DUMP answers: the codes of libraries as RDB holds them, the version and a checksum. A byte string. */
export const writeLibraries = (codes: ReadonlyArray<string>): string => {
  const out = new RdbWriter(true)
  for (const code of codes) {
    out.byte(OPCODE.function2)
    out.string(code)
  }
  return sealPayload(out, RDB_VERSION)
}

/** The codes of the libraries in such a payload. */
export const readLibraries = (
  payload: string
): { readonly codes: ReadonlyArray<string> } | { readonly problem: string } => {
  const bytes = Buffer.from(payload, "latin1")
  const end = endOfPayload(bytes)
  if (end === undefined) return { problem: "DUMP payload version or checksum are wrong" }
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
