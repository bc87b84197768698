import { parseInteger } from "../format/Integers.ts"
import { DenseSet } from "../structures/DenseSet.ts"
import type { EncodingLimits } from "./EncodingLimits.ts"

/** The value of a set key. */
export class SetValue {
  readonly members = new DenseSet()
  /** Whether Redis would hold it as an intset, which lists its members in order. */
  compact = true

  get size(): number {
    return this.members.size
  }

  has(member: string): boolean {
    return this.members.has(member)
  }

  add(member: string, limits: EncodingLimits): boolean {
    if (!this.members.add(member)) return false
    if (this.compact && (this.members.size > limits.intsetEntries || parseInteger(member) === undefined)) {
      this.compact = false
    }
    return true
  }

  delete(member: string): boolean {
    return this.members.delete(member)
  }

  /** The members: in numerical order while they are few integers, otherwise in no particular order. */
  list(): ReadonlyArray<string> {
    const members = this.members.values()
    if (!this.compact) return members
    return members.toSorted((left, right) => {
      const difference = BigInt(left) - BigInt(right)
      return difference < 0n ? -1 : difference > 0n ? 1 : 0
    })
  }
}
