/** V8's `Map` throws a RangeError at 2^24 entries. */
const SHARD_LIMIT = 16_000_000

/** A map without the size limit of `Map`: further maps take what the first cannot. */
export class ShardedMap<V> {
  private readonly head = new Map<string, V>()
  private readonly more: Array<Map<string, V>> = []
  private readonly limit: number

  constructor(limit: number = SHARD_LIMIT) {
    this.limit = limit
  }

  get size(): number {
    let size = this.head.size
    for (const map of this.more) size += map.size
    return size
  }

  get(key: string): V | undefined {
    const value = this.head.get(key)
    if (value !== undefined || this.more.length === 0) return value
    for (const map of this.more) {
      const other = map.get(key)
      if (other !== undefined) return other
    }
    return undefined
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  set(key: string, value: V): void {
    if (this.more.length === 0 && this.head.size < this.limit) {
      this.head.set(key, value)
      return
    }
    this.setSlow(key, value)
  }

  /** Sets a value; whether the key is new. */
  setNew(key: string, value: V): boolean {
    const { head } = this
    if (this.more.length > 0 || head.size >= this.limit) {
      const isNew = !this.has(key)
      this.setSlow(key, value)
      return isNew
    }
    const before = head.size
    head.set(key, value)
    return head.size > before
  }

  private setSlow(key: string, value: V): void {
    const maps = [this.head, ...this.more]
    const owner = maps.find((map) => map.has(key)) ?? maps.find((map) => map.size < this.limit)
    if (owner !== undefined) owner.set(key, value)
    else this.more.push(new Map([[key, value]]))
  }

  delete(key: string): boolean {
    if (this.head.delete(key)) return true
    for (const map of this.more) {
      if (map.delete(key)) return true
    }
    return false
  }

  clear(): void {
    this.head.clear()
    this.more.length = 0
  }

  /** Values in the order of insertion, while one map holds them all. */
  *values(): IterableIterator<V> {
    yield* this.head.values()
    for (const map of this.more) yield* map.values()
  }

  /** Calls back for every value, faster than the iterator. */
  forEach(visit: (value: V, key: string) => void): void {
    this.head.forEach(visit)
    for (const map of this.more) map.forEach(visit)
  }
}
