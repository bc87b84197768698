import { argument, type Arguments } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client, Command, LatencyEvent } from "../exec/Context.ts"
import { ErrorReply, MapReply, type Reply, VerbatimReply } from "../resp/Reply.ts"
import { help } from "./Help.ts"

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
export const LATENCY: CommandDefinition = {
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
