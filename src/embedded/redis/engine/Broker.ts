import type { Broker, Client } from "../exec/Context.ts"
import { globMatch } from "../format/Glob.ts"
import { PushReply } from "../resp/Reply.ts"

type Registry = Map<string, Set<Client>>

const add = (registry: Registry, name: string, client: Client): void => {
  const set = registry.get(name)
  if (set === undefined) registry.set(name, new Set([client]))
  else set.add(client)
}

const remove = (registry: Registry, name: string, client: Client): void => {
  const set = registry.get(name)
  set?.delete(client)
  if (set?.size === 0) registry.delete(name)
}

/** Carries messages from publishers to subscribers. */
export class MessageBroker implements Broker {
  private readonly byChannel: Registry = new Map()
  private readonly byPattern: Registry = new Map()
  private readonly byShard: Registry = new Map()

  publish(channel: string, message: string): number {
    let receivers = 0
    const direct = this.byChannel.get(channel)
    if (direct !== undefined) {
      const push = new PushReply(["message", channel, message])
      for (const client of direct) client.push(push)
      receivers += direct.size
    }
    for (const [pattern, clients] of this.byPattern) {
      if (!globMatch(pattern, channel)) continue
      const push = new PushReply(["pmessage", pattern, channel, message])
      for (const client of clients) client.push(push)
      receivers += clients.size
    }
    return receivers
  }

  publishShard(channel: string, message: string): number {
    const direct = this.byShard.get(channel)
    if (direct === undefined) return 0
    const push = new PushReply(["smessage", channel, message])
    for (const client of direct) client.push(push)
    return direct.size
  }

  subscribe(client: Client, channel: string): void {
    client.channels.add(channel)
    add(this.byChannel, channel, client)
  }

  unsubscribe(client: Client, channel: string): void {
    client.channels.delete(channel)
    remove(this.byChannel, channel, client)
  }

  subscribePattern(client: Client, pattern: string): void {
    client.patterns.add(pattern)
    add(this.byPattern, pattern, client)
  }

  unsubscribePattern(client: Client, pattern: string): void {
    client.patterns.delete(pattern)
    remove(this.byPattern, pattern, client)
  }

  subscribeShard(client: Client, channel: string): void {
    client.shardChannels.add(channel)
    add(this.byShard, channel, client)
  }

  unsubscribeShard(client: Client, channel: string): void {
    client.shardChannels.delete(channel)
    remove(this.byShard, channel, client)
  }

  channels(pattern: string | undefined): Array<string> {
    return matching(this.byChannel, pattern)
  }

  shardChannels(pattern: string | undefined): Array<string> {
    return matching(this.byShard, pattern)
  }

  subscribers(channel: string): number {
    return this.byChannel.get(channel)?.size ?? 0
  }

  shardSubscribers(channel: string): number {
    return this.byShard.get(channel)?.size ?? 0
  }

  patternCount(): number {
    return this.byPattern.size
  }

  /** Forgets a client that has gone. */
  drop(client: Client): void {
    for (const channel of client.channels) remove(this.byChannel, channel, client)
    for (const pattern of client.patterns) remove(this.byPattern, pattern, client)
    for (const channel of client.shardChannels) remove(this.byShard, channel, client)
    client.channels.clear()
    client.patterns.clear()
    client.shardChannels.clear()
  }
}

const matching = (registry: Registry, pattern: string | undefined): Array<string> =>
  [...registry.keys()].filter((name) => pattern === undefined || globMatch(pattern, name))
