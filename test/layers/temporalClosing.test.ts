import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Redacted, Scope } from "effect"
import { EmbeddedTemporal } from "../../src/embedded/temporal/index.ts"
import { makeTemporal } from "../../src/layers/temporal/EndpointLayer.ts"

describe("a connection to Temporal that closes", () => {
  it.live("lets no retry of a call go on without it", () =>
    Effect.gen(function* () {
      const thrown: Array<unknown> = []
      const note = (error: unknown) => void thrown.push(error)
      yield* Effect.acquireRelease(
        Effect.sync(() => process.prependListener("uncaughtException", note)),
        () => Effect.sync(() => process.off("uncaughtException", note))
      )
      const server = yield* Effect.promise(() => EmbeddedTemporal.open())
      const scope = yield* Scope.make()
      const temporal = yield* makeTemporal(
        {
          address: server.address,
          namespace: "default",
          apiKey: Redacted.make(server.apiKey),
          startTimeout: 5_000,
          loopback: true
        },
        () => Effect.void
      ).pipe(Scope.provide(scope))
      yield* Effect.promise(() => server.close())
      // Its first attempt fails at once, and it is repeated after 0.1 s or more.
      const calling = yield* Effect.forkChild(temporal.ping)
      yield* Effect.sleep(60)
      yield* Fiber.interrupt(calling)
      yield* Scope.close(scope, Exit.void)
      yield* Effect.sleep(400)
      assert.deepStrictEqual(thrown, [])
    })
  )
})
