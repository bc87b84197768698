import { ErrorReply, NULL_ARRAY, PushReply, type Reply } from "../resp/Reply.ts"
import type { Client, TrackingOptions, TrackingState } from "../exec/Context.ts"

const CHANNEL = "__redis__:invalidate"

/** What tracking needs of the engine. */
export interface TrackingHost {
  readonly clients: ReadonlyMap<number, Client>
  /** The client whose command runs. */
  readonly current: Client | undefined
  readonly mostTrackedKeys: number
  /** Has `broadcast` called soon. */
  readonly turns: { readonly scheduleFlush: () => void }
}

const overlaps = (left: string, right: string): boolean => {
  const length = Math.min(left.length, right.length)
  return left.slice(0, length) === right.slice(0, length)
}

const checkPrefixes = (existing: ReadonlyArray<string>, added: ReadonlyArray<string>): void => {
  const fail = (prefix: string, kind: string, other: string): never => {
    throw new ErrorReply(
      `ERR Prefix '${prefix}' overlaps with ${kind} prefix '${other}'. Prefixes for a single client must not overlap.`
    )
  }
  for (const [index, prefix] of added.entries()) {
    for (const other of existing) if (overlaps(other, prefix)) fail(prefix, "an existing", other)
    for (const other of added.slice(index + 1)) {
      if (overlaps(prefix, other)) fail(prefix, "another provided", other)
    }
  }
}

/** Tells clients which of the keys that they have read have changed, so that they may keep copies. */
export class ClientTracking {
  private readonly host: TrackingHost
  /** Who has read which key. */
  private readonly readers = new Map<string, Set<number>>()
  private items = 0
  /** Who wants to know of keys that begin with a prefix, and the keys that changed with the client that did it. */
  private readonly prefixes = new Map<
    string,
    { readonly clients: Set<Client>; changed: Map<string, Client | undefined> }
  >()
  private clients = 0
  /** Keys that the current client is told of after its reply; `null` stands for all keys. */
  private own: Array<string | null> = []

  constructor(host: TrackingHost) {
    this.host = host
  }

  /** How many clients track. */
  get clientCount(): number {
    return this.clients
  }

  get keyCount(): number {
    return this.readers.size
  }

  get itemCount(): number {
    return this.items
  }

  get prefixCount(): number {
    return this.prefixes.size
  }

  /** Turns tracking on for a client, or changes how it is done. */
  enable(client: Client, options: TrackingOptions): void {
    const before = client.tracking
    if (before !== undefined && before.broadcast !== options.broadcast) {
      throw new ErrorReply(
        "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode."
      )
    }
    if (options.broadcast && (options.optIn || options.optOut)) {
      throw new ErrorReply("ERR OPTIN and OPTOUT are not compatible with BCAST")
    }
    if (options.optIn && options.optOut) {
      throw new ErrorReply("ERR You can't specify both OPTIN mode and OPTOUT mode")
    }
    if ((options.optIn && before?.optOut === true) || (options.optOut && before?.optIn === true)) {
      throw new ErrorReply(
        "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode."
      )
    }
    const prefixes = options.broadcast && options.prefixes.length === 0 ? [""] : options.prefixes
    const kept = before?.prefixes ?? []
    if (options.broadcast && options.prefixes.length > 0) checkPrefixes(kept, options.prefixes)
    if (before === undefined) this.clients++
    for (const prefix of prefixes) {
      const found = this.prefixes.get(prefix)
      if (found === undefined) this.prefixes.set(prefix, { clients: new Set([client]), changed: new Map() })
      else found.clients.add(client)
    }
    client.tracking = {
      ...options,
      prefixes: [...new Set([...kept, ...prefixes])].toSorted(),
      isCaching: false,
      isBroken: false
    }
  }

  /** Turns tracking off for a client. */
  disable(client: Client): void {
    const { tracking } = client
    if (tracking === undefined) return
    for (const prefix of tracking.prefixes) {
      const found = this.prefixes.get(prefix)
      found?.clients.delete(client)
      if (found?.clients.size === 0) this.prefixes.delete(prefix)
    }
    client.tracking = undefined
    this.clients--
  }

