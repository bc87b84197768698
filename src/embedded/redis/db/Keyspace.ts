import { DenseMap } from "../structures/DenseMap.ts"
import { ExpiryHeap } from "../structures/ExpiryHeap.ts"
import { type FrequencyRules, newFrequency, usedOnce, withFrequency } from "./Access.ts"
import { HashValue } from "../types/HashValue.ts"
import { Entry } from "./Entry.ts"
import type { Value } from "./Value.ts"
import { Watchers } from "./Watchers.ts"

/** A client that waits for a key. The order of waiting is the order of being served. */
export interface Waiter {
  /** Tries to take what it waits for; false if the key does not hold it. */
  readonly serve: (key: string) => boolean
  /** Whether it also wants to know that the key is gone. */
  readonly servesGone: boolean
}

/** How a key was used, as a file says: seconds since the last time, or the counter of the LFU policies. */
export interface StoredAccess {
  readonly idle?: number | undefined
  readonly frequency?: number | undefined
}

/** What a keyspace tells its owner. */
export interface KeyspaceHooks {
  /** The clock, in milliseconds; it stands still during a command, a script or a transaction. */
  readonly now: () => number
  /** A key has expired and was removed. */
  readonly onExpire: (keyspace: Keyspace, key: string) => void
  /** Fields of a hash have expired and were removed; the key too if none was left. */
  readonly onFieldsExpire: (
    keyspace: Keyspace,
    key: string,
    fields: ReadonlyArray<string>,
    gone: boolean
  ) => void
  /** A key was added; only with `announcesNew`. */
  readonly onNew: (keyspace: Keyspace, key: string) => void
  /** An expiry that is earlier than all others was set. */
  readonly onEarlierDeadline: (at: number) => void
}

/** One database: its keys, their expiry, and who watches them. */
export class Keyspace {
  /** Its number; SWAPDB exchanges numbers. */
  index: number
  /** Called before an entry that a compaction has not written yet is changed. */
  beforeWrite: ((entry: Entry) => void) | undefined
  /** Takes over what the database held when it is emptied. */
  beforeClear: ((keys: DenseMap<Entry>) => void) | undefined
  /** The compaction under way: entries of an earlier generation are not yet written. */
  generation = 0
  /** While true, expired keys are served as they are: the log decides when a key goes. */
  frozen = false
  hits = 0
  misses = 0
  /** How frequencies are counted; `undefined` unless an LFU policy is selected. */
  frequency: FrequencyRules | undefined
  /** While true, expired keys are not seen and stay, as CLIENT PAUSE asks for. */
  keepsExpired = false
  /** Whether the owner wants to know of new keys. */
  announcesNew = false
  /** Whether reading a key counts as using it. */
  touches = true
  /** The bytes of all entries that were measured. */
  bytes = 0
  private readonly keys = new DenseMap<Entry>()
  private readonly deadlines = new ExpiryHeap<Entry>()
  /** When the next field of each hash expires. */
  private readonly fieldDeadlines = new ExpiryHeap<Entry>()
  /** Who waits for which key, first come first. */
  waiters = new Map<string, Set<Waiter>>()
  /** How many of those who wait want to know when a key is gone. */
  goneWaiters = 0
  /** Who watches which key. */
  watchers = new Watchers()
  private readonly hooks: KeyspaceHooks

  constructor(index: number, hooks: KeyspaceHooks) {
    this.index = index
    this.hooks = hooks
  }

  /** Counts hits and misses from the beginning. */
  resetCounts(): void {
    this.hits = 0
    this.misses = 0
  }

  get size(): number {
    return this.keys.size
  }

  /** How many keys have a time to live. */
  get expiring(): number {
    return this.deadlines.size
  }

  /** The average time to live of keys that have one, in milliseconds, guessed from a few. */
  averageTtl(): number {
    const seen = Math.min(16, this.deadlines.size)
    if (seen === 0) return 0
    let sum = 0
    for (let at = 0; at < seen; at++)
      sum += Math.max(0, (this.deadlines.random()?.at ?? 0) - this.hooks.now())
    return Math.floor(sum / seen)
  }

  /** The entry of a live key, for reading. */
  find(key: string): Entry | undefined {
    const entry = this.keys.get(key)
    if (entry === undefined) {
      this.misses++
      return undefined
    }
    const now = this.hooks.now()
    if (entry.deadline !== undefined && this.isExpired(entry, now)) {
      this.expire(entry)
      this.misses++
      return undefined
    }
    if (this.fieldDeadlines.size > 0 && !this.expireFieldsOf(entry, now)) {
      this.misses++
      return undefined
    }
    if (this.touches) entry.usedAt = this.usedAt(entry.usedAt, now)
    this.hits++
    return entry
  }

