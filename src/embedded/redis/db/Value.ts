import type { HashValue } from "../types/HashValue.ts"
import type { ListValue } from "../types/ListValue.ts"
import type { SetValue } from "../types/SetValue.ts"
import type { SortedSetValue } from "../types/SortedSetValue.ts"
import type { StreamValue } from "../types/StreamValue.ts"
import type { StringBuffer } from "../types/StringBuffer.ts"
import type { VectorSetValue } from "../types/VectorSetValue.ts"

/** What a key holds. A string is a byte string until it is changed in place. */
export type Value =
  | string
  | StringBuffer
  | ListValue
  | HashValue
  | SetValue
  | SortedSetValue
  | StreamValue
  | VectorSetValue
