import type { Settings } from "../exec/Context.ts"
import type { FrequencyRules } from "../db/Access.ts"
import type { EncodingLimits } from "../types/EncodingLimits.ts"

import { type OutputLimits, parseOutputLimits } from "./OutputLimits.ts"
import { DEFAULT_LIMITS } from "../resp/Parser.ts"
import { ALIASES, defaults } from "./SettingDefaults.ts"
import { type Kind, mergeBuffers, normalize, parseEvents } from "./SettingKinds.ts"

const HIDDEN: ReadonlySet<string> = new Set(["key-load-delay", "rdb-key-save-delay"])

/** No string of JavaScript is longer. */
const LONGEST_STRING = 512 * 1024 * 1024

/** A number of bytes, or a percentage of others. */
const shareOf = (value: string, whole: number): number =>
  value.endsWith("%") ? Math.floor((Number(value.slice(0, -1)) * whole) / 100) : Number(value)

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
  /** What clients may send; changed in place. */
  readonly protocol = { ...DEFAULT_LIMITS }
  /** Bytes that all clients together may take; 0 is no limit. */
  maxClientMemory = 0
  /** Microseconds from which a command is in the slow log; negative is never. */
  slowerThan = 10_000
  /** Milliseconds from which a command is a latency event; 0 is never. */
  latencyThreshold = 0
  /** Whether writes need replicas, which there are none of. */
  wantsReplicas = false
  /** Most bytes that the data may take; 0 is no limit. */
  maxMemory = 0
  readonly frequency: FrequencyRules = { logFactor: 10, decayMinutes: 1 }
  /** Whether an LFU policy is selected. */
  countsFrequency = false
  /** The classes of keyspace events that are published. */
  events = 0
  outputLimits: OutputLimits = parseOutputLimits("")
  private readonly kinds = new Map<string, Kind>()
  private readonly values = new Map<string, string>()
  private readonly listeners: Array<(name: string, value: string) => void> = []

  constructor(databases: number) {
    for (const [name, setting] of Object.entries(defaults(databases))) {
      this.kinds.set(name, setting.kind)
      this.values.set(name, setting.value)
    }
    this.apply()
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

  /** Whether CONFIG GET shows a setting to those only who ask for it by its name. */
  isHidden(name: string): boolean {
    return HIDDEN.has(name)
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
      if (kind.type === "kept" && value === this.get(name)) continue
      const result = kind.type === "buffers" ? mergeBuffers(this.get(name), value) : normalize(kind, value)
      if ("problem" in result) return `'${name}') - ${result.problem}`
      changes.push([name, result.ok])
    }
    for (const [name, value] of changes) this.assign(name, value)
    return undefined
  }

  private apply(): void {
    this.wantsReplicas = this.number("min-replicas-to-write") > 0 && this.number("min-replicas-max-lag") > 0
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
    this.outputLimits = parseOutputLimits(this.get("client-output-buffer-limit"))
    this.protocol.maxBulk = Math.min(this.number("proto-max-bulk-len"), LONGEST_STRING)
    this.protocol.maxCommand = this.number("client-query-buffer-limit")
    this.maxClientMemory = shareOf(this.get("maxmemory-clients"), this.maxMemory)
    this.events = parseEvents(this.get("notify-keyspace-events")) ?? 0
  }
}
