import { frequencyOf } from "../db/Access.ts"
import type { Entry } from "../db/Entry.ts"
import type { Keyspace } from "../db/Keyspace.ts"
import { keyBytes } from "../types/MemorySize.ts"
import type { EngineSettings } from "./Settings.ts"

/** What the accounts need of the engine. */
export interface MemoryHost {
  readonly settings: EngineSettings
  readonly databases: ReadonlyArray<Keyspace>
  readonly now: number
  /** Removes a key for want of memory. */
  readonly evict: (db: Keyspace, entry: Entry) => void
  /** Bytes of what is no key: scripts, clients. */
  readonly otherBytes: () => number
}

/** What an empty server is said to use. */
const BASE_BYTES = 1024 * 1024
/** Keys that are looked at to guess the size of all of them, while nobody asked for a limit. */
const GUESSED_FROM = 512
/** How long one command may be held up by eviction. */
const EVICT_MILLIS = 5

/**
 * Knows how much memory the data takes, and frees some. Until a limit is set it only guesses when asked, which costs
 * commands nothing; from then on each key that is changed is measured again.
 */
export class MemoryAccount {
  evicted = 0
  peak = 0
  private readonly host: MemoryHost
  private active = false
  private readonly touched = new Map<Keyspace, Set<string>>()

  constructor(host: MemoryHost) {
    this.host = host
  }

  /** Bytes of keys and values. */
  dataBytes(): number {
    if (this.active) {
      this.settle()
      return this.host.databases.reduce((sum, db) => sum + db.bytes, 0)
    }
    let keys = 0
    for (const db of this.host.databases) keys += db.size
    if (keys === 0) return 0
    let sum = 0
    let seen = 0
    for (const db of this.host.databases) {
      const step = Math.max(1, Math.floor(keys / GUESSED_FROM))
      for (let slot = 0; slot < db.size; slot += step) {
        const entry = db.at(slot)
        if (entry === undefined) continue
        sum += keyBytes(entry.key, entry.value)
        seen++
      }
    }
    return Math.round((sum / Math.max(1, seen)) * keys)
  }

  /** All bytes in use, as `maxmemory` counts them. */
  usedBytes(): number {
    const used = BASE_BYTES + this.host.otherBytes() + this.dataBytes()
    if (used > this.peak) this.peak = used
    return used
  }

  /** About how many bytes a key takes. */
  bytesOf(entry: Entry, samples: number): number {
    return keyBytes(entry.key, entry.value, samples)
  }

  get baseBytes(): number {
    return BASE_BYTES + this.host.otherBytes()
  }

  /** A key was changed. */
  touch(db: Keyspace, key: string): void {
    if (!this.active) return
    const keys = this.touched.get(db)
    if (keys === undefined) this.touched.set(db, new Set([key]))
    else keys.add(key)
  }

  private settle(): void {
    for (const [db, keys] of this.touched) {
      for (const key of keys) {
        const entry = db.raw(key)
        if (entry !== undefined) this.measure(db, entry)
      }
    }
    this.touched.clear()
  }

  private measure(db: Keyspace, entry: Entry): void {
    const bytes = keyBytes(entry.key, entry.value)
    db.bytes += bytes - entry.bytes
    entry.bytes = bytes
  }

  private activate(): void {
    if (this.active) return
    this.active = true
    for (const db of this.host.databases) db.forEach((entry) => this.measure(db, entry))
  }

  /** Frees memory if there is a limit; false if more is used than it allows and nothing more can be freed. */
  makeRoom(): boolean {
    const { maxMemory } = this.host.settings
    if (maxMemory === 0) return true
    this.activate()
    const policy = this.host.settings.get("maxmemory-policy")
    const start = performance.now()
    while (this.usedBytes() > maxMemory) {
      const victim = policy === "noeviction" ? undefined : this.victim(policy)
      if (victim === undefined) return false
      this.evicted++
      this.host.evict(victim.db, victim.entry)
      if (performance.now() - start > EVICT_MILLIS) return true
    }
    return true
  }

  /** The key to remove: the best of a few that are chosen at random. */
  private victim(policy: string): { readonly db: Keyspace; readonly entry: Entry } | undefined {
    const { settings, databases, now } = this.host
    const expiring = policy.startsWith("volatile-")
    const samples = policy.endsWith("-random") ? 1 : settings.number("maxmemory-samples")
    let best: { readonly db: Keyspace; readonly entry: Entry } | undefined
    let bestScore = -Infinity
    for (const db of databases) {
      if ((expiring ? db.expiring : db.size) === 0) continue
      for (let at = 0; at < samples; at++) {
        const entry = expiring ? db.randomExpiring() : db.at(Math.floor(Math.random() * db.size))
        if (entry === undefined) continue
        const score =
          policy === "volatile-ttl"
            ? -(db.deadlineOf(entry) ?? Infinity)
            : policy.endsWith("-lfu")
              ? 255 - frequencyOf(entry.usedAt, now, settings.frequency)
              : policy.endsWith("-lru")
                ? now / 1000 - entry.usedAt
                : Math.random()
        if (score > bestScore) {
          bestScore = score
          best = { db, entry }
        }
      }
    }
    return best
  }
}
