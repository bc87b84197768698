import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client, Command, LatencyEvent } from "../exec/Context.ts"
import { SYNTAX } from "../exec/Errors.ts"
import { ErrorReply, MapReply, OK, type Reply, VerbatimReply } from "../resp/Reply.ts"
import { help } from "./Help.ts"

const slowlogGet = (client: Client, args: Arguments): Reply => {
  let count = 10
  if (args.length > 2) {
    const problem = new ErrorReply("ERR count should be greater than or equal to -1")
    count = integer(argument(args, 2), problem)
    if (count < -1) throw problem
  }
  const { slow } = client.server.observer
  return slow
    .slice(0, count === -1 ? slow.length : count)
    .map(({ id, at, micros, args: words, address, name }) => [id, at, micros, [...words], address, name])
}

const ADMIN = "admin loading stale"

/** SLOWLOG and its subcommands. */
const SLOWLOG: CommandDefinition = {
  name: "slowlog",
  arity: -2,
  flags: "",
  since: "2.2.12",
  complexity: "Depends on subcommand.",
  summary: "A container for slow log commands.",
  subcommands: [
    {
      name: "get",
      arity: -2,
      flags: ADMIN,
      since: "2.2.12",
      complexity: "O(N) where N is the number of entries returned",
      summary: "Returns the slow log's entries.",
      run: slowlogGet
    },
    {
      name: "len",
      arity: 2,
      flags: ADMIN,
      since: "2.2.12",
      summary: "Returns the number of entries in the slow log.",
      run: (client) => client.server.observer.slow.length
    },
    {
      name: "reset",
      arity: 2,
      flags: ADMIN,
      since: "2.2.12",
      complexity: "O(N) where N is the number of entries in the slowlog",
      summary: "Clears all entries from the slow log.",
      run: (client) => {
        client.server.observer.slow.length = 0
        return OK
      }
    },
    help("slowlog", "6.2.0", [
      "GET [<count>]",
      "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
      "    Entries are made of:",
      "    id, timestamp, time in microseconds, arguments array, client IP and port,",
      "    client name",
      "LEN",
      "    Return the length of the slowlog.",
      "RESET",
      "    Reset the slowlog."
    ])
  ]
}

const samples = (client: Client, event: string): ReadonlyArray<LatencyEvent> =>
  client.server.observer.latency.get(event) ?? []

const worst = (events: ReadonlyArray<LatencyEvent>): number =>
  events.reduce((most, { millis }) => Math.max(most, millis), 0)

const latest = (client: Client): Reply =>
  [...client.server.observer.latency].map(([event, events]) => {
    const last = events.at(-1)
    return [event, last?.at ?? 0, last?.millis ?? 0, worst(events)]
  })

const resetLatency = (client: Client, args: Arguments): Reply => {
  const { latency } = client.server.observer
  if (args.length === 2) {
    const { size } = latency
    latency.clear()
    return size
  }
  return args.slice(2).reduce((count, event) => count + (latency.delete(event) ? 1 : 0), 0)
}

const LEVELS = "_o#"
const ROWS = 4

/** A graph of the samples of an event, one column each. */
const graph = (client: Client, args: Arguments): Reply => {
  const event = argument(args, 2)
  const events = samples(client, event)
  if (events.length === 0) throw new ErrorReply(`ERR No samples available for event '${event}'`)
  const most = worst(events)
  const least = events.reduce((low, { millis }) => Math.min(low, millis), Infinity)
  const now = Math.floor(client.server.now / 1000)
  const steps = ROWS * LEVELS.length
  const heights = events.map(({ millis }) =>
    most === least ? 1 : Math.min(steps - 1, Math.floor(((millis - least) / (most - least)) * steps))
  )
  const rows: Array<string> = []
  for (let row = ROWS - 1; row >= 0; row--) {
    rows.push(
      heights
        .map((height) => {
          const level = height - row * LEVELS.length
          return level < 0 ? " " : level >= LEVELS.length ? "|" : (LEVELS[level] ?? " ")
        })
        .join("")
    )
  }
  const labels = events.map(({ at }) => {
    const age = now - at
    return age < 60 ? `${age}s` : age < 3600 ? `${Math.floor(age / 60)}m` : `${Math.floor(age / 3600)}h`
  })
  const longest = Math.max(...labels.map((label) => label.length))
  for (let line = 0; line < longest; line++) rows.push(labels.map((label) => label[line] ?? " ").join(""))
  return new VerbatimReply(
    `${event} - high ${most} ms, low ${least} ms (all time high ${most} ms)\n${"-".repeat(80)}\n${rows.join("\n")}\n`
  )
}

