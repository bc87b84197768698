import type { FrozenValue } from "../types/Frozen.ts"
import { MAGIC, OPCODE, RDB_VERSION } from "./Format.ts"
import type { RdbWriter } from "./RdbWriter.ts"
import { encodeValue, typeOfValue } from "./ValueEncoder.ts"

/** A key as it is written. */
export interface KeyRecord {
  readonly key: string
  readonly value: FrozenValue
  /** Milliseconds since the epoch. */
  readonly deadline: number | undefined
  /** Seconds since the last access, where the eviction policy asks for it. */
  readonly idle?: number | undefined
  /** The counter of accesses, where the eviction policy asks for it. */
  readonly frequency?: number | undefined
}

/** What stands in front of the keys. */
export interface FileHeader {
  readonly version: string
  /** Seconds since the epoch. */
  readonly createdAt: number
  /** Bytes. */
  readonly usedMemory: number
  /** Whether the file is the base of an append-only log. */
  readonly isBase: boolean
  /** The code of every function library. */
  readonly libraries: ReadonlyArray<string>
}

const aux = (out: RdbWriter, name: string, value: string): void => {
  out.byte(OPCODE.aux)
  out.string(name)
  out.string(value)
}

/** Begins a file. */
export const encodeHeader = (out: RdbWriter, header: FileHeader): void => {
  out.text(`${MAGIC}${String(RDB_VERSION).padStart(4, "0")}`)
  aux(out, "redis-ver", header.version)
  aux(out, "redis-bits", "64")
  aux(out, "ctime", String(header.createdAt))
  aux(out, "used-mem", String(header.usedMemory))
  aux(out, "aof-base", header.isBase ? "1" : "0")
  for (const code of header.libraries) {
    out.byte(OPCODE.function2)
    out.string(code)
  }
}

/** The keys that follow belong to a database; how many there will be, if that is known. */
export const encodeDatabase = (
  out: RdbWriter,
  index: number,
  sizes?: { readonly keys: number; readonly expiring: number }
): void => {
  out.byte(OPCODE.selectDb)
  out.count(index)
  if (sizes === undefined) return
  out.byte(OPCODE.resizeDb)
  out.count(sizes.keys)
  out.count(sizes.expiring)
}

/** Writes a key; what it yields is the chance to do something else in between. */
export function* encodeKey(
  out: RdbWriter,
  record: KeyRecord,
  listNodeSize: number
): Generator<undefined, void> {
  if (record.deadline !== undefined) {
    out.byte(OPCODE.expireMillis)
    out.millis(record.deadline)
  }
  if (record.idle !== undefined) {
    out.byte(OPCODE.idle)
    out.count(record.idle)
  }
  if (record.frequency !== undefined) {
    out.byte(OPCODE.frequency)
    out.byte(record.frequency)
  }
  out.byte(typeOfValue(record.value))
  out.string(record.key)
  yield* encodeValue(out, record.value, listNodeSize)
}

/** Ends the keys; the checksum follows. */
export const encodeEnd = (out: RdbWriter): void => out.byte(OPCODE.end)
