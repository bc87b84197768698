import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { NO_SUCH_KEY, wrongUsage } from "../exec/Errors.ts"
import { formatStreamId, HIGHEST_ID, LOWEST_ID, type StreamId } from "../format/StreamIds.ts"
import { MapReply, type Reply } from "../resp/Reply.ts"
import type { StreamLog } from "../structures/StreamLog.ts"
import type { ConsumerGroup, StreamValue } from "../types/StreamValue.ts"
import { readStream } from "./Access.ts"
import { help } from "./Help.ts"
import { entryReply } from "./StreamArguments.ts"
import { noGroupOfKey } from "./StreamEffects.ts"

const required = (client: Client, args: Arguments): StreamValue => {
  const stream = readStream(client, argument(args, 2))
  if (stream === undefined) throw NO_SUCH_KEY
  return stream
}

const commonPrefix = (left: StreamId, right: StreamId): number => {
  let at = 0
  while (at < left.length && left.charCodeAt(at) === right.charCodeAt(at)) at++
  return at
}

/** How many nodes Redis's radix tree has below a depth for some of the keys, which are in order. */
const radixNodesOf = (keys: ReadonlyArray<StreamId>, low: number, high: number, depth: number): number => {
  const first = keys[low] ?? ""
  if (high - low === 1) return first.length > depth ? 2 : 1
  const branch = commonPrefix(first, keys[high - 1] ?? "")
  let nodes = branch > depth ? 2 : 1
  for (let start = low; start < high;) {
    const byte = (keys[start] ?? "").charCodeAt(branch)
    let end = start + 1
    while (end < high && (keys[end] ?? "").charCodeAt(branch) === byte) end++
    nodes += radixNodesOf(keys, start, end, branch + 1)
    start = end
  }
  return nodes
}

/** What was counted for a log, and after how many changes of its nodes. */
const counted = new WeakMap<StreamLog, { readonly changes: number; readonly nodes: number }>()

/** Counts only when nodes have come or gone since the last time: one in a hundred entries makes one. */
const radixNodes = ({ log }: StreamValue): number => {
  const known = counted.get(log)
  if (known?.changes === log.nodeChanges) return known.nodes
  const keys = [...log.nodes()].map((node) => node.key)
  const nodes = keys.length === 0 ? 1 : radixNodesOf(keys, 0, keys.length, 0)
  counted.set(log, { changes: log.nodeChanges, nodes })
  return nodes
}

/** What both forms of XINFO STREAM begin with. */
const basics = (stream: StreamValue): Array<Reply> => [
  "length",
  stream.length,
  "radix-tree-keys",
  stream.log.nodeCount,
  "radix-tree-nodes",
  radixNodes(stream),
  "last-generated-id",
  formatStreamId(stream.lastId),
  "max-deleted-entry-id",
  formatStreamId(stream.maxDeletedId),
  "entries-added",
  stream.entriesAdded,
  "recorded-first-entry-id",
  formatStreamId(stream.firstId)
]

const edge = (stream: StreamValue, last: boolean): Reply => {
  const [entry] = stream.log.range(LOWEST_ID, HIGHEST_ID, 1, last)
  return entry === undefined ? null : entryReply(entry)
}

const fullGroup = (stream: StreamValue, name: string, group: ConsumerGroup, count: number): MapReply =>
  new MapReply([
    "name",
    name,
    "last-delivered-id",
    formatStreamId(group.lastId),
    "entries-read",
    group.entriesRead ?? null,
    "lag",
    stream.lagOf(group) ?? null,
    "pel-count",
    group.pending.size,
    "pending",
    group.pending
      .range(LOWEST_ID, count)
      .map((entry) => [formatStreamId(entry.key), entry.consumer.name, entry.deliveredAt, entry.deliveries]),
    "consumers",
    group
      .list()
      .map(
        (consumer) =>
          new MapReply([
            "name",
            consumer.name,
            "seen-time",
            consumer.seenTime,
            "pel-count",
            consumer.pending.size,
            "pending",
            consumer.pending
              .range(LOWEST_ID, count)
              .map((entry) => [formatStreamId(entry.key), entry.deliveredAt, entry.deliveries])
          ])
      )
  ])

const DEFAULT_COUNT = 10

const stream = (client: Client, args: Arguments): Reply => {
  const value = required(client, args)
  if (args.length === 3) {
    return new MapReply([
      ...basics(value),
      "groups",
      value.groups.size,
      "first-entry",
      edge(value, false),
      "last-entry",
      edge(value, true)
    ])
  }
  if ((args.length !== 4 && args.length !== 6) || argument(args, 3).toUpperCase() !== "FULL") {
    throw wrongUsage(args)
  }
  let count = DEFAULT_COUNT
  if (args.length === 6) {
    if (argument(args, 4).toUpperCase() !== "COUNT") throw wrongUsage(args)
    count = integer(argument(args, 5))
    if (count < 0) count = DEFAULT_COUNT
  }
  const most = count === 0 ? Infinity : count
  return new MapReply([
    ...basics(value),
    "entries",
    value.log.range(LOWEST_ID, HIGHEST_ID, most).map(entryReply),
    "groups",
    value.listGroups().map(([name, group]) => fullGroup(value, name, group, most))
  ])
}

const groups = (client: Client, args: Arguments): Reply => {
  const value = required(client, args)
  return value
    .listGroups()
    .map(
      ([name, group]) =>
        new MapReply([
          "name",
          name,
          "consumers",
          group.consumers.size,
          "pending",
          group.pending.size,
          "last-delivered-id",
          formatStreamId(group.lastId),
          "entries-read",
          group.entriesRead ?? null,
          "lag",
          value.lagOf(group) ?? null
        ])
    )
}

const consumers = (client: Client, args: Arguments): Reply => {
  const group = required(client, args).groups.get(argument(args, 3))
  if (group === undefined) throw noGroupOfKey(argument(args, 2), argument(args, 3))
  return group
    .list()
    .map(
      (consumer) =>
        new MapReply([
          "name",
          consumer.name,
          "pending",
          consumer.pending.size,
          "idle",
          Math.max(0, client.server.now - consumer.seenTime)
        ])
    )
}

const HELP = [
  "CONSUMERS <key> <groupname>",
  "    Show consumers of <groupname>.",
  "GROUPS <key>",
  "    Show the stream consumer groups.",
  "STREAM <key> [FULL [COUNT <count>]",
  "    Show information about the stream."
]

const since = "5.0.0"
const keys = [2, 2, 1] as const
const flags = "readonly"

/** XINFO. */
export const STREAM_INFO: ReadonlyArray<CommandDefinition> = [
  {
    name: "xinfo",
    arity: -2,
    flags: "",
    since,
    complexity: "Depends on subcommand.",
    summary: "A container for stream introspection commands.",
    subcommands: [
      {
        name: "stream",
        arity: -3,
        flags,
        keys,
        since,
        complexity: "O(N) with N being the number of entries divided by stream-node-max-entries.",
        summary: "Returns information about a stream.",
        run: stream
      },
      {
        name: "groups",
        arity: 3,
        flags,
        keys,
        since,
        summary: "Returns a list of the consumer groups of a stream.",
        run: groups
      },
      {
        name: "consumers",
        arity: 4,
        flags,
        keys,
        since,
        summary: "Returns a list of the consumers in a consumer group.",
        run: consumers
      },
      help("xinfo", since, HELP)
    ]
  }
]
