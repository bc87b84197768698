import { Effect, Exit } from "effect"
import { expect, it } from "vitest"
import { freePort } from "../../scripts/services/Process.ts"
import { describeError, exitCodeOf } from "../../src/cli/Report.ts"
import { resolveConfig } from "../../src/config/Resolve.ts"
import { defineMode } from "../../src/Mode.ts"
import { buildStack } from "../../src/runtime/Stack.ts"

it("a start names every service that cannot be had, not only the first", async () => {
  const [database, redis, temporal] = await Promise.all([freePort(), freePort(), freePort()])
  const config = defineMode({
    mode: "distributed",
    database: { url: `postgres://user:secret@127.0.0.1:${database}/app`, connectTimeout: "1 second" },
    redis: { url: `redis://127.0.0.1:${redis}`, connectTimeout: "1 second" },
    temporal: { address: `127.0.0.1:${temporal}`, startTimeout: "1 second" }
  })
  const exit = await Effect.runPromiseExit(
    Effect.gen(function* () {
      const project = yield* resolveConfig(config, { root: import.meta.dirname, env: {} })
      return yield* Effect.scoped(buildStack(project.settings, project))
    })
  )
  const error = Exit.isFailure(exit)
    ? exit.cause.reasons.find((reason) => reason._tag === "Fail")?.error
    : exit
  const { code, message } = describeError(error)
  const shown = message
    .replaceAll(String(database), "PG")
    .replaceAll(String(redis), "REDIS")
    .replaceAll(String(temporal), "TEMPORAL")
    .replaceAll(/\d+ times/g, "N times")
  expect(`${code} ${exitCodeOf(code)}\n${shown}`).toMatchInlineSnapshot(`
    "COMPOZY_SERVICES_FAILED 4
    3 services cannot be used.

    1. PostgreSQL at 127.0.0.1:PG cannot be reached: nothing listens there, tried N times.
       fix: Start PostgreSQL, or correct database.url (COMPOZY_DATABASE_URL). Try: pg_isready -h 127.0.0.1 -p PG
       [COMPOZY_DATABASE_REFUSED]

    2. Redis at 127.0.0.1:REDIS cannot be reached: nothing listens there, tried N times.
       fix: Start Redis, or correct redis.url (REDIS_URL). Try: redis-cli -h 127.0.0.1 -p REDIS ping
       [COMPOZY_REDIS_REFUSED]

    3. Temporal at 127.0.0.1:TEMPORAL cannot be reached: nothing listens there, tried N times.
       fix: Start Temporal, or correct temporal.address (TEMPORAL_HOST_PORT). Try: temporal operator cluster health --address 127.0.0.1:TEMPORAL
       [COMPOZY_TEMPORAL_REFUSED]"
  `)
})
