import { type DenseEntry, DenseMap } from "../structures/DenseMap.ts"
import type { EncodingLimits } from "./EncodingLimits.ts"

/** A field of a hash. */
export interface HashField extends DenseEntry {
  value: string
}

/** The value of a hash key. */
export class HashValue {
  readonly fields = new DenseMap<HashField>()
  /** Whether Redis would hold it in a listpack; once it does not, it never does again. */
  compact = true

  get size(): number {
    return this.fields.size
  }

  get(field: string): string | undefined {
    return this.fields.get(field)?.value
  }

  /** Sets a field; true if it is new. */
  set(field: string, value: string, limits: EncodingLimits): boolean {
    if (this.compact && (field.length > limits.hashValue || value.length > limits.hashValue))
      this.compact = false
    const entry = this.fields.get(field)
    if (entry !== undefined) {
      entry.value = value
      return false
    }
    this.fields.add({ key: field, value, slot: -1 })
    if (this.compact && this.fields.size > limits.hashEntries) this.compact = false
    return true
  }

  delete(field: string): boolean {
    const entry = this.fields.get(field)
    if (entry === undefined) return false
    this.fields.remove(entry)
    return true
  }
}
