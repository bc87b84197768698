import { type DenseEntry, DenseMap } from "../structures/DenseMap.ts"
import type { EncodingLimits } from "./EncodingLimits.ts"
import { Preimages } from "./Preimages.ts"

/** A field of a hash. */
export interface HashField extends DenseEntry {
  value: string
}

/** The value of a hash key. */
export class HashValue {
  readonly fields = new DenseMap<HashField>()
  /** Whether Redis would hold it in a listpack; once it does not, it never does again. */
  compact = true
  /** The values that a view of an earlier state still needs. */
  private before: Preimages<HashField, string> | undefined

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
      this.before?.keep(entry, entry.value)
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

  /** The fields as they are now, whatever is done to the hash later. */
  freeze(): FrozenHash {
    const before = new Preimages<HashField, string>()
    this.before = before
    return { fields: this.fields.dense().slice(), valueOf: (field) => before.of(field, field.value) }
  }
}

/** The fields of a hash at a moment. */
export interface FrozenHash {
  readonly fields: ReadonlyArray<HashField>
  readonly valueOf: (field: HashField) => string
}
