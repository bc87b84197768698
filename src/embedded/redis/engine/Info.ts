import { REDIS_VERSION } from "../commands/Connection.ts"
import type { Command, CommandStatistics, Server } from "../exec/Context.ts"
import { percentile } from "./Percentiles.ts"

/** Counters that INFO shows. */
export interface Statistics {
  connections: number
  commands: number
  expired: number
  rejected: number
  evictedClients: number
}

/** Nothing counted yet. */
export const emptyStatistics = (): Statistics => ({
  connections: 0,
  commands: 0,
  expired: 0,
  rejected: 0,
  evictedClients: 0
})

type Field = readonly [string, string | number]
type Section = ReadonlyArray<Field>

const SEPARATOR = "\r\n"

/** A number of bytes for people. */
const human = (bytes: number): string => {
  if (bytes < 1024) return `${bytes}B`
  const units = ["K", "M", "G", "T"]
  let value = bytes / 1024
  let unit = 0
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024
  return `${value.toFixed(2)}${units[unit]}`
}

const memory = (server: Server): Section => {
  const used = server.memory.usedBytes()
  const data = server.memory.dataBytes()
  const { heapUsed, rss, external } = process.memoryUsage()
  const peak = Math.max(server.memory.peak, used)
  const max = Number(server.settings.get("maxmemory"))
  const lua = server.scripts.usedBytes
  return [
    ["used_memory", used],
    ["used_memory_human", human(used)],
    ["used_memory_rss", rss],
    ["used_memory_rss_human", human(rss)],
    ["used_memory_peak", peak],
    ["used_memory_peak_human", human(peak)],
    ["used_memory_peak_perc", `${((used / peak) * 100).toFixed(2)}%`],
    ["used_memory_overhead", used - data],
    ["used_memory_startup", server.memory.baseBytes],
    ["used_memory_dataset", data],
    ["used_memory_dataset_perc", `${used === 0 ? "0.00" : ((data / used) * 100).toFixed(2)}%`],
    ["allocator_allocated", heapUsed + external],
    ["allocator_active", heapUsed + external],
    ["allocator_resident", rss],
    ["used_memory_lua", lua],
    ["used_memory_vm_eval", lua],
    ["used_memory_lua_human", human(lua)],
    ["used_memory_scripts_eval", server.scripts.count * 256],
    ["number_of_cached_scripts", server.scripts.count],
    ["number_of_functions", server.scripts.libraries.functionCount],
    ["number_of_libraries", server.scripts.libraries.size],
    ["used_memory_vm_functions", 0],
    ["used_memory_vm_total", lua],
    ["used_memory_functions", server.scripts.libraries.size * 1024],
    ["used_memory_scripts", server.scripts.count * 256 + server.scripts.libraries.size * 1024],
    ["maxmemory", max],
    ["maxmemory_human", human(max)],
    ["maxmemory_policy", server.settings.get("maxmemory-policy")],
    ["mem_fragmentation_ratio", (rss / Math.max(1, used)).toFixed(2)],
    ["mem_not_counted_for_evict", 0],
    ["mem_replication_backlog", 0],
    ["mem_total_replication_buffers", 0],
    ["mem_clients_slaves", 0],
    ["mem_clients_normal", server.clients.size * 1024],
    ["mem_cluster_links", 0],
    ["mem_aof_buffer", 0],
    ["mem_allocator", "v8"],
    ["active_defrag_running", 0],
    ["lazyfree_pending_objects", 0],
    ["lazyfreed_objects", 0]
  ]
}

const commandLine = (command: Command, statistics: CommandStatistics): Field => {
  const { calls, micros, rejected, failed } = statistics
  const each = calls === 0 ? 0 : micros / calls
  return [
    `cmdstat_${command.name}`,
    `calls=${calls},usec=${Math.round(micros)},usec_per_call=${each.toFixed(2)},rejected_calls=${rejected},failed_calls=${failed}`
  ]
}

const latencyLine = (server: Server, command: Command, statistics: CommandStatistics): Field => {
  const wanted = server.settings.get("latency-tracking-info-percentiles").split(" ")
  const values = wanted
    .filter((text) => text !== "")
    .map((text) => `p${Number(text)}=${percentile(statistics.histogram, Number(text)).toFixed(3)}`)
  return [`latency_percentiles_usec_${command.name}`, values.join(",")]
}

