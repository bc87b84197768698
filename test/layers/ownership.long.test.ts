import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Scope } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect } from "vitest"
import * as DatabasePersistent from "../../src/layers/database/persistent.ts"
import type { LayerError } from "../../src/layers/LayerError.ts"
import * as TemporalPersistent from "../../src/layers/temporal/persistent.ts"
import { temporaryFolder } from "./TemporaryFolder.ts"

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

/** What a person reads, without what differs from run to run. */
const textOf = (error: LayerError, folder: string, pid = process.pid) =>
  `${error.code}: ${error.message} ${error.fix}`.replaceAll(folder, "FOLDER").replaceAll(String(pid), "PID")

const build = (path: string) => Layer.build(DatabasePersistent.layer({ path }))

/** Another process that owns the database until the scope closes. */
const otherOwner = (path: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const child = spawn(
        process.execPath,
        [fileURLToPath(new URL("./DatabaseOwner.ts", import.meta.url)), path],
        {
          stdio: ["ignore", "pipe", "inherit"]
        }
      )
      await once(child.stdout, "data")
      return child
    }),
    (child) =>
      Effect.promise(async () => {
        if (child.exitCode !== null || child.signalCode !== null) return
        child.kill("SIGKILL")
        await once(child, "exit")
      })
  )

describe("the database file", () => {
  it.live("and all that lies beside it is readable by its owner only", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const path = join(folder, "data", "compozy.db")
      yield* build(path)
      const files = readdirSync(dirname(path)).toSorted()
      assert.deepStrictEqual(files, ["compozy.db", "compozy.db-shm", "compozy.db-wal", "compozy.db.lock"])
      assert.deepStrictEqual(
        files.map((name) => modeOf(join(dirname(path), name))),
        ["600", "600", "600", "600"]
      )
      assert.strictEqual(modeOf(dirname(path)), "700")
    })
  )

  it.live("is made private when it was not", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const path = join(folder, "compozy.db")
      writeFileSync(path, "")
      chmodSync(path, 0o666)
      yield* build(path)
      assert.strictEqual(modeOf(path), "600")
    })
  )

  it.live("has one owner: others are told its pid, until it has died", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const path = join(folder, "compozy.db")
      const { error, pid } = yield* Effect.scoped(
        Effect.gen(function* () {
          const { pid } = yield* otherOwner(path)
          return { pid, error: yield* Effect.flip(build(path)) }
        })
      )
      expect(textOf(error, folder, pid)).toMatchInlineSnapshot(
        `"COMPOZY_DATABASE_IN_USE: The database FOLDER/compozy.db is in use by the process PID. Nothing was touched. Stop that process (kill PID), or set another database.path."`
      )
      yield* build(path)
    })
  )

  it.live("is free again when its layer was released", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const path = join(folder, "compozy.db")
      const scope = yield* Scope.make()
      yield* Scope.provide(build(path), scope)
      const error = yield* Effect.flip(build(path))
      expect(textOf(error, folder)).toMatchInlineSnapshot(
        `"COMPOZY_DATABASE_IN_USE: The database FOLDER/compozy.db is in use by this very process. Nothing was touched. Close the other one first, or set another database.path."`
      )
      yield* Scope.close(scope, Exit.void)
      yield* build(path)
    })
  )

  it.live("is refused when it is no database", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const path = join(folder, "compozy.db")
      writeFileSync(path, "this is a text file, and a long one at that: ".repeat(50))
      const error = yield* Effect.flip(build(path))
      expect(textOf(error, folder)).toMatchInlineSnapshot(
        `"COMPOZY_DATABASE_STORAGE: The database FOLDER/compozy.db cannot be opened: file is not a database. Check the path, the permissions of its folder and the free space, or set another database.path."`
      )
    })
  )

  it.live("is refused when its path is a folder", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const path = join(folder, "compozy.db")
      mkdirSync(path)
      const error = yield* Effect.flip(build(path))
      expect(textOf(error, folder)).toMatchInlineSnapshot(
        `"COMPOZY_DATABASE_STORAGE: The database FOLDER/compozy.db cannot be used: EISDIR: illegal operation on a directory, open 'FOLDER/compozy.db'. Check the path, the permissions of its folder and the free space, or set another database.path."`
      )
    })
  )
})

describe("the workflow engine's file", () => {
  it.live("has one owner too", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const layer = TemporalPersistent.layer({ file: join(folder, "temporal.db") })
      yield* Layer.build(layer)
      const error = yield* Effect.flip(Layer.build(layer))
      expect(textOf(error, folder)).toMatchInlineSnapshot(
        `"COMPOZY_TEMPORAL_IN_USE: The workflow engine's database FOLDER/temporal.db is in use by this very process. Nothing was touched. Close the other one first, or set another temporal.file."`
      )
    })
  )
})
