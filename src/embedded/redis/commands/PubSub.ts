import { argument, type Arguments } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { help } from "./Help.ts"
import { ErrorReply, PushReply, type Reply, Sequence } from "../resp/Reply.ts"

type Kind = "" | "p" | "s"

const countFor = (client: Client, kind: Kind): number =>
  kind === "s" ? client.shardChannels.size : client.channels.size + client.patterns.size

const subscribe =
  (kind: Kind) =>
  (client: Client, args: Arguments): Reply => {
    if (client.deniesBlocking && client.resp === 2) {
      throw new ErrorReply(`ERR ${kind.toUpperCase()}SUBSCRIBE isn't allowed for a DENY BLOCKING client`)
    }
    const { broker } = client.server
    const replies: Array<Reply> = []
    for (const channel of args.slice(1)) {
      if (kind === "") broker.subscribe(client, channel)
      else if (kind === "p") broker.subscribePattern(client, channel)
      else broker.subscribeShard(client, channel)
      replies.push(new PushReply([`${kind}subscribe`, channel, countFor(client, kind)]))
    }
    return new Sequence(replies)
  }

const unsubscribe =
  (kind: Kind) =>
  (client: Client, args: Arguments): Reply => {
    const { broker } = client.server
    const own = kind === "" ? client.channels : kind === "p" ? client.patterns : client.shardChannels
    const channels = args.length > 1 ? args.slice(1) : [...own]
    if (channels.length === 0) return new PushReply([`${kind}unsubscribe`, null, countFor(client, kind)])
    return new Sequence(
      channels.map((channel) => {
        if (kind === "") broker.unsubscribe(client, channel)
        else if (kind === "p") broker.unsubscribePattern(client, channel)
        else broker.unsubscribeShard(client, channel)
        return new PushReply([`${kind}unsubscribe`, channel, countFor(client, kind)])
      })
    )
  }

const flags = "pubsub noscript loading stale"

/** Publish and subscribe. */
export const PUBSUB: ReadonlyArray<CommandDefinition> = [
  {
    name: "subscribe",
    arity: -2,
    flags,
    since: "2.0.0",
    summary: "Listens for messages published to channels.",
    run: subscribe("")
  },
  {
    name: "unsubscribe",
    arity: -1,
    flags,
    since: "2.0.0",
    summary: "Stops listening to messages posted to channels.",
    run: unsubscribe("")
  },
  {
    name: "psubscribe",
    arity: -2,
    flags,
    since: "2.0.0",
    summary: "Listens for messages published to channels that match one or more patterns.",
    run: subscribe("p")
  },
  {
    name: "punsubscribe",
    arity: -1,
    flags,
    since: "2.0.0",
    summary: "Stops listening to messages published to channels that match one or more patterns.",
    run: unsubscribe("p")
  },
  {
    name: "ssubscribe",
    arity: -2,
    flags,
    keys: [1, -1, 1],
    since: "7.0.0",
    summary: "Listens for messages published to shard channels.",
    run: subscribe("s")
  },
  {
    name: "sunsubscribe",
    arity: -1,
    flags,
    keys: [1, -1, 1],
    since: "7.0.0",
    summary: "Stops listening to messages posted to shard channels.",
    run: unsubscribe("s")
  },
  {
    name: "publish",
    arity: 3,
    flags: "pubsub loading stale fast may_replicate",
    since: "2.0.0",
    complexity: "O(N+M)",
    summary: "Posts a message to a channel.",
    run: (client, args) => client.server.broker.publish(argument(args, 1), argument(args, 2))
  },
  {
    name: "spublish",
    arity: 3,
    flags: "pubsub loading stale fast may_replicate",
    keys: [1, 1, 1],
    since: "7.0.0",
    complexity: "O(N)",
    summary: "Post a message to a shard channel",
    run: (client, args) => client.server.broker.publishShard(argument(args, 1), argument(args, 2))
  },
  {
    name: "pubsub",
    arity: -2,
    flags: "",
    since: "2.8.0",
    summary: "A container for Pub/Sub commands.",
    subcommands: [
      {
        name: "channels",
        arity: -2,
        flags: "pubsub loading stale",
        since: "2.8.0",
        summary: "Returns the active channels.",
        run: (client, args) => client.server.broker.channels(args[2])
      },
      {
        name: "numsub",
        arity: -2,
        flags: "pubsub loading stale",
        since: "2.8.0",
        summary: "Returns a count of subscribers to channels.",
        run: (client, args) =>
          args
            .slice(2)
            .flatMap((channel): Array<Reply> => [channel, client.server.broker.subscribers(channel)])
      },
      {
        name: "numpat",
        arity: 2,
        flags: "pubsub loading stale",
        since: "2.8.0",
        summary: "Returns a count of unique pattern subscriptions.",
        run: (client) => client.server.broker.patternCount()
      },
      {
        name: "shardchannels",
        arity: -2,
        flags: "pubsub loading stale",
        since: "7.0.0",
        summary: "Returns the active shard channels.",
        run: (client, args) => client.server.broker.shardChannels(args[2])
      },
      {
        name: "shardnumsub",
        arity: -2,
        flags: "pubsub loading stale",
        since: "7.0.0",
        summary: "Returns the count of subscribers of shard channels.",
        run: (client, args) =>
          args
            .slice(2)
            .flatMap((channel): Array<Reply> => [channel, client.server.broker.shardSubscribers(channel)])
      },
      help("pubsub", "6.2.0", [
        "CHANNELS [<pattern>]",
        "    Return the currently active channels matching a <pattern> (default: '*').",
        "NUMPAT",
        "    Return number of subscriptions to patterns.",
        "NUMSUB [<channel> ...]",
        "    Return the number of subscribers for the specified channels, excluding",
        "    pattern subscriptions(default: no channels).",
        "SHARDCHANNELS [<pattern>]",
        "    Return the currently active shard level channels matching a <pattern> (default: '*').",
        "SHARDNUMSUB [<shardchannel> ...]",
        "    Return the number of subscribers for the specified shard level channel(s)"
      ])
    ]
  }
]
