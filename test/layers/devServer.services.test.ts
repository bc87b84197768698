/** Temporal's own development server as the workflow engine of memory and persistent mode. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect } from "vitest"
import { type DevServerOptions, layer } from "../../src/layers/temporal/DevServer.ts"
import { SkipsTime } from "../../src/layers/temporal/SkipsTime.ts"
import { Temporal } from "../../src/services/Temporal.ts"
import * as TemporalContract from "../contracts/TemporalContract.ts"
import { isLeftOut } from "./Services.ts"

const executable = process.env["COMPOZY_SERVICES_TEMPORAL"] ?? ""

const on = <A, E>(options: DevServerOptions, use: Effect.Effect<A, E, Temporal>) =>
  Effect.provide(use, layer({ executable, ...options }))

describe.skipIf(isLeftOut("temporal"))("temporal", () => {
  TemporalContract.suite("a development server of the layer's own", layer({ executable }))
})

describe.skipIf(isLeftOut("temporal"))("the development server of a layer", () => {
  it.live(
    "keeps executions in a file that only its owner reads, in a folder beside the embedded engine's",
    () =>
      Effect.gen(function* () {
        const folder = yield* Effect.acquireRelease(
          Effect.sync(() => mkdtempSync(join(tmpdir(), "compozy-dev-server-"))),
          (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
        )
        const file = join(folder, "temporal.db")
        yield* on(
          { file },
          Effect.flatMap(Temporal, (temporal) =>
            temporal.start({ workflowId: "kept", workflowType: "echo", taskQueue: "nobody", args: [] })
          )
        )
        const described = yield* on(
          { file },
          Effect.flatMap(Temporal, (temporal) => temporal.describe({ workflowId: "kept" }))
        )
        assert.strictEqual(described.status, "RUNNING")
        assert.strictEqual(statSync(join(folder, "temporal.dev-server")).mode & 0o777, 0o700)
        assert.isTrue(statSync(join(folder, "temporal.dev-server/temporal.db")).isFile())
      })
  )

  const refusal = (options: DevServerOptions) =>
    Effect.map(Effect.flip(Layer.build(layer(options))), ({ code, fix, key, message }) => ({
      code,
      fix,
      key,
      message: message.replaceAll(/:\d{4,5}/g, ":PORT")
    }))

  it.effect("that cannot run says what to do", () =>
    Effect.gen(function* () {
      const refused = yield* refusal({ executable: "/bin/false" })
      expect(refused).toMatchInlineSnapshot(`
        {
          "code": "COMPOZY_TEMPORAL_FAILED",
          "fix": "Check that it runs (temporal server start-dev), or set temporal.engine to "embedded".",
          "key": "temporal.engine",
          "message": "Temporal's development server cannot be started (/bin/false): Failed to start ephemeral server: ephemeral server at 127.0.0.1:PORT did not start within 5s.",
        }
      `)
    })
  )

  it.effect("does not skip time", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.provideService(refusal({ executable }), SkipsTime, true)
      expect(refused).toMatchInlineSnapshot(`
        {
          "code": "COMPOZY_TEMPORAL_FAILED",
          "fix": "Set temporal.engine to "embedded" in tests that skip time.",
          "key": "temporal.engine",
          "message": "Temporal's development server cannot skip time.",
        }
      `)
    })
  )
})
