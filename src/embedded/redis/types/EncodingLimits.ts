import type { StreamNodeLimits } from "../structures/StreamLog.ts"

/** Up to where Redis keeps a collection in its compact encoding, which OBJECT ENCODING and the order of replies show. */
export interface EncodingLimits extends StreamNodeLimits {
  hashEntries: number
  hashValue: number
  zsetEntries: number
  zsetValue: number
  intsetEntries: number
}