  private usedAt(before: number, now: number): number {
    const { frequency } = this
    return frequency === undefined ? Math.floor(now / 1000) : usedOnce(before, now, frequency)
  }

  /** The entry of a live key without counting it as an access. */
  peek(key: string): Entry | undefined {
    const entry = this.keys.get(key)
    if (entry === undefined) return undefined
    if (entry.deadline !== undefined && this.isExpired(entry, this.hooks.now())) {
      this.expire(entry)
      return undefined
    }
    if (this.fieldDeadlines.size > 0 && !this.expireFieldsOf(entry, this.hooks.now())) return undefined
    return entry
  }

  /** The entry of a live key that is about to be changed. */
  findForWrite(key: string): Entry | undefined {
    const entry = this.find(key)
    if (entry !== undefined && entry.generation !== this.generation) this.beforeWrite?.(entry)
    return entry
  }

  /** Stores a value under a key, whatever it held; `keepExpiry` leaves its time to live. */
  set(key: string, value: Value, keepExpiry = false): Entry {
    const entry = this.keys.get(key)
    if (entry === undefined) {
      const now = this.hooks.now()
      const { frequency } = this
      const usedAt = frequency === undefined ? Math.floor(now / 1000) : newFrequency(now)
      const added = new Entry(key, value, usedAt, this.generation)
      this.keys.add(added)
      if (this.announcesNew) this.hooks.onNew(this, key)
      if (value instanceof HashValue) this.watchFields(added)
      return added
    }
    if (entry.generation !== this.generation) this.beforeWrite?.(entry)
    entry.value = value
    if (value instanceof HashValue || entry.fieldDeadline !== undefined) this.watchFields(entry)
    if (!keepExpiry && entry.deadline !== undefined) this.clearDeadline(entry)
    return entry
  }

  /** Adds a key from a file; false if it was there, and then the keyspace is of no use. */
  load(key: string, value: Value, deadline: number | undefined, access: StoredAccess): boolean {
    const now = this.hooks.now()
    const { idle, frequency } = access
    const counted = frequency === undefined ? newFrequency(now) : withFrequency(frequency, now)
    const usedAt = this.frequency === undefined ? Math.floor(now / 1000) - (idle ?? 0) : counted
    const entry = new Entry(key, value, Math.max(0, usedAt), this.generation)
    if (!this.keys.addNew(entry)) return false
    if (value instanceof HashValue) this.watchFields(entry)
    if (deadline !== undefined) this.setDeadline(entry, deadline)
    return true
  }

  /** Removes an entry. */
  remove(entry: Entry): void {
    if (entry.generation !== this.generation) this.beforeWrite?.(entry)
    if (entry.deadline !== undefined) this.clearDeadline(entry)
    if (entry.fieldDeadline !== undefined) this.unwatchFields(entry)
    this.bytes -= entry.bytes
    this.keys.remove(entry)
  }

  /** Removes a key; true if it was there and had not expired. */
  delete(key: string): boolean {
    const entry = this.peek(key)
    if (entry === undefined) return false
    this.remove(entry)
    return true
  }

  /** When a key expires, in milliseconds since the epoch; `undefined` if it does not. */
  deadlineOf(entry: Entry): number | undefined {
    return entry.deadline?.at
  }

  setDeadline(entry: Entry, at: number): void {
    if (entry.deadline === undefined) entry.deadline = this.deadlines.add(at, entry)
    else this.deadlines.move(entry.deadline, at)
    if (this.deadlines.peek() === entry.deadline) this.hooks.onEarlierDeadline(at)
  }

  /** Makes a key stay for good; true if it had a time to live. */
  clearDeadline(entry: Entry): boolean {
    if (entry.deadline === undefined) return false
    this.deadlines.remove(entry.deadline)
    entry.deadline = undefined
    return true
  }

  /** Follows when the next field of a hash expires, after that may have changed. */
  watchFields(entry: Entry): void {
    const at = entry.value instanceof HashValue ? entry.value.nextDeadline : undefined
    if (at === undefined) {
      if (entry.fieldDeadline !== undefined) this.unwatchFields(entry)
      return
    }
    if (entry.fieldDeadline === undefined) entry.fieldDeadline = this.fieldDeadlines.add(at, entry)
    else this.fieldDeadlines.move(entry.fieldDeadline, at)
    if (this.fieldDeadlines.peek() === entry.fieldDeadline) this.hooks.onEarlierDeadline(at)
  }

  private unwatchFields(entry: Entry): void {
    if (entry.fieldDeadline === undefined) return
    this.fieldDeadlines.remove(entry.fieldDeadline)
    delete entry.fieldDeadline
  }

