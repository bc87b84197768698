/**
 * The tools that run in this process: sends their heartbeats, stops those that were cancelled here or ran out of time,
 * and notices when one blocks the event loop. One timer serves them all.
 */
import { performance } from "node:perf_hooks"
import type { Json } from "../../workflow/Definition.ts"

/** How often the timer looks, in milliseconds. */
const tickEvery = 500

/** A turn of the event loop that takes this long is a warning, in milliseconds. */
const blockedAfter = 250

/** A tool that runs. */
export interface RunningTool {
  readonly executionId: string
  readonly path: string
  readonly tool: string
  readonly controller: AbortController
  /** Sends a heartbeat with the details that the tool gave last. */
  readonly beat: (() => void) | undefined
  /** Milliseconds between heartbeats. */
  readonly beatEvery: number
  /** When the attempt has timed out, by `performance.now()`. */
  readonly deadline: number
  lastBeat: number
  details: Json | undefined
}

/** Called when a tool held the event loop for `duration` milliseconds; once for each tool. */
export type OnBlocked = (running: RunningTool, duration: number) => void

/** The tools that run in this process. */
export class RunningTools {
  private readonly running = new Set<RunningTool>()
  private readonly onBlocked: OnBlocked
  private readonly warned = new Set<string>()
  private timer: NodeJS.Timeout | undefined
  private lastTick = 0
  private lastCpu = process.cpuUsage()

  constructor(onBlocked: OnBlocked) {
    this.onBlocked = onBlocked
  }

  add(tool: RunningTool): void {
    this.running.add(tool)
    if (this.timer === undefined) {
      this.lastTick = performance.now()
      this.lastCpu = process.cpuUsage()
      this.timer = setInterval(() => this.tick(), tickEvery)
      this.timer.unref()
    }
  }

  remove(tool: RunningTool): void {
    this.running.delete(tool)
    if (this.running.size === 0) {
      clearInterval(this.timer)
      this.timer = undefined
    }
  }

  /** Stops the tool of a step, if it runs here. */
  abort(executionId: string, path: string): void {
    for (const tool of this.running) {
      if (tool.executionId === executionId && tool.path === path)
        tool.controller.abort(new Error("cancelled"))
    }
  }

  /** A tool's function held the event loop from `from` until now. */
  held(tool: RunningTool, from: number): void {
    const duration = performance.now() - from
    if (duration < blockedAfter) return
    this.lastTick = performance.now()
    this.warn(tool, duration)
  }

  private tick(): void {
    const now = performance.now()
    const late = now - this.lastTick - tickEvery
    const { system, user } = process.cpuUsage(this.lastCpu)
    this.lastTick = now
    this.lastCpu = process.cpuUsage()
    // A machine that has no time for this process is late too, but then the process did not compute.
    const computed = (user + system) / 1_000 >= late
    // Which tool it was is certain only when there is but one.
    const [only] = this.running
    if (late >= blockedAfter && computed && only !== undefined && this.running.size === 1)
      this.warn(only, late)
    for (const tool of this.running) {
      if (now >= tool.deadline) tool.controller.abort(new Error("timed out"))
      else if (tool.beat !== undefined && now - tool.lastBeat >= tool.beatEvery) {
        tool.lastBeat = now
        tool.beat()
      }
    }
  }

  private warn(tool: RunningTool, duration: number): void {
    if (this.warned.has(tool.tool)) return
    this.warned.add(tool.tool)
    this.onBlocked(tool, Math.round(duration))
  }
}
