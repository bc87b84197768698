import { NOTIFY, type Settings } from "../exec/Context.ts"
import type { FrequencyRules } from "../db/Access.ts"
import type { EncodingLimits } from "../types/EncodingLimits.ts"

type Kind =
  | { readonly type: "number"; readonly minimum: number; readonly maximum: number }
  | { readonly type: "memory" }
  | { readonly type: "yesno" }
  | { readonly type: "choice"; readonly choices: ReadonlyArray<string> }
  | { readonly type: "text" }
  | { readonly type: "fixed" }
  | { readonly type: "events" }

interface Setting {
  readonly value: string
  readonly kind: Kind
}

const INT_MAX = 2147483647
const LONG_MAX = Number.MAX_SAFE_INTEGER
const number = (value: number, minimum = 0, maximum = LONG_MAX): Setting => ({
  value: String(value),
  kind: { type: "number", minimum, maximum }
})
const memory = (value: number): Setting => ({ value: String(value), kind: { type: "memory" } })
const yesno = (value: boolean): Setting => ({ value: value ? "yes" : "no", kind: { type: "yesno" } })
const choice = (value: string, ...choices: Array<string>): Setting => ({
  value,
  kind: { type: "choice", choices }
})
const text = (value: string): Setting => ({ value, kind: { type: "text" } })
const fixed = (value: string): Setting => ({ value, kind: { type: "fixed" } })

/** Old and new names of one setting. */
const ALIASES: ReadonlyArray<ReadonlyArray<string>> = [
  ["hash-max-listpack-entries", "hash-max-ziplist-entries"],
  ["hash-max-listpack-value", "hash-max-ziplist-value"],
  ["zset-max-listpack-entries", "zset-max-ziplist-entries"],
  ["zset-max-listpack-value", "zset-max-ziplist-value"],
  ["list-max-listpack-size", "list-max-ziplist-size"],
  ["lua-time-limit", "busy-reply-threshold"]
]

const POLICIES = [
  "volatile-lru",
  "volatile-lfu",
  "volatile-random",
  "volatile-ttl",
  "allkeys-lru",
  "allkeys-lfu",
  "allkeys-random",
  "noeviction"
]

/** The settings and what they start with, as in Redis 7.0. */
const defaults = (databases: number): Record<string, Setting> => ({
  "hash-max-listpack-entries": number(512),
  "hash-max-ziplist-entries": number(512),
  "hash-max-listpack-value": number(64),
  "hash-max-ziplist-value": number(64),
  "set-max-intset-entries": number(512),
  "zset-max-listpack-entries": number(128),
  "zset-max-ziplist-entries": number(128),
  "zset-max-listpack-value": number(64),
  "zset-max-ziplist-value": number(64),
  "list-max-listpack-size": number(-2, -INT_MAX, INT_MAX),
  "list-max-ziplist-size": number(-2, -INT_MAX, INT_MAX),
  "list-compress-depth": number(0, 0, INT_MAX),
  "stream-node-max-entries": number(100),
  "stream-node-max-bytes": memory(4096),
  "hll-sparse-max-bytes": memory(3000),
  "notify-keyspace-events": { value: "", kind: { type: "events" } },
  "lua-time-limit": number(5000, 0),
  "busy-reply-threshold": number(5000, 0),
  maxmemory: memory(0),
  "maxmemory-policy": choice("noeviction", ...POLICIES),
  "maxmemory-samples": number(5, 1, INT_MAX),
  "maxmemory-clients": memory(0),
  "lfu-log-factor": number(10, 0, INT_MAX),
  "lfu-decay-time": number(1, 0, INT_MAX),
  maxclients: number(10000, 1, 4294967295),
  timeout: number(0, 0, INT_MAX),
  "tcp-keepalive": number(300, 0, INT_MAX),
  "proto-max-bulk-len": memory(512 * 1024 * 1024),
  "client-query-buffer-limit": memory(1024 * 1024 * 1024),
  "client-output-buffer-limit": text("normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"),
  save: text(""),
  "slowlog-log-slower-than": number(10000, -1),
  "tracking-table-max-keys": number(1000000),
  "slowlog-max-len": number(128),
  "latency-monitor-threshold": number(0),
  "latency-tracking": yesno(true),
  "latency-tracking-info-percentiles": text("50 99 99.9"),
  hz: number(10, 0, LONG_MAX),
  "dynamic-hz": yesno(true),
  activedefrag: yesno(false),
  "active-expire-effort": number(1, 1, 10),
  activerehashing: yesno(true),
  "lazyfree-lazy-eviction": yesno(false),
  "lazyfree-lazy-expire": yesno(false),
  "lazyfree-lazy-server-del": yesno(false),
  "lazyfree-lazy-user-del": yesno(false),
  "lazyfree-lazy-user-flush": yesno(false),
  "min-replicas-to-write": number(0, 0, INT_MAX),
  "min-slaves-to-write": number(0, 0, INT_MAX),
  "auto-aof-rewrite-percentage": number(100, 0, INT_MAX),
  "auto-aof-rewrite-min-size": memory(64 * 1024 * 1024),
  "aof-use-rdb-preamble": yesno(true),
  "no-appendfsync-on-rewrite": yesno(false),
  "stop-writes-on-bgsave-error": yesno(true),
  rdbcompression: yesno(true),
  rdbchecksum: yesno(true),
  "rdb-key-save-delay": number(0, -INT_MAX, INT_MAX),
  "key-load-delay": number(0, -INT_MAX, INT_MAX),
  appendonly: fixed("no"),
  appendfsync: choice("everysec", "everysec", "always", "no"),
  appenddirname: fixed("appendonlydir"),
  appendfilename: fixed("appendonly.aof"),
  dbfilename: fixed("dump.rdb"),
  dir: fixed(""),
  databases: fixed(String(databases)),
  port: fixed("0"),
  "cluster-enabled": fixed("no"),
  "io-threads": fixed("1"),
  daemonize: fixed("no"),
  supervised: fixed("no")
})

