import { type DenseEntry, DenseMap } from "../structures/DenseMap.ts"
import { type Deadline, ExpiryHeap } from "../structures/ExpiryHeap.ts"
import type { EncodingLimits } from "./EncodingLimits.ts"
import { Preimages } from "./Preimages.ts"

/** A field of a hash. */
export interface HashField extends DenseEntry {
  value: string
  /** When the field expires. Most fields do not, and have no room for it either. */
  deadline?: Deadline<HashField>
}

/** The value of a hash key. */
export class HashValue {
  readonly fields = new DenseMap<HashField>()
  /** Whether Redis would hold it in a listpack; once it does not, it never does again. */
  compact = true
  /** When fields expire; once a field of the hash had a time to live. */
  private deadlines: ExpiryHeap<HashField> | undefined
  /** The values that a view of an earlier state still needs. */
  private before: Preimages<HashField, string> | undefined

  get size(): number {
    return this.fields.size
  }

  get(field: string): string | undefined {
    return this.fields.get(field)?.value
  }

  /** Sets a field; true if it is new. Its time to live ends with its value unless it is kept. */
  set(field: string, value: string, limits: EncodingLimits, keepDeadline = false): boolean {
    if (this.compact && (field.length > limits.hashValue || value.length > limits.hashValue))
      this.compact = false
    const entry = this.fields.get(field)
    if (entry !== undefined) {
      this.before?.keep(entry, entry.value)
      entry.value = value
      if (!keepDeadline && entry.deadline !== undefined) this.clearDeadline(entry)
      return false
    }
    this.fields.add({ key: field, value, slot: -1 })
    if (this.compact && this.fields.size > limits.hashEntries) this.compact = false
    return true
  }

  delete(field: string): boolean {
    const entry = this.fields.get(field)
    if (entry === undefined) return false
    this.clearDeadline(entry)
    this.fields.remove(entry)
    return true
  }

  /** Whether a field of it has, or once had, a time to live. */
  get knowsDeadlines(): boolean {
    return this.deadlines !== undefined
  }

  /** When the next field expires, in milliseconds since the epoch. */
  get nextDeadline(): number | undefined {
    return this.deadlines?.peek()?.at
  }

  /** Lets a field expire. */
  setDeadline(field: HashField, at: number): void {
    this.deadlines ??= new ExpiryHeap()
    if (field.deadline === undefined) field.deadline = this.deadlines.add(at, field)
    else this.deadlines.move(field.deadline, at)
  }

  /** Lets a field stay; true if it had a time to live. */
  clearDeadline(field: HashField): boolean {
    if (field.deadline === undefined) return false
    this.deadlines?.remove(field.deadline)
    delete field.deadline
    return true
  }

  /** Removes up to `limit` fields that expired before `now`; their names. */
  removeExpired(now: number, limit: number): Array<string> {
    const removed: Array<string> = []
    while (removed.length < limit) {
      const first = this.deadlines?.peek()
      if (first === undefined || first.at >= now) break
      removed.push(first.owner.key)
      this.delete(first.owner.key)
    }
    return removed
  }

  /** The fields as they are now, whatever is done to the hash later. */
  freeze(): FrozenHash {
    const before = new Preimages<HashField, string>()
    this.before = before
    const fields = this.fields.dense().slice()
    return {
      fields,
      valueOf: (field) => before.of(field, field.value),
      release: () => before.release(),
      deadlines: this.nextDeadline === undefined ? undefined : deadlinesOf(fields)
    }
  }
}

/** When the fields expire that do. */
export const deadlinesOf = (fields: ReadonlyArray<HashField>): ReadonlyMap<HashField, number> => {
  const deadlines = new Map<HashField, number>()
  for (const field of fields) if (field.deadline !== undefined) deadlines.set(field, field.deadline.at)
  return deadlines
}

/** The fields of a hash at a moment. */
export interface FrozenHash {
  readonly fields: ReadonlyArray<HashField>
  readonly valueOf: (field: HashField) => string
  /** Says that nobody reads the view any more. */
  readonly release: () => void
  /** When fields expire, in milliseconds since the epoch; `undefined` if none does. */
  readonly deadlines: ReadonlyMap<HashField, number> | undefined
}