const histogramOf = (command: Command, histogram: Uint32Array, calls: number): ReadonlyArray<Reply> => {
  const buckets: Array<Reply> = []
  let seen = 0
  for (const [bucket, count] of histogram.entries()) {
    if (count === 0) continue
    seen += count
    buckets.push(2 ** bucket, seen)
  }
  return [command.name, new MapReply(["calls", calls, "histogram_usec", new MapReply(buckets)])]
}

const histograms = (client: Client, args: Arguments): Reply => {
  const { commands } = client.server.observer
  const wanted = args.slice(2).map((name) => name.toLowerCase())
  const out: Array<Reply> = []
  for (const [command, { histogram, calls }] of commands) {
    if (calls === 0) continue
    if (
      wanted.length > 0 &&
      !wanted.some((name) => name === command.name || command.name.startsWith(`${name}|`))
    )
      continue
    out.push(...histogramOf(command, histogram, calls))
  }
  return new MapReply(out)
}

const doctor = (client: Client): Reply => {
  const { observer, settings } = client.server
  if (settings.get("latency-monitor-threshold") === "0") {
    return new VerbatimReply(
      "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. You may use \"CONFIG SET latency-monitor-threshold <milliseconds>.\" in order to enable it. If we weren't in a deep space mission I'd suggest to take a look at https://redis.io/topics/latency-monitor.\n"
    )
  }
  if (observer.latency.size === 0) {
    return new VerbatimReply(
      "Dave, no latency spike was observed during the lifetime of this Redis instance, not in the slightest bit. I honestly think you ought to sit down calmly, take a stress pill, and think things over.\n"
    )
  }
  const lines = [...observer.latency].map(
    ([event, events], index) =>
      `${index + 1}. ${event}: ${events.length} latency spikes (average ${Math.round(events.reduce((sum, { millis }) => sum + millis, 0) / events.length)}ms, worst ${worst(events)}ms).`
  )
  return new VerbatimReply(
    `Dave, I have observed latency spikes in this Redis instance. You don't mind talking about it, do you Dave?\n\n${lines.join("\n")}\n`
  )
}

const NOSCRIPT = "admin noscript loading stale"

/** LATENCY and its subcommands. */
const LATENCY: CommandDefinition = {
  name: "latency",
  arity: -2,
  flags: "",
  since: "2.8.13",
  complexity: "Depends on subcommand.",
  summary: "A container for latency diagnostics commands.",
  subcommands: [
    {
      name: "doctor",
      arity: 2,
      flags: NOSCRIPT,
      since: "2.8.13",
      summary: "Returns a human-readable latency analysis report.",
      run: doctor
    },
    {
      name: "graph",
      arity: 3,
      flags: NOSCRIPT,
      since: "2.8.13",
      summary: "Returns a latency graph for an event.",
      run: graph
    },
    {
      name: "histogram",
      arity: -2,
      flags: NOSCRIPT,
      since: "7.0.0",
      complexity: "O(N) where N is the number of commands with latency information being retrieved.",
      summary: "Returns the cumulative distribution of latencies of a subset or all commands.",
      run: histograms
    },
    {
      name: "history",
      arity: 3,
      flags: NOSCRIPT,
      since: "2.8.13",
      summary: "Returns timestamp-latency samples for an event.",
      run: (client, args) => samples(client, argument(args, 2)).map(({ at, millis }) => [at, millis])
    },
    {
      name: "latest",
      arity: 2,
      flags: NOSCRIPT,
      since: "2.8.13",
      summary: "Returns the latest latency samples for all events.",
      run: latest
    },
    {
      name: "reset",
      arity: -2,
      flags: NOSCRIPT,
      since: "2.8.13",
      summary: "Resets the latency data for one or more events.",
      run: resetLatency
    },
    help("latency", "2.8.13", [
      "DOCTOR",
      "    Return a human readable latency analysis report.",
      "GRAPH <event>",
      "    Return an ASCII latency graph for the <event> class.",
      "HISTORY <event>",
      "    Return time-latency samples for the <event> class.",
      "LATEST",
      "    Return the latest latency samples for all events.",
      "RESET [<event> ...]",
      "    Reset latency data of one or more <event> classes.",
      "    (default: reset all data for all event classes)",
      "HISTOGRAM [COMMAND ...]",
      "    Return a cumulative distribution of latencies in the format of a histogram for the specified command names.",
      "    If no commands are specified then all histograms are replied."
    ])
  ]
}