const EVENT_CLASSES: Readonly<Record<string, number>> = {
  K: NOTIFY.keyspace,
  E: NOTIFY.keyevent,
  g: NOTIFY.generic,
  $: NOTIFY.string,
  l: NOTIFY.list,
  s: NOTIFY.set,
  h: NOTIFY.hash,
  z: NOTIFY.zset,
  x: NOTIFY.expired,
  e: NOTIFY.evicted,
  t: NOTIFY.stream,
  m: NOTIFY.keymiss,
  d: NOTIFY.module,
  n: NOTIFY.newKey
}
const ALL_EVENTS = "g$lshzxetd"

const parseEvents = (flags: string): number | undefined => {
  let mask = 0
  for (const flag of flags) {
    if (flag === "A") for (const other of ALL_EVENTS) mask |= EVENT_CLASSES[other] ?? 0
    else {
      const bit = EVENT_CLASSES[flag]
      if (bit === undefined) return undefined
      mask |= bit
    }
  }
  return mask
}

const formatEvents = (mask: number): string => {
  const all = [...ALL_EVENTS].every((flag) => (mask & (EVENT_CLASSES[flag] ?? 0)) !== 0)
  let out = all ? "A" : [...ALL_EVENTS].filter((flag) => (mask & (EVENT_CLASSES[flag] ?? 0)) !== 0).join("")
  for (const flag of "KEmn") if ((mask & (EVENT_CLASSES[flag] ?? 0)) !== 0) out += flag
  return out
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1000,
  kb: 1024,
  m: 1000 ** 2,
  mb: 1024 ** 2,
  g: 1000 ** 3,
  gb: 1024 ** 3
}

/** The text to store, or the problem with it. */
const normalize = (kind: Kind, value: string): { readonly ok: string } | { readonly problem: string } => {
  switch (kind.type) {
    case "number": {
      if (!/^-?\d+$/.test(value)) return { problem: "argument couldn't be parsed into an integer" }
      const parsed = Number(value)
      if (parsed < kind.minimum || parsed > kind.maximum) {
        return { problem: `argument must be between ${kind.minimum} and ${kind.maximum} inclusive` }
      }
      return { ok: String(parsed) }
    }
    case "memory": {
      const match = /^(\d+)([a-z]*)$/i.exec(value)
      const unit = UNITS[(match?.[2] ?? "").toLowerCase()]
      if (match === null || unit === undefined) return { problem: "argument must be a memory value" }
      return { ok: String(Number(match[1]) * unit) }
    }
    case "yesno":
      return /^(yes|no)$/i.test(value)
        ? { ok: value.toLowerCase() }
        : { problem: "argument must be 'yes' or 'no'" }
    case "choice": {
      const found = kind.choices.find((option) => option === value.toLowerCase())
      return found === undefined
        ? { problem: `argument(s) must be one of the following: ${kind.choices.join(", ")}` }
        : { ok: found }
    }
    case "events": {
      const mask = parseEvents(value)
      return mask === undefined
        ? { problem: "Invalid event class character. Use 'Ag$lshzxeKEtmdn'." }
        : { ok: formatEvents(mask) }
    }
    case "text":
      return { ok: value }
    case "fixed":
      return { problem: "can't set immutable config" }
  }
}

