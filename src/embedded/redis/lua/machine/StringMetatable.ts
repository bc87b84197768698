import { LuaTable } from "./LuaTable.ts"

/** The metatable of all strings; its `__index` is the library of strings, which never changes. */
export const STRING_METATABLE = new LuaTable()
