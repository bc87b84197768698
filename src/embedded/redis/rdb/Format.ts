/** The version that Redis 7.0 writes. */
export const RDB_VERSION = 10
/** The first version that knows times to live of hash fields (7.4). */
export const RDB_VERSION_FIELD_EXPIRY = 12
/** The latest version whose types are all known here. */
export const LATEST_VERSION = 12
/** The first bytes of a file. */
export const MAGIC = "REDIS"

/** What a value is saved as. */
export const TYPE = {
  string: 0,
  list: 1,
  set: 2,
  zset: 3,
  hash: 4,
  zset2: 5,
  modulePreGa: 6,
  module2: 7,
  hashZipmap: 9,
  listZiplist: 10,
  setIntset: 11,
  zsetZiplist: 12,
  hashZiplist: 13,
  listQuicklist: 14,
  streamListpacks: 15,
  hashListpack: 16,
  zsetListpack: 17,
  listQuicklist2: 18,
  streamListpacks2: 19,
  setListpack: 20,
  streamListpacks3: 21,
  hashMetadata: 24,
  hashListpackEx: 25,
  /** Of this engine alone: no Redis can load it. */
  vectorSet: 200
} as const

/** What is no value. */
export const OPCODE = {
  function2: 245,
  functionPreGa: 246,
  moduleAux: 247,
  idle: 248,
  frequency: 249,
  aux: 250,
  resizeDb: 251,
  expireMillis: 252,
  expireSeconds: 253,
  selectDb: 254,
  end: 255
} as const

/** How a string is encoded that is not written byte by byte. */
export const STRING_ENCODING = { int8: 0, int16: 1, int32: 2, lzf: 3 } as const

/** The parts of a module's value. */
export const MODULE_OPCODE = { end: 0, signed: 1, unsigned: 2, float: 3, double: 4, string: 5 } as const

/** Bytes that are no RDB. */
export class RdbError {
  /** Where, in bytes from the beginning. */
  readonly offset: number
  readonly text: string
  /** Whether the bytes simply end too early. */
  readonly truncated: boolean
  /** Whether the bytes are fine, but nothing here knows what to do with them. */
  readonly unsupported: boolean
  constructor(offset: number, text: string, kind: "damaged" | "truncated" | "unsupported" = "damaged") {
    this.offset = offset
    this.text = text
    this.truncated = kind === "truncated"
    this.unsupported = kind === "unsupported"
  }
}