  /** Removes the fields of a hash that have expired, up to `limit`; false if the key went with them. */
  private expireFieldsOf(entry: Entry, now: number, limit = Infinity): boolean {
    if (entry.fieldDeadline === undefined || entry.fieldDeadline.at >= now || this.frozen) return true
    const { value } = entry
    if (!(value instanceof HashValue)) return true
    // The field may have lost its time to live since.
    if ((value.nextDeadline ?? Infinity) >= now) {
      this.watchFields(entry)
      return true
    }
    if (entry.generation !== this.generation) this.beforeWrite?.(entry)
    const fields = value.removeExpired(now, limit)
    const gone = value.size === 0
    if (gone) this.remove(entry)
    else this.watchFields(entry)
    this.hooks.onFieldsExpire(this, entry.key, fields, gone)
    return !gone
  }

  /** When the next key or field expires. */
  nextDeadline(): number | undefined {
    const key = this.deadlines.peek()?.at
    const field = this.fieldDeadlines.peek()?.at
    return key === undefined || (field !== undefined && field < key) ? field : key
  }

  /** Removes every field that has expired, so that no hash is left that has none. */
  private expireAllFields(now: number): void {
    if (this.frozen) return
    for (let first = this.fieldDeadlines.peek(); first !== undefined && first.at < now;) {
      this.expireFieldsOf(first.owner, now)
      first = this.fieldDeadlines.peek()
    }
  }

  /** Removes up to `limit` expired keys and hashes' fields; returns how many. */
  expireDue(now: number, limit: number): number {
    let removed = 0
    while (removed < limit && !this.frozen) {
      const first = this.fieldDeadlines.peek()
      if (first === undefined || first.at >= now) break
      // Fields of one hash at a time, a portion of them if there are many.
      this.expireFieldsOf(first.owner, now, limit)
      removed++
    }
    while (removed < limit && !this.frozen) {
      const first = this.deadlines.peek()
      if (first === undefined || first.at >= now) break
      this.expire(first.owner)
      removed++
    }
    return removed
  }

  isExpired(entry: Entry, now: number): boolean {
    return entry.deadline !== undefined && entry.deadline.at < now && !this.frozen
  }

  private expire(entry: Entry): void {
    if (this.keepsExpired) return
    this.remove(entry)
    this.hooks.onExpire(this, entry.key)
  }

  /** The entry in a slot, 0 to size - 1, live or not. */
  at(slot: number): Entry | undefined {
    return this.keys.at(slot)
  }

  /** An entry with a time to live chosen at random, live or not. */
  randomExpiring(): Entry | undefined {
    return this.deadlines.random()?.owner
  }

  /** A live key chosen at random. */
  random(): Entry | undefined {
    while (this.keys.size > 0) {
      const entry = this.keys.random()
      if (entry === undefined) return undefined
      if (this.keepsExpired) return entry
      if (this.isExpired(entry, this.hooks.now())) this.expire(entry)
      else if (this.expireFieldsOf(entry, this.hooks.now())) return entry
    }
    return undefined
  }

  /** Visits about `count` entries; see DenseMap. Expired ones are left out. */
  scan(cursor: number, count: number, visit: (entry: Entry) => void): number {
    const now = this.hooks.now()
    this.expireAllFields(now)
    const expired: Array<Entry> = []
    const next = this.keys.scan(cursor, count, (entry) => {
      if (this.isExpired(entry, now)) expired.push(entry)
      else visit(entry)
    })
    for (const entry of expired) this.expire(entry)
    return next
  }

  /** Visits every entry, expired ones too. */
  forEach(visit: (entry: Entry) => void): void {
    this.keys.forEach(visit)
  }

  /** Every live key. */
  liveKeys(): Array<string> {
    const now = this.hooks.now()
    this.expireAllFields(now)
    const out: Array<string> = []
    this.keys.forEach((entry) => {
      if (!this.isExpired(entry, now)) out.push(entry.key)
    })
    return out
  }

  /** Visits about `count` entries from the top, live or not; returns how many are left below. */
  walk(left: number, count: number, visit: (entry: Entry) => void): number {
    return left === 0 ? 0 : this.keys.scan(left, count, visit)
  }

  /** Removes every key. */
  clear(): void {
    const taken = this.keys.take()
    this.bytes = 0
    this.beforeClear?.(taken)
    this.deadlines.clear()
    this.fieldDeadlines.clear()
  }

  /** Whether a key is stored, live or not. */
  has(key: string): boolean {
    return this.keys.get(key) !== undefined
  }

  /** The entry of a key, live or not. */
  raw(key: string): Entry | undefined {
    return this.keys.get(key)
  }

  /** Exchanges those who watch and wait with another database: SWAPDB exchanges keys, not clients. */
  exchangeClients(other: Keyspace): void {
    const { watchers, waiters, goneWaiters } = this
    this.watchers = other.watchers
    this.waiters = other.waiters
    this.goneWaiters = other.goneWaiters
    other.watchers = watchers
    other.waiters = waiters
    other.goneWaiters = goneWaiters
  }
}