const sections = (
  server: Server,
  statistics: Statistics,
  blocked: number
): Record<string, () => Section> => ({
  server: () => {
    const uptime = Math.max(0, Math.floor((server.now - server.startedAt) / 1000))
    return [
      ["redis_version", REDIS_VERSION],
      ["redis_git_sha1", "00000000"],
      ["redis_git_dirty", 0],
      ["redis_build_id", "0"],
      ["redis_mode", "standalone"],
      ["os", `${process.platform} ${process.arch}`],
      ["arch_bits", 64],
      ["monotonic_clock", "node"],
      ["multiplexing_api", "node"],
      ["process_id", process.pid],
      ["process_supervised", "no"],
      ["run_id", server.runId],
      ["tcp_port", server.settings.get("port")],
      ["server_time_usec", server.now * 1000],
      ["uptime_in_seconds", uptime],
      ["uptime_in_days", Math.floor(uptime / 86400)],
      ["hz", server.settings.get("hz")],
      ["configured_hz", server.settings.get("hz")],
      ["lru_clock", Math.floor(server.now / 1000) & 0xffffff],
      ["executable", process.execPath],
      ["config_file", ""],
      ["io_threads_active", 0]
    ]
  },
  clients: () => [
    ["connected_clients", server.clients.size],
    ["cluster_connections", 0],
    ["maxclients", server.settings.get("maxclients")],
    ["client_recent_max_input_buffer", 0],
    ["client_recent_max_output_buffer", 0],
    ["blocked_clients", blocked],
    ["tracking_clients", server.tracking.clientCount],
    ["clients_in_timeout_table", 0]
  ],
  memory: () => memory(server),
  persistence: () => [
    ["loading", 0],
    ["async_loading", 0],
    ...(server.persistence?.info() ?? [
      ["rdb_changes_since_last_save", server.dirty] as const,
      ["rdb_bgsave_in_progress", 0] as const,
      ["rdb_last_save_time", Math.floor(server.startedAt / 1000)] as const,
      ["rdb_last_bgsave_status", "ok"] as const,
      ["aof_enabled", 0] as const,
      ["aof_rewrite_in_progress", 0] as const,
      ["aof_rewrite_scheduled", 0] as const
    ])
  ],
  stats: () => [
    ["total_connections_received", statistics.connections],
    ["total_commands_processed", statistics.commands],
    ["instantaneous_ops_per_sec", 0],
    ["rejected_connections", statistics.rejected],
    ["sync_full", 0],
    ["sync_partial_ok", 0],
    ["sync_partial_err", 0],
    ["expired_keys", statistics.expired],
    ["expired_stale_perc", "0.00"],
    ["expired_time_cap_reached_count", 0],
    ["evicted_keys", server.memory.evicted],
    ["evicted_clients", statistics.evictedClients],
    ["keyspace_hits", server.databases.reduce((sum, db) => sum + db.hits, 0)],
    ["keyspace_misses", server.databases.reduce((sum, db) => sum + db.misses, 0)],
    ["pubsub_channels", server.broker.channels(undefined).length],
    ["pubsub_patterns", server.broker.patternCount()],
    ["pubsubshard_channels", server.broker.shardChannels(undefined).length],
    ["latest_fork_usec", 0],
    ["total_forks", 0],
    ["migrate_cached_sockets", 0],
    ["tracking_total_keys", server.tracking.keyCount],
    ["tracking_total_items", server.tracking.itemCount],
    ["tracking_total_prefixes", server.tracking.prefixCount],
    ["unexpected_error_replies", 0],
    ["total_error_replies", [...server.observer.errors.values()].reduce((sum, count) => sum + count, 0)]
  ],
  replication: () => [
    ["role", "master"],
    ["connected_slaves", 0],
    ["master_failover_state", "no-failover"],
    ["master_replid", server.runId],
    ["master_replid2", "0".repeat(40)],
    ["master_repl_offset", 0],
    ["second_repl_offset", -1],
    ["repl_backlog_active", 0],
    ["repl_backlog_size", 1048576],
    ["repl_backlog_first_byte_offset", 0],
    ["repl_backlog_histlen", 0]
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
    [...server.observer.commands].map(([command, counted]) => commandLine(command, counted)),
  errorstats: () =>
    [...server.observer.errors].map(([code, count]) => [`errorstat_${code}`, `count=${count}`]),
  latencystats: () =>
    server.settings.get("latency-tracking") === "yes"
      ? [...server.observer.commands]
          .filter(([, counted]) => counted.calls > 0)
          .map(([command, counted]) => latencyLine(server, command, counted))
      : [],
  cluster: () => [["cluster_enabled", 0]],
  keyspace: () =>
    server.databases
      .filter((db) => db.size > 0)
      .map((db) => [`db${db.index}`, `keys=${db.size},expires=${db.expiring},avg_ttl=${db.averageTtl()}`])
})

/** Sections that are shown only when they are asked for. */
const ON_DEMAND: ReadonlySet<string> = new Set(["commandstats", "latencystats"])

/** Builds the reply of INFO. */
export const buildInfo = (
  server: Server,
  statistics: Statistics,
  blocked: number,
  wanted: ReadonlyArray<string>
): string => {
  const known = sections(server, statistics, blocked)
  const all = Object.keys(known)
  const isAll = wanted.includes("all") || wanted.includes("everything")
  const isDefault = wanted.length === 0 || wanted.includes("default")
  return all
    .filter((name) => {
      if (isAll) return wanted.includes("everything") || name !== "modules"
      return wanted.includes(name) || (isDefault && !ON_DEMAND.has(name))
    })
    .map((name) => {
      const title = name === "cpu" ? "CPU" : name[0]?.toUpperCase() + name.slice(1)
      const lines = (known[name]?.() ?? []).map(([key, value]) => `${key}:${value}`)
      return [`# ${title}`, ...lines, ""].join(SEPARATOR)
    })
    .join(SEPARATOR)
}
