import { ShardedMap } from "./ShardedMap.ts"

/** An entry of a DenseMap; `slot` is its place in the dense array. */
export interface DenseEntry {
  readonly key: string
  slot: number
}

/**
 * A map whose entries also lie in a dense array: O(1) lookup, O(1) random entry, and a scan with Redis's guarantee.
 *
 * A removal moves the last entry into the hole, so entries only ever move to lower slots. A scan that goes from the
 * top down therefore meets every entry that stays throughout, whatever is added or removed between its calls (one
 * that moves may be met twice, as in Redis). Its cursor is the number of slots that are left.
 */
export class DenseMap<E extends DenseEntry> {
  private map = new ShardedMap<E>()
  private entries: Array<E> = []

  get size(): number {
    return this.entries.length
  }

  get(key: string): E | undefined {
    return this.map.get(key)
  }

  /** Adds an entry whose key is not in the map. */
  add(entry: E): void {
    entry.slot = this.entries.length
    this.entries.push(entry)
    this.map.set(entry.key, entry)
  }

  /** Adds an entry without looking first; false if its key was in the map, which is of no use then. */
  addNew(entry: E): boolean {
    if (!this.map.setNew(entry.key, entry)) return false
    entry.slot = this.entries.length
    this.entries.push(entry)
    return true
  }

  /** Removes an entry that is in the map. */
  remove(entry: E): void {
    this.map.delete(entry.key)
    const last = this.entries.pop()
    if (last !== undefined && last !== entry) {
      this.entries[entry.slot] = last
      last.slot = entry.slot
    }
    entry.slot = -1
  }

  clear(): void {
    this.map = new ShardedMap()
    this.entries = []
  }

  /** Empties the map; what it held goes on in the one that is returned. */
  take(): DenseMap<E> {
    const taken = new DenseMap<E>()
    taken.map = this.map
    taken.entries = this.entries
    this.clear()
    return taken
  }

  /** The entries in no particular order, valid until the map is changed. */
  dense(): ReadonlyArray<E> {
    return this.entries
  }

  /** The entry in a slot, 0 to size - 1. */
  at(slot: number): E | undefined {
    return this.entries[slot]
  }

  /** An entry chosen with equal probability. */
  random(): E | undefined {
    return this.entries[Math.floor(Math.random() * this.entries.length)]
  }

  /** Visits about `count` entries; returns the cursor to go on with, 0 at the end. */
  scan(cursor: number, count: number, visit: (entry: E) => void): number {
    let left = cursor === 0 ? this.entries.length : Math.min(cursor, this.entries.length)
    for (let visited = 0; left > 0 && visited < count; visited++) {
      const entry = this.entries[--left]
      if (entry !== undefined) visit(entry)
    }
    return left
  }

  /** Visits every entry, oldest first. */
  forEach(visit: (entry: E) => void): void {
    this.map.forEach(visit)
  }

  /** Every entry, oldest first. */
  values(): IterableIterator<E> {
    return this.map.values()
  }
}
