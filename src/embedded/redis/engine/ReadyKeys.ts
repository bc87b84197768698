import type { Keyspace } from "../db/Keyspace.ts"

/** Keys that clients wait for and that have changed: those clients are served after the command. */
export class ReadyKeys {
  private ready: Array<readonly [Keyspace, string]> = []

  get isEmpty(): boolean {
    return this.ready.length === 0
  }

  /** Lets those who wait for a key have a look. */
  add(db: Keyspace, key: string): void {
    if (db.waiters.size > 0 && db.waiters.has(key)) this.ready.push([db, key])
  }

  /** Lets everyone who waits in a database have a look. */
  addAll(db: Keyspace): void {
    for (const key of db.waiters.keys()) this.ready.push([db, key])
  }

  /** Serves until nothing is ready; `serving` surrounds what each client takes. */
  serve(serving: (take: () => void) => void): void {
    while (this.ready.length > 0) {
      const { ready } = this
      this.ready = []
      for (const [db, key] of ready) {
        for (const waiter of db.waiters.get(key) ?? []) {
          if (!db.has(key)) {
            if (db.goneWaiters === 0) break
            if (!waiter.servesGone) continue
          }
          serving(() => waiter.serve(key))
        }
      }
    }
  }
}
