/** The thread that runs workflows, started before the SDK is loaded. */
import { once } from "node:events"
import { Worker as Thread } from "node:worker_threads"
import { Effect } from "effect"
import { expect, it } from "vitest"
import { type Sandbox, startSandbox } from "../../src/layers/temporal/Sandbox.ts"

/** Runs `use` with the thread that a sandbox starts, and gives the thread after the scope has closed. */
const scoped = async (use: (sandbox: Sandbox, thread: Thread) => void): Promise<Thread> => {
  const started = once(process, "worker")
  const done = Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const sandbox = yield* startSandbox
        const [thread] = yield* Effect.promise(() => started)
        if (!(thread instanceof Thread)) throw new Error("no thread was started")
        use(sandbox, thread)
        return thread
      })
    )
  )
  return done
}

/** What `threadId` says of a thread that has ended. */
const ended = -1

it("ends with the scope if no worker took it", async () => {
  const thread = await scoped(() => undefined)
  expect(thread.threadId).toBe(ended)
})

it("is given to one worker, whose it is from then on", async () => {
  const thread = await scoped((sandbox, started) => {
    expect(sandbox()).toBe(started)
    expect(sandbox()).toBeUndefined()
  })
  expect(thread.threadId).not.toBe(ended)
  await thread.terminate()
})
