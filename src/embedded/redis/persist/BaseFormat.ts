import type { Value } from "../db/Value.ts"
import {
  encodeDatabase,
  encodeEnd,
  encodeHeader,
  encodeKey,
  type FileHeader,
  type KeyRecord
} from "../rdb/FileEncoder.ts"
import type { RdbWriter } from "../rdb/RdbWriter.ts"
import { encodeCommand } from "../resp/Encoder.ts"
import { isSmall } from "../types/Frozen.ts"
import { dumpKey } from "./Dump.ts"

/** How a snapshot is written down. */
export interface BaseFormat {
  /** How its files end. */
  readonly extension: "rdb" | "aof"
  /** Whether a checksum ends the file. */
  readonly checksum: boolean
  readonly compresses: boolean
  readonly header: (out: RdbWriter) => void
  readonly database: (
    out: RdbWriter,
    index: number,
    sizes?: { readonly keys: number; readonly expiring: number }
  ) => void
  /** Writes a key; what it yields is the chance to do something else in between. */
  readonly key: (out: RdbWriter, record: KeyRecord) => Generator<undefined, void>
  readonly end: (out: RdbWriter) => void
  /** Whether a value is written at a stretch, however large it is. */
  readonly atOnce: (value: Value) => boolean
}

/** How values are written. */
export interface RdbSettings {
  readonly compresses: boolean
  /** `list-max-listpack-size`. */
  readonly listNodeSize: number
}

/** A snapshot as RDB. */
export const rdbFormat = (header: FileHeader, settings: RdbSettings): BaseFormat => ({
  extension: "rdb",
  checksum: true,
  compresses: settings.compresses,
  header: (out) => encodeHeader(out, header),
  database: encodeDatabase,
  key: (out, record) => encodeKey(out, record, settings.listNodeSize),
  end: encodeEnd,
  atOnce: isSmall
})

/** A snapshot as the commands that make it. */
export const commandFormat = (libraries: ReadonlyArray<string>): BaseFormat => ({
  extension: "aof",
  checksum: false,
  compresses: false,
  header: (out) => {
    for (const code of libraries) out.text(encodeCommand(["FUNCTION", "LOAD", code]))
  },
  database: (out, index) => out.text(encodeCommand(["SELECT", String(index)])),
  key: dumpKey,
  end: () => undefined,
  atOnce: isSmall
})
