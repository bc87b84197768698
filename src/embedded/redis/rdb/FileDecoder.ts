import type { Value } from "../db/Value.ts"
import type { EncodingLimits } from "../types/EncodingLimits.ts"
import { LATEST_VERSION, MAGIC, MODULE_OPCODE, OPCODE, RdbError } from "./Format.ts"
import type { RdbReader } from "./RdbReader.ts"
import { decodeValue } from "./ValueDecoder.ts"

/** A key that was read. */
export interface DecodedKey {
  /** The number of the database. */
  readonly database: number
  readonly key: string
  readonly value: Value
  /** Milliseconds since the epoch. */
  readonly deadline: number | undefined
  /** Seconds since the last access. */
  readonly idle: number | undefined
  readonly frequency: number | undefined
}

/** Takes what a file holds, in its order. */
export interface FileContents {
  readonly onKey: (key: DecodedKey) => void
  /** The code of a function library. */
  readonly onLibrary: (code: string) => void
}

const HEADER_BYTES = 9

/** Reads a whole file up to its checksum. Throws RdbError. */
export const decodeFile = (reader: RdbReader, limits: EncodingLimits, contents: FileContents): void => {
  const header = reader.take(HEADER_BYTES).toString("latin1")
  const version = Number(header.slice(MAGIC.length))
  if (!header.startsWith(MAGIC) || !Number.isInteger(version) || version < 1) {
    throw new RdbError(0, "this is no RDB file")
  }
  if (version > LATEST_VERSION) throw new RdbError(0, `RDB version ${version}`, "unsupported")
  let database = 0
  let deadline: number | undefined
  let idle: number | undefined
  let frequency: number | undefined
  for (;;) {
    const at = reader.offset
    const opcode = reader.byte()
    switch (opcode) {
      case OPCODE.expireSeconds:
        deadline = reader.seconds() * 1000
        continue
      case OPCODE.expireMillis:
        deadline = reader.millis()
        continue
      case OPCODE.idle:
        idle = reader.count()
        continue
      case OPCODE.frequency:
        frequency = reader.byte()
        continue
      case OPCODE.selectDb:
        database = reader.count()
        continue
      case OPCODE.resizeDb:
        reader.count()
        reader.count()
        continue
      case OPCODE.aux:
        reader.string()
        reader.string()
        continue
      case OPCODE.function2:
        contents.onLibrary(reader.string())
        continue
      case OPCODE.functionPreGa:
        throw new RdbError(at, "functions of a release candidate of Redis 7", "unsupported")
      case OPCODE.moduleAux:
        skipModule(reader)
        continue
      case OPCODE.end:
        // Before version 5 there was no checksum.
        if (version >= 5 && !reader.checksum()) throw new RdbError(at, "the checksum does not agree")
        return
      default: {
        const key = reader.string()
        const value = decodeValue(reader, opcode, limits)
        if (value !== undefined) contents.onKey({ database, key, value, deadline, idle, frequency })
        deadline = undefined
        idle = undefined
        frequency = undefined
      }
    }
  }
}

/** Data of a module that is not about a key: it is there even if the module was never used, so it is left out. */
const skipModule = (reader: RdbReader): void => {
  reader.wide()
  for (;;) {
    switch (reader.count()) {
      case MODULE_OPCODE.end:
        return
      case MODULE_OPCODE.signed:
      case MODULE_OPCODE.unsigned:
        reader.wide()
        break
      case MODULE_OPCODE.float:
        reader.float()
        break
      case MODULE_OPCODE.double:
        reader.double()
        break
      case MODULE_OPCODE.string:
        reader.string()
        break
      default:
        throw reader.fail("data of a module is damaged")
    }
  }
}
