import type { Engine } from "../engine/Engine.ts"
import { EmbeddedRedisError } from "../Errors.ts"
import { type DecodedKey, decodeFile } from "../rdb/FileDecoder.ts"
import { RdbError } from "../rdb/Format.ts"
import type { RdbReader } from "../rdb/RdbReader.ts"
import { ErrorReply } from "../resp/Reply.ts"
import { damaged } from "./Damage.ts"

const unsupported = (path: string, offset: number, what: string): EmbeddedRedisError =>
  new EmbeddedRedisError({
    reason: "Unsupported",
    file: path,
    offset,
    message: `${path} holds what cannot be read here, at byte ${offset}: ${what}.`,
    fix: "Remove it in the Redis that wrote the file, save again, and copy the folder again."
  })

const store = (engine: Engine, path: string, offset: number, found: DecodedKey): void => {
  const db = engine.databases[found.database]
  if (db === undefined) {
    throw new EmbeddedRedisError({
      reason: "InvalidOption",
      key: "databases",
      value: String(engine.databases.length),
      file: path,
      offset,
      message: `${path} holds keys of database ${found.database}, and there are only ${engine.databases.length}.`,
      fix: `Open it with databases: ${found.database + 1} or more.`
    })
  }
  if (!db.load(found.key, found.value, found.deadline, found)) {
    throw new RdbError(offset, "a key is there twice")
  }
}

/** Takes over what an RDB holds. Throws EmbeddedRedisError; what came before the damage is in the engine then. */
export const loadRdb = (engine: Engine, reader: RdbReader, path: string): void => {
  try {
    decodeFile(reader, engine.limits, {
      onKey: (key) => store(engine, path, reader.offset, key),
      onLibrary: (code) => {
        engine.scripts.libraries.load(code, true)
      }
    })
  } catch (error) {
    if (error instanceof RdbError) {
      throw error.unsupported
        ? unsupported(path, error.offset, error.text)
        : damaged(path, error.offset, error.text)
    }
    if (error instanceof ErrorReply) throw damaged(path, reader.offset, error.text)
    throw error
  }
}
