import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as DatabasePersistent from "../../src/layers/database/persistent.ts"
import { Store } from "../../src/services/Store.ts"
import { temporaryFolder } from "./TemporaryFolder.ts"

/** Lets a writer work until it has acknowledged `count` writes, kills it, and gives the last acknowledged one. */
const killWriter = async (path: string, count: number): Promise<number> => {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL("./DatabaseOwner.ts", import.meta.url)), path],
    {
      stdio: ["ignore", "pipe", "inherit"]
    }
  )
  const exited = once(child, "exit")
  let text = ""
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk
    if (text.split("\n").length > count) child.kill("SIGKILL")
  })
  await exited
  // The last line may be cut off.
  return Number(text.split("\n").slice(1, -1).at(-1))
}

describe("the persistent database", () => {
  it.live("has every acknowledged write after kill -9", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryFolder, "compozy.db")
      const last = yield* Effect.promise(() => killWriter(path, 300))
      const context = yield* Layer.build(DatabasePersistent.layer({ path }))
      const store = yield* Effect.provideContext(Store, context)
      for (let index = 0; index <= last; index++) {
        const state = yield* store.getWorkflowState(`execution-${index}`)
        assert.deepStrictEqual(
          Option.map(state, ({ input }) => input),
          Option.some({ index })
        )
      }
    })
  )
})
