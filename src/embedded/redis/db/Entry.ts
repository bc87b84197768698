import type { DenseEntry } from "../structures/DenseMap.ts"
import type { Deadline } from "../structures/ExpiryHeap.ts"
import type { Value } from "./Value.ts"

/** A key with its value. */
export class Entry implements DenseEntry {
  readonly key: string
  value: Value
  slot = -1
  deadline: Deadline<Entry> | undefined = undefined
  /** When a field of the hash expires; few keys have it, and the others have no room for it. */
  declare fieldDeadline?: Deadline<Entry>
  /** Seconds since the epoch of the last access; with an LFU policy the state of its frequency, see Access. */
  usedAt: number
  /** How many bytes it was measured to take; 0 while nobody measures. */
  bytes = 0
  /** The compaction that has written this entry's state, or that need not. */
  generation: number

  constructor(key: string, value: Value, usedAt: number, generation: number) {
    this.key = key
    this.value = value
    this.usedAt = usedAt
    this.generation = generation
  }
}
