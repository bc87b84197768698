/** The workflows that the Temporal contract suite runs. */
import {
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  proxyActivities,
  proxyLocalActivities,
  proxySinks,
  setHandler,
  sleep
} from "@temporalio/workflow"
import type { Sinks } from "@temporalio/workflow"

interface Activities {
  readonly greet: (name: string) => Promise<string>
  readonly fail: (message: string) => Promise<never>
  readonly hold: () => Promise<string>
}

interface Recorder extends Sinks {
  readonly recorder: { readonly note: (text: string) => void }
}

const { greet, fail, hold } = proxyActivities<Activities>({
  startToCloseTimeout: "10s",
  heartbeatTimeout: "5s",
  retry: { maximumAttempts: 2, initialInterval: "10ms" }
})

const local = proxyLocalActivities<Activities>({ startToCloseTimeout: "10s" })

/** Gives back its input. */
export async function echo(value: unknown): Promise<unknown> {
  return value
}

/** Calls one activity. */
export async function greeting(name: string): Promise<string> {
  return greet(name)
}

/** Calls one local activity. */
export async function localGreeting(name: string): Promise<string> {
  return local.greet(name)
}

/** Calls an activity that fails at each attempt. */
export async function failing(message: string): Promise<never> {
  return fail(message)
}

/** Calls an activity that runs until it is released. */
export async function holding(): Promise<string> {
  return hold()
}

/** Adds up what it is sent until `total` is reached; answers queries on the way. */
export async function counter(total: number): Promise<number> {
  let sum = 0
  setHandler(defineSignal<[number]>("add"), (by) => {
    sum += by
  })
  setHandler(defineQuery<number>("sum"), () => sum)
  await condition(() => sum >= total)
  return sum
}

/** Continues as new until it has counted down. */
export async function countdown(from: number): Promise<string> {
  if (from > 0) return continueAsNew<typeof countdown>(from - 1)
  return "done"
}

/** Sleeps for a number of milliseconds. */
export async function sleeper(milliseconds: number): Promise<string> {
  await sleep(milliseconds)
  return "awake"
}

/** Notes something outside. */
export async function noting(text: string): Promise<void> {
  proxySinks<Recorder>().recorder.note(text)
}