  /** Remembers that a client has read keys. */
  remember(client: Client, tracking: TrackingState, keys: ReadonlyArray<string>): void {
    if (tracking.broadcast) return
    if ((tracking.optIn && !tracking.isCaching) || (tracking.optOut && tracking.isCaching)) return
    for (const key of keys) {
      const ids = this.readers.get(key)
      if (ids === undefined) {
        this.readers.set(key, new Set([client.id]))
        this.items++
      } else if (!ids.has(client.id)) {
        ids.add(client.id)
        this.items++
      }
    }
    this.limit()
  }

  /** A key has changed; `broadcasts` is false when it is only forgotten, which is nobody's doing. */
  invalidate(key: string, broadcasts = true): void {
    const current = broadcasts ? this.host.current : undefined
    if (broadcasts) {
      for (const [prefix, { changed }] of this.prefixes) {
        if (!key.startsWith(prefix)) continue
        changed.set(key, current)
        this.host.turns.scheduleFlush()
      }
    }
    const ids = this.readers.get(key)
    if (ids === undefined) return
    this.readers.delete(key)
    this.items -= ids.size
    for (const id of ids) {
      const target = this.host.clients.get(id)
      const tracking = target?.tracking
      if (target === undefined || tracking === undefined || tracking.broadcast) continue
      if (target !== current) this.send(target, tracking, [key])
      else if (!tracking.noLoop) this.own.push(key)
    }
  }

  /** All keys of a database have gone. */
  invalidateAll(): void {
    if (this.clients > 0) {
      for (const client of this.host.clients.values()) {
        if (client.tracking === undefined) continue
        if (client === this.host.current) this.own.push(null)
        else this.send(client, client.tracking, null)
      }
    }
    this.readers.clear()
    this.items = 0
  }

  /** Tells the client whose command has been answered what it has changed itself. */
  afterReply(client: Client): void {
    if (this.own.length === 0) return
    const { own } = this
    this.own = []
    if (client.tracking === undefined) return
    for (const key of own) this.send(client, client.tracking, key === null ? null : [key])
  }

  /** Tells those who listen to prefixes what has changed since the last time. */
  broadcast(): void {
    for (const state of this.prefixes.values()) {
      if (state.changed.size === 0) continue
      const { changed } = state
      state.changed = new Map()
      for (const client of state.clients) {
        const { tracking } = client
        if (tracking === undefined) continue
        const keys = tracking.noLoop
          ? [...changed].filter(([, by]) => by !== client).map(([key]) => key)
          : [...changed.keys()]
        if (keys.length > 0) this.send(client, tracking, keys)
      }
    }
  }

  get hasBroadcasts(): boolean {
    return this.prefixes.size > 0
  }

  private send(client: Client, tracking: TrackingState, keys: ReadonlyArray<string> | null): void {
    let target = client
    if (tracking.redirect !== 0) {
      const other = this.host.clients.get(tracking.redirect)
      if (other === undefined) {
        tracking.isBroken = true
        if (client.resp === 3) client.push(new PushReply(["tracking-redir-broken", tracking.redirect]))
        return
      }
      target = other
    }
    const payload: Reply = keys === null ? null : [...keys]
    if (target.resp === 3) target.push(new PushReply(["invalidate", payload]))
    else if (
      target !== client &&
      target.channels.size + target.patterns.size + target.shardChannels.size > 0
    ) {
      target.push(new PushReply(["message", CHANNEL, keys === null ? NULL_ARRAY : payload]))
    }
  }

  /** Forgets some keys, as if they had changed, when there are too many. */
  limit(): void {
    const most = this.host.mostTrackedKeys
    if (most === 0) return
    while (this.readers.size > most) {
      const first = this.readers.keys().next()
      if (first.done === true) return
      this.invalidate(first.value, false)
    }
  }
}
