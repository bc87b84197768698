import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { SYNTAX } from "../exec/Errors.ts"
import { MapReply, OK, type Reply, VerbatimReply } from "../resp/Reply.ts"
import { help } from "./Help.ts"

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
export const MEMORY: CommandDefinition = {
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
