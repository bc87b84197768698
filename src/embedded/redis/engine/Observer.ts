import type { Arguments } from "../exec/Arguments.ts"
import type { Client, Command, CommandStatistics, LatencyEvent, SlowCommand } from "../exec/Context.ts"
import { redacted } from "./MonitorLine.ts"

const MOST_ARGUMENTS = 32
const LONGEST_ARGUMENT = 128
const MOST_SAMPLES = 160
const MOST_ERRORS = 1000
/** Buckets of durations: powers of two of a microsecond. */
const BUCKETS = 40

const trimmed = (args: Arguments): ReadonlyArray<string> => {
  const kept = args.length > MOST_ARGUMENTS ? args.slice(0, MOST_ARGUMENTS - 1) : args
  const out = kept.map((arg) =>
    arg.length > LONGEST_ARGUMENT
      ? `${arg.slice(0, LONGEST_ARGUMENT)}... (${arg.length - LONGEST_ARGUMENT} more bytes)`
      : arg
  )
  if (kept !== args) out.push(`... (${args.length - MOST_ARGUMENTS + 1} more arguments)`)
  return out
}

/** From when on a command is slow. */
interface ObserverSettings {
  readonly slowerThan: number
  readonly latencyThreshold: number
  readonly number: (name: string) => number
}

/** Counts what commands do and how long they take: for INFO, SLOWLOG and LATENCY. */
export class Observer {
  readonly commands = new Map<Command, CommandStatistics>()
  readonly errors = new Map<string, number>()
  readonly slow: Array<SlowCommand> = []
  readonly latency = new Map<string, Array<LatencyEvent>>()
  /** How many errors were answered. */
  errorCount = 0
  private nextSlowId = 0
  private readonly settings: ObserverSettings

  constructor(settings: ObserverSettings) {
    this.settings = settings
  }

  private of(command: Command): CommandStatistics {
    let found = this.commands.get(command)
    if (found === undefined) {
      found = { calls: 0, micros: 0, rejected: 0, failed: 0, histogram: new Uint32Array(BUCKETS) }
      this.commands.set(command, found)
    }
    return found
  }

  /** A command has run. */
  ran(command: Command, micros: number, failed: boolean): void {
    const statistics = this.of(command)
    statistics.calls++
    statistics.micros += micros
    if (failed) statistics.failed++
    const bucket = micros < 1 ? 0 : Math.min(BUCKETS - 1, 32 - Math.clz32(micros))
    statistics.histogram[bucket] = (statistics.histogram[bucket] ?? 0) + 1
  }

  /** A command was refused before it ran. */
  rejected(command: Command): void {
    this.of(command).rejected++
  }

  /** An error was answered. */
  error(text: string): void {
    this.errorCount++
    const space = text.indexOf(" ")
    const code = space === -1 ? text : text.slice(0, space)
    const count = this.errors.get(code)
    if (count === undefined && this.errors.size >= MOST_ERRORS) return
    this.errors.set(code, (count ?? 0) + 1)
  }

  /** Remembers a command that took long, if it did. */
  took(client: Client, command: Command, args: Arguments, micros: number, now: number): void {
    const { slowerThan, latencyThreshold } = this.settings
    if (slowerThan >= 0 && micros >= slowerThan && !command.flags.has("skip_slowlog")) {
      const most = this.settings.number("slowlog-max-len")
      if (most > 0) this.remember(client, command, args, micros, now, most)
    }
    if (latencyThreshold > 0 && micros >= latencyThreshold * 1000)
      this.spike(command.flags.has("fast") ? "fast-command" : "command", Math.floor(micros / 1000), now)
  }

  private remember(
    client: Client,
    command: Command,
    args: Arguments,
    micros: number,
    now: number,
    most: number
  ): void {
    this.slow.unshift({
      id: this.nextSlowId++,
      at: Math.floor(now / 1000),
      micros: Math.round(micros),
      args: trimmed(redacted(command, args)),
      address: client.address,
      name: client.name
    })
    if (this.slow.length > most) this.slow.length = most
  }

  /** Remembers that something took long. */
  spike(event: string, millis: number, now: number): void {
    const at = Math.floor(now / 1000)
    const samples = this.latency.get(event)
    if (samples === undefined) {
      this.latency.set(event, [{ at, millis }])
      return
    }
    const last = samples.at(-1)
    if (last !== undefined && last.at === at) {
      if (millis > last.millis) samples[samples.length - 1] = { at, millis }
      return
    }
    samples.push({ at, millis })
    if (samples.length > MOST_SAMPLES) samples.shift()
  }

  reset(): void {
    this.commands.clear()
    this.errors.clear()
  }
}
