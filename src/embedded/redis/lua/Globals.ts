import { BIT_LIBRARY } from "./library/Bit.ts"
import { baseFunctions, type Compiler } from "./library/Base.ts"
import { library } from "./library/Arguments.ts"
import { jsonLibrary } from "./library/Cjson.ts"
import { CMSGPACK_LIBRARY } from "./library/Cmsgpack.ts"
import { coroutineLibrary } from "./library/Coroutine.ts"
import { mathLibrary, type Random } from "./library/Maths.ts"
import { STRING_LIBRARY } from "./library/Strings.ts"
import { STRUCT_LIBRARY } from "./library/Struct.ts"
import { TABLE_LIBRARY } from "./library/Tables.ts"
import { libraryError, operationError } from "./machine/Errors.ts"
import { LuaTable } from "./machine/LuaTable.ts"
import { named } from "./machine/Positions.ts"
import { plainText, toText } from "./machine/Types.ts"
import type { LuaError, LuaValue } from "./machine/Values.ts"

const missing = (name: string): string => `Script attempted to access nonexistent global variable '${name}'`

/** What `redis` has for errors that nobody catches: a table. */
const errorHandler = named("__redis__err__handler", (...[value]: ReadonlyArray<LuaValue>): LuaValue => {
  if (value instanceof LuaTable) return value
  const table = new LuaTable(0, 1)
  table.set("err", `ERR ${plainText(value)}`)
  return table
})

/** A metatable with which reading what is not there fails. */
const strict = (): LuaTable => {
  const metatable = library({
    __index: (...args) => {
      const name = toText(args[1])
      if (name === undefined) {
        throw libraryError("Second argument to luaProtectedTableError must be a string or number")
      }
      throw libraryError(missing(name))
    }
  })
  metatable.isReadonly = true
  return metatable
}

const lock = (table: LuaTable): void => {
  if (table.isReadonly) return
  table.isReadonly = true
  table.some((_key, value) => {
    if (value instanceof LuaTable) lock(value)
    return false
  })
}

/** Makes a table readonly and reading what it does not have an error. */
export const protect = (table: LuaTable): LuaTable => {
  table.metatable = strict()
  lock(table)
  return table
}

/** The globals of scripts, or of functions. */
export const makeGlobals = (
  redis: LuaTable,
  random: Random,
  compiler: Compiler,
  isForScripts: boolean
): LuaTable => {
  const globals = library(baseFunctions(compiler))
  globals.set("_G", globals)
  globals.set("_VERSION", "Lua 5.1")
  globals.set("coroutine", coroutineLibrary())
  globals.set("table", TABLE_LIBRARY)
  globals.set("string", STRING_LIBRARY)
  globals.set("math", mathLibrary(random))
  globals.set("cjson", jsonLibrary())
  globals.set("struct", STRUCT_LIBRARY)
  globals.set("cmsgpack", CMSGPACK_LIBRARY)
  globals.set("bit", BIT_LIBRARY)
  globals.set("redis", redis)
  if (isForScripts) globals.set("__redis__err__handler", errorHandler)
  return protect(globals)
}

/** Reads a global, which must be there. */
export const readGlobal = (globals: LuaTable, name: string): LuaValue => {
  const value = globals.get(name)
  if (value === undefined) throw operationError(missing(name))
  return value
}

/** Globals cannot be changed. */
export const refuseGlobal = (): LuaError => operationError("Attempt to modify a readonly table")