/** The settings that CONFIG reads and changes. */
export class EngineSettings implements Settings {
  readonly limits: EncodingLimits = {
    hashEntries: 512,
    hashValue: 64,
    zsetEntries: 128,
    zsetValue: 64,
    intsetEntries: 512,
    streamNodeBytes: 4096,
    streamNodeEntries: 100
  }
  /** Microseconds from which a command is in the slow log; negative is never. */
  slowerThan = 10_000
  /** Milliseconds from which a command is a latency event; 0 is never. */
  latencyThreshold = 0
  /** Most bytes that the data may take; 0 is no limit. */
  maxMemory = 0
  readonly frequency: FrequencyRules = { logFactor: 10, decayMinutes: 1 }
  /** Whether an LFU policy is selected. */
  countsFrequency = false
  /** The classes of keyspace events that are published. */
  events = 0
  private readonly kinds = new Map<string, Kind>()
  private readonly values = new Map<string, string>()
  private readonly listeners: Array<(name: string, value: string) => void> = []

  constructor(databases: number) {
    for (const [name, setting] of Object.entries(defaults(databases))) {
      this.kinds.set(name, setting.kind)
      this.values.set(name, setting.value)
    }
  }

  get(name: string): string {
    return this.values.get(name) ?? ""
  }

  number(name: string): number {
    return Number(this.values.get(name) ?? 0)
  }

  list(): ReadonlyArray<readonly [string, string]> {
    return [...this.values]
  }

  names(): ReadonlyArray<string> {
    return [...this.values.keys()]
  }

  /** Sets a value without checking it; for what the engine knows itself. */
  assign(name: string, value: string): void {
    this.values.set(name, value)
    for (const group of ALIASES) {
      if (group.includes(name)) for (const alias of group) this.values.set(alias, value)
    }
    this.apply()
    for (const listener of this.listeners) listener(name, value)
  }

  onChange(listener: (name: string, value: string) => void): void {
    this.listeners.push(listener)
  }

  set(pairs: ReadonlyArray<readonly [string, string]>): string | undefined {
    const changes: Array<readonly [string, string]> = []
    for (const [name, value] of pairs) {
      const kind = this.kinds.get(name)
      if (kind === undefined) return `'${name}') - unknown option`
      const result = normalize(kind, value)
      if ("problem" in result) return `'${name}') - ${result.problem}`
      changes.push([name, result.ok])
    }
    for (const [name, value] of changes) this.assign(name, value)
    return undefined
  }

  private apply(): void {
    this.maxMemory = this.number("maxmemory")
    this.slowerThan = this.number("slowlog-log-slower-than")
    this.latencyThreshold = this.number("latency-monitor-threshold")
    this.countsFrequency = this.get("maxmemory-policy").endsWith("-lfu")
    this.frequency.logFactor = this.number("lfu-log-factor")
    this.frequency.decayMinutes = this.number("lfu-decay-time")
    this.limits.hashEntries = this.number("hash-max-listpack-entries")
    this.limits.hashValue = this.number("hash-max-listpack-value")
    this.limits.zsetEntries = this.number("zset-max-listpack-entries")
    this.limits.zsetValue = this.number("zset-max-listpack-value")
    this.limits.intsetEntries = this.number("set-max-intset-entries")
    this.limits.streamNodeBytes = this.number("stream-node-max-bytes")
    this.limits.streamNodeEntries = this.number("stream-node-max-entries")
    this.events = parseEvents(this.get("notify-keyspace-events")) ?? 0
  }
}
