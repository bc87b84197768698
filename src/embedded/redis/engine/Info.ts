import { REDIS_VERSION } from "../commands/Connection.ts"
import type { Server } from "../exec/Context.ts"

/** Counters that INFO shows. */
export interface Statistics {
  connections: number
  commands: number
  expired: number
  rejected: number
}

type Section = ReadonlyArray<readonly [string, string | number]>

const SEPARATOR = "\r\n"

/** Builds the reply of INFO. */
export const buildInfo = (
  server: Server,
  statistics: Statistics,
  blocked: number,
  wanted: ReadonlyArray<string>
): string => {
  const uptime = Math.max(0, Math.floor((server.now - server.startedAt) / 1000))
  const sections: Record<string, () => Section> = {
    server: () => [
      ["redis_version", REDIS_VERSION],
      ["redis_git_sha1", "00000000"],
      ["redis_git_dirty", 0],
      ["redis_build_id", "0"],
      ["redis_mode", "standalone"],
      ["os", `${process.platform} ${process.arch}`],
      ["arch_bits", 64],
      ["multiplexing_api", "node"],
      ["process_id", process.pid],
      ["run_id", server.runId],
      ["tcp_port", server.settings.get("port")],
      ["server_time_usec", server.now * 1000],
      ["uptime_in_seconds", uptime],
      ["uptime_in_days", Math.floor(uptime / 86400)],
      ["hz", server.settings.get("hz")],
      ["configured_hz", server.settings.get("hz")],
      ["executable", process.execPath],
      ["config_file", ""]
    ],
    clients: () => [
      ["connected_clients", server.clients.size],
      ["cluster_connections", 0],
      ["maxclients", server.settings.get("maxclients")],
      ["blocked_clients", blocked],
      ["tracking_clients", 0],
      ["clients_in_timeout_table", 0]
    ],
    memory: () => {
      const { heapUsed, rss, external } = process.memoryUsage()
      return [
        ["used_memory", heapUsed + external],
        ["used_memory_human", `${((heapUsed + external) / 1048576).toFixed(2)}M`],
        ["used_memory_rss", rss],
        ["used_memory_peak", rss],
        ["used_memory_scripts", 0],
        ["number_of_cached_scripts", server.scripts.count],
        ["maxmemory", server.settings.get("maxmemory")],
        ["maxmemory_policy", server.settings.get("maxmemory-policy")],
        ["mem_allocator", "v8"]
      ]
    },
    persistence: () => [
      ["loading", 0],
      ["async_loading", 0],
      ...(server.persistence?.info() ?? [["aof_enabled", 0] as const])
    ],
    stats: () => [
      ["total_connections_received", statistics.connections],
      ["total_commands_processed", statistics.commands],
      ["rejected_connections", statistics.rejected],
      ["expired_keys", statistics.expired],
      ["evicted_keys", 0],
      ["keyspace_hits", server.databases.reduce((sum, db) => sum + db.hits, 0)],
      ["keyspace_misses", server.databases.reduce((sum, db) => sum + db.misses, 0)],
      ["pubsub_channels", server.broker.channels(undefined).length],
      ["pubsub_patterns", server.broker.patternCount()]
    ],
    replication: () => [
      ["role", "master"],
      ["connected_slaves", 0],
      ["master_failover_state", "no-failover"],
      ["master_replid", server.runId],
      ["master_repl_offset", 0]
    ],
    cpu: () => {
      const { user, system } = process.cpuUsage()
      return [
        ["used_cpu_sys", (system / 1e6).toFixed(6)],
        ["used_cpu_user", (user / 1e6).toFixed(6)]
      ]
    },
    modules: () => [],
    commandstats: () =>
      [...server.commandCalls].map(([name, calls]) => [`cmdstat_${name}`, `calls=${calls}`] as const),
    errorstats: () => [],
    cluster: () => [["cluster_enabled", 0]],
    keyspace: () =>
      server.databases
        .filter((db) => db.size > 0)
        .map((db) => [`db${db.index}`, `keys=${db.size},expires=${db.expiring},avg_ttl=0`] as const)
  }
  const usual = Object.keys(sections).filter((name) => name !== "commandstats")
  const names = wanted.length === 0 ? usual : expand(wanted, usual, Object.keys(sections))
  return names
    .map((name) => {
      const title = name === "cpu" ? "CPU" : name[0]?.toUpperCase() + name.slice(1)
      const lines = (sections[name]?.() ?? []).map(([key, value]) => `${key}:${value}`)
      return [`# ${title}`, ...lines, ""].join(SEPARATOR)
    })
    .join(SEPARATOR)
}

const expand = (
  wanted: ReadonlyArray<string>,
  usual: ReadonlyArray<string>,
  all: ReadonlyArray<string>
): ReadonlyArray<string> => {
  if (wanted.includes("all") || wanted.includes("everything")) return all
  return all.filter((name) => wanted.includes(name) || (wanted.includes("default") && usual.includes(name)))
}
