import { type DenseEntry, DenseMap } from "../structures/DenseMap.ts"
import { ScoreTree } from "../structures/ScoreTree.ts"
import type { EncodingLimits } from "./EncodingLimits.ts"
import { Preimages } from "./Preimages.ts"

/** A member of a sorted set. */
export interface SortedMember extends DenseEntry {
  score: number
}

/** The value of a sorted set key: a map by member and a tree by score. */
export class SortedSetValue {
  readonly members = new DenseMap<SortedMember>()
  readonly tree = new ScoreTree<SortedMember>()
  /** Whether Redis would hold it in a listpack. */
  compact = true
  /** The scores that a view of an earlier state still needs. */
  private before: Preimages<SortedMember, number> | undefined

  get size(): number {
    return this.members.size
  }

  score(member: string): number | undefined {
    return this.members.get(member)?.score
  }

  /** Adds a member or moves it to another score. */
  set(member: string, value: number, limits: EncodingLimits): void {
    const entry = this.members.get(member)
    if (
      entry === undefined &&
      (member.length > limits.zsetValue || this.members.size >= limits.zsetEntries)
    ) {
      this.compact = false
    }
    // A listpack keeps integers, which have no negative zero.
    const score = this.compact && value === 0 ? 0 : value
    if (entry !== undefined) {
      if (entry.score === score) return
      this.before?.keep(entry, entry.score)
      this.tree.remove(entry)
      entry.score = score
      this.tree.insert(entry)
      return
    }
    const added: SortedMember = { key: member, score, slot: -1 }
    this.members.add(added)
    this.tree.insert(added)
  }

  delete(member: string): boolean {
    const entry = this.members.get(member)
    if (entry === undefined) return false
    this.remove(entry)
    return true
  }

  remove(entry: SortedMember): void {
    this.tree.remove(entry)
    this.members.remove(entry)
  }

  /** The position of a member, from the lowest score or from the highest. */
  rank(member: string, reverse: boolean): number | undefined {
    const entry = this.members.get(member)
    if (entry === undefined) return undefined
    const rank = this.tree.rank(entry.score, member)
    return reverse ? this.members.size - 1 - rank : rank
  }

  /** The members as they are now, in no particular order, whatever is done to the set later. */
  freeze(): FrozenSortedSet {
    const before = new Preimages<SortedMember, number>()
    this.before = before
    return {
      members: this.members.dense().slice(),
      scoreOf: (member) => before.of(member, member.score),
      release: () => before.release()
    }
  }
}

/** The members of a sorted set at a moment. */
export interface FrozenSortedSet {
  readonly members: ReadonlyArray<SortedMember>
  readonly scoreOf: (member: SortedMember) => number
  /** Says that nobody reads the view any more. */
  readonly release: () => void
}

/** A sorted set of members that were added one by one. */
export const sortedSetOf = (
  members: Iterable<{ readonly key: string; readonly score: number }>,
  limits: EncodingLimits
): SortedSetValue => {
  const set = new SortedSetValue()
  for (const member of members) set.set(member.key, member.score, limits)
  return set
}
