import type { Entry } from "../db/Entry.ts"
import type { Keyspace, KeyspaceHooks } from "../db/Keyspace.ts"
import type { Arguments } from "../exec/Arguments.ts"
import { type Broker, NOTIFY } from "../exec/Context.ts"
import type { Statistics } from "./Info.ts"

/** What is told of keys that change by themselves needs of the engine. */
export interface KeyEventsHost {
  readonly now: number
  readonly settings: { readonly events: number }
  readonly broker: Broker
  readonly tracking: { readonly invalidate: (key: string) => void }
  readonly expiry: { readonly arm: (at: number) => void }
  readonly propagate: (db: Keyspace, args: Arguments) => void
  readonly wake: (db: Keyspace, key: string) => void
  readonly atomically: <A>(body: () => A) => A
}

/** Logs and announces what happens to keys without a command that does it: expiry and eviction. */
export class KeyEvents implements KeyspaceHooks {
  private readonly host: KeyEventsHost
  private readonly statistics: Statistics

  constructor(host: KeyEventsHost, statistics: Statistics) {
    this.host = host
    this.statistics = statistics
  }

  now(): number {
    return this.host.now
  }

  onNew(db: Keyspace, key: string): void {
    this.notify(db, key, NOTIFY.newKey, "new")
  }

  onEarlierDeadline(at: number): void {
    this.host.expiry.arm(at)
  }

  /** Publishes a keyspace event, to those who asked for its class. */
  notify(db: Keyspace, key: string, kind: number, event: string): void {
    const { settings, broker } = this.host
    const { events } = settings
    if ((events & kind) === 0) return
    if ((events & NOTIFY.keyspace) !== 0) broker.publish(`__keyspace@${db.index}__:${key}`, event)
    if ((events & NOTIFY.keyevent) !== 0) broker.publish(`__keyevent@${db.index}__:${event}`, key)
  }

  onExpire(db: Keyspace, key: string): void {
    const { host } = this
    this.statistics.expired++
    db.watchers.touch(key)
    host.wake(db, key)
    host.tracking.invalidate(key)
    host.propagate(db, ["DEL", key])
    this.notify(db, key, NOTIFY.expired, "expired")
  }

  onFieldsExpire(db: Keyspace, key: string, fields: ReadonlyArray<string>, gone: boolean): void {
    const { host } = this
    db.watchers.touch(key)
    host.tracking.invalidate(key)
    host.propagate(db, ["HDEL", key, ...fields])
    this.notify(db, key, NOTIFY.hash, "hexpired")
    if (!gone) return
    host.wake(db, key)
    this.notify(db, key, NOTIFY.generic, "del")
  }

  /** Removes a key for want of memory. */
  evict(db: Keyspace, entry: Entry): void {
    this.host.atomically(() => {
      const { key } = entry
      db.remove(entry)
      db.watchers.touch(key)
      this.host.tracking.invalidate(key)
      this.host.propagate(db, ["DEL", key])
      this.notify(db, key, NOTIFY.evicted, "evicted")
    })
  }
}
