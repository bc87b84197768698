import type { CommandDefinition } from "../exec/CommandTable.ts"
import { ErrorReply, type Reply } from "../resp/Reply.ts"

const noCluster = (): Reply => {
  throw new ErrorReply("ERR This instance has cluster support disabled")
}

const ADMIN = "admin stale"
const CHANGE = "admin stale no_async_loading"

/** Name, arity, flags and the version that brought it. */
const SUBCOMMANDS: ReadonlyArray<readonly [name: string, arity: number, flags: string, since?: string]> = [
  ["addslots", -3, CHANGE],
  ["addslotsrange", -4, CHANGE, "7.0.0"],
  ["bumpepoch", 2, CHANGE],
  ["count-failure-reports", 3, ADMIN],
  ["countkeysinslot", 3, "stale"],
  ["delslots", -3, CHANGE],
  ["delslotsrange", -4, CHANGE, "7.0.0"],
  ["failover", -2, CHANGE],
  ["flushslots", 2, CHANGE],
  ["forget", 3, CHANGE],
  ["getkeysinslot", 4, "stale"],
  ["help", 2, "loading stale", "5.0.0"],
  ["info", 2, "stale"],
  ["keyslot", 3, "stale"],
  ["links", 2, "stale", "7.0.0"],
  ["meet", -4, CHANGE],
  ["myid", 2, "stale"],
  ["nodes", 2, "stale"],
  ["replicas", 3, ADMIN, "5.0.0"],
  ["replicate", 3, CHANGE],
  ["reset", -2, "admin noscript stale"],
  ["saveconfig", 2, CHANGE],
  ["set-config-epoch", 3, CHANGE],
  ["setslot", -4, CHANGE],
  ["shards", 2, "stale", "7.0.0"],
  ["slaves", 3, ADMIN],
  ["slots", 2, "stale"]
]

const plain = (name: string, flags: string, summary: string): CommandDefinition => ({
  name,
  arity: 1,
  flags,
  group: "cluster",
  since: "3.0.0",
  summary,
  run: noCluster
})

/** Commands of a cluster, which answer as a server does that is not in one. */
export const CLUSTER: ReadonlyArray<CommandDefinition> = [
  {
    name: "cluster",
    arity: -2,
    flags: "",
    group: "cluster",
    since: "3.0.0",
    complexity: "Depends on subcommand.",
    summary: "A container for Redis Cluster commands.",
    subcommands: SUBCOMMANDS.map(([name, arity, flags, since = "3.0.0"]) => ({
      name,
      arity,
      flags,
      since,
      summary: "Not available: this server is no member of a cluster.",
      run: noCluster
    }))
  },
  plain("asking", "fast", "Signals that a cluster client is following an -ASK redirect."),
  plain(
    "readonly",
    "loading stale fast",
    "Enables read-only queries for a connection to a replica of a cluster."
  ),
  plain(
    "readwrite",
    "loading stale fast",
    "Enables read-write queries for a connection to a replica of a cluster."
  )
]