const usage = (client: Client, args: Arguments): Reply => {
  let samplesWanted = 5
  for (let at = 3; at < args.length; at++) {
    if (argument(args, at).toUpperCase() !== "SAMPLES" || at + 1 >= args.length) throw SYNTAX
    samplesWanted = integer(argument(args, ++at))
    if (samplesWanted < 0) throw SYNTAX
  }
  const entry = client.db.peek(argument(args, 2))
  return entry === undefined ? null : client.server.memory.bytesOf(entry, samplesWanted)
}

const memoryStats = (client: Client): Reply => {
  const { memory, databases, scripts, clients } = client.server
  const used = memory.usedBytes()
  const data = memory.dataBytes()
  const keys = databases.reduce((sum, db) => sum + db.size, 0)
  const entries: Array<Reply> = [
    "peak.allocated",
    Math.max(memory.peak, used),
    "total.allocated",
    used,
    "startup.allocated",
    memory.baseBytes,
    "replication.backlog",
    0,
    "clients.slaves",
    0,
    "clients.normal",
    clients.size * 1024,
    "cluster.links",
    0,
    "aof.buffer",
    0,
    "lua.caches",
    scripts.count * 256,
    "functions.caches",
    scripts.libraries.size * 1024
  ]
  for (const db of databases) {
    if (db.size === 0) continue
    entries.push(
      `db.${db.index}`,
      new MapReply(["overhead.hashtable.main", db.size * 64, "overhead.hashtable.expires", db.expiring * 32])
    )
  }
  const { rss } = process.memoryUsage()
  entries.push(
    "overhead.total",
    used - data,
    "keys.count",
    keys,
    "keys.bytes-per-key",
    keys === 0 ? 0 : Math.floor(data / keys),
    "dataset.bytes",
    data,
    "dataset.percentage",
    used === 0 ? "0" : String((data / used) * 100),
    "peak.percentage",
    String((used / Math.max(memory.peak, used)) * 100),
    "fragmentation",
    String(rss / used),
    "fragmentation.bytes",
    rss - used
  )
  return new MapReply(entries)
}

/** MEMORY and its subcommands. */
const MEMORY: CommandDefinition = {
  name: "memory",
  arity: -2,
  flags: "",
  since: "4.0.0",
  complexity: "Depends on subcommand.",
  summary: "A container for memory diagnostics commands.",
  subcommands: [
    {
      name: "usage",
      arity: -3,
      flags: "readonly",
      keys: [2, 2, 1],
      since: "4.0.0",
      complexity: "O(N) where N is the number of samples.",
      summary: "Estimates the memory usage of a key.",
      run: usage
    },
    {
      name: "stats",
      arity: 2,
      flags: "",
      since: "4.0.0",
      summary: "Returns details about memory usage.",
      run: memoryStats
    },
    {
      name: "doctor",
      arity: 2,
      flags: "",
      since: "4.0.0",
      summary: "Outputs a memory problems report.",
      run: (client) =>
        new VerbatimReply(
          client.server.memory.usedBytes() < 5 * 1024 * 1024
            ? "Hi Sam, this instance is empty or is using very little memory, my issue detector can't be used in these conditions. Please, leave for your mission on Earth and fill it with some data. The new Sam and I will be back to our programming as soon as I finished rebooting.\n"
            : "Hi Sam, I can't find any memory issue in your instance. I can only account for what occurs on this base.\n"
        )
    },
    {
      name: "malloc-stats",
      arity: 2,
      flags: "",
      since: "4.0.0",
      summary: "Returns the allocator statistics.",
      run: () => new VerbatimReply("Stats not supported for the current allocator")
    },
    {
      name: "purge",
      arity: 2,
      flags: "",
      since: "4.0.0",
      summary: "Asks the allocator to release memory.",
      run: () => OK
    },
    help("memory", "4.0.0", [
      "DOCTOR",
      "    Return memory problems reports.",
      "MALLOC-STATS",
      "    Return internal statistics report from the memory allocator.",
      "PURGE",
      "    Attempt to purge dirty pages for reclamation by the allocator.",
      "STATS",
      "    Return information about the memory usage of the server.",
      "USAGE <key> [SAMPLES <count>]",
      "    Return memory in bytes used by <key> and its value. Nested values are",
      "    sampled up to <count> times (default: 5, 0 means sample all)."
    ])
  ]
}

/** Commands that watch the server. */
export const MONITORING: ReadonlyArray<CommandDefinition> = [
  {
    name: "monitor",
    arity: 1,
    flags: "admin noscript loading stale",
    since: "1.0.0",
    summary: "Listens for all requests received by the server in real-time.",
    run: (client) => {
      if (client.deniesBlocking) throw new ErrorReply("ERR MONITOR isn't allowed for DENY BLOCKING client")
      client.server.monitor(client, true)
      return OK
    }
  },
  SLOWLOG,
  LATENCY,
  MEMORY
]
