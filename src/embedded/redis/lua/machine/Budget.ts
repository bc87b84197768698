import { getHeapStatistics, setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Stopped } from "./Values.ts"

/** Steps (calls, turns of loops) between two looks at the clock: well below a millisecond. */
const STEPS = 20_000
/** Bytes of new strings between two looks at the memory. */
const BYTES = 32 * 1024 * 1024
/** Milliseconds between two looks at the memory. */
const MEMORY_MILLIS = 5

/** Bytes by which the heap may grow while a script runs. */
const GROWTH = 256 * 1024 * 1024

/** The part of its time that a script must have had of the processor. */
const LEAST_SHARE = 0.9

/** What a script may still use. There is one for the process: scripts run one at a time, each to its end. */
export class Budget {
  /** Steps until the next look at the clock; compiled code counts it down. */
  steps = STEPS
  private bytes = BYTES
  private deadline = Infinity
  /** Milliseconds of the processor that the script may use, from its first look on. */
  private millis = Infinity
  private cpuBefore = -1
  private nextMemoryLook = 0
  /** Bytes in use at the first look of this script; below zero before that. */
  private heapBefore = -1
  private mostHeap = 0
  /** Above this the process itself is in danger. */
  private ceiling = 0
  /** Whether the script has called a command: what it stores is not its own, and may be as much as there is room for. */
  callsCommands = false
  private stopped: Stopped | undefined

  /** Runs something that may take some milliseconds. */
  during<A>(millis: number, run: () => A): A {
    const { deadline, millis: outerMillis, stopped } = this
    const now = performance.now()
    this.deadline = Math.min(deadline, now + millis)
    this.millis = millis
    this.cpuBefore = -1
    this.nextMemoryLook = now + MEMORY_MILLIS
    this.heapBefore = -1
    this.callsCommands = false
    this.stopped = undefined
    this.steps = STEPS
    this.bytes = BYTES
    try {
      return run()
    } finally {
      this.deadline = deadline
      this.millis = outerMillis
      this.stopped = stopped
    }
  }

  /** Throws if the time or the memory is used up. Called when `steps` is below zero. */
  look(): void {
    this.steps = STEPS
    if (this.stopped !== undefined) throw this.stopped
    const now = performance.now()
    if (this.cpuBefore < 0) this.cpuBefore = cpuMillis()
    // On a busy machine a script is not to blame for what others take.
    if (now > this.deadline && cpuMillis() - this.cpuBefore >= this.millis * LEAST_SHARE) this.stop("limit")
    if (now < this.nextMemoryLook) return
    this.nextMemoryLook = now + MEMORY_MILLIS
    this.lookAtMemory()
  }

  /** Counts steps that a function of the libraries took. */
  spend(steps: number): void {
    this.steps -= steps
    if (this.steps < 0) this.look()
  }

  /** Counts the bytes of a string that a function of the libraries makes. */
  allocate(bytes: number): void {
    this.bytes -= bytes
    if (this.bytes >= 0) return
    this.bytes = BYTES
    this.look()
    this.lookAtMemory()
  }

  private lookAtMemory(): void {
    const used = heapBytes()
    if (this.heapBefore < 0) {
      this.heapBefore = used
      this.mostHeap = used + GROWTH
      this.ceiling = Math.max(getHeapStatistics().heap_size_limit * 0.8, used + GROWTH / 8)
    }
    const allowed = this.callsCommands ? this.ceiling : Math.min(this.mostHeap, this.ceiling)
    if (used <= allowed) return
    // Much of it may be what nobody holds any more.
    collectGarbage()
    const held = heapBytes()
    if (held > Math.max(this.heapBefore, allowed - GROWTH / 4)) this.stop("out-of-memory")
    this.mostHeap = held + GROWTH / 2
  }

  /** Ends the script; what it does to catch this ends it again. */
  stop(kind: "limit" | "out-of-memory"): never {
    this.stopped = new Stopped(kind)
    throw this.stopped
  }
}

const cpuMillis = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

const heapBytes = (): number => {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics()
  return heap + external
}

let collector: (() => void) | undefined

const collectGarbage = (): void => {
  if (collector === undefined) {
    setFlagsFromString("--expose-gc")
    const found: unknown = runInNewContext("gc")
    collector = typeof found === "function" ? () => void found() : () => undefined
  }
  collector()
}

/** The budget of the script that runs. */
export const budget = new Budget()
