/** Someone who wants to know when a key changes: a client that has called WATCH. */
export interface Watcher {
  dirty: boolean
}

/** Who watches which keys of a database. */
export class Watchers {
  private readonly byKey = new Map<string, Set<Watcher>>()

  add(key: string, watcher: Watcher): void {
    const set = this.byKey.get(key)
    if (set === undefined) this.byKey.set(key, new Set([watcher]))
    else set.add(watcher)
  }

  remove(key: string, watcher: Watcher): void {
    const set = this.byKey.get(key)
    set?.delete(watcher)
    if (set?.size === 0) this.byKey.delete(key)
  }

  /** Marks those who watch a key. */
  touch(key: string): void {
    if (this.byKey.size === 0) return
    const set = this.byKey.get(key)
    if (set !== undefined) for (const watcher of set) watcher.dirty = true
  }

  /** Marks those who watch a key that is about to go (or to come) with the whole database. */
  touchAll(exists: (key: string) => boolean): void {
    for (const [key, set] of this.byKey) {
      if (exists(key)) for (const watcher of set) watcher.dirty = true
    }
  }
}
