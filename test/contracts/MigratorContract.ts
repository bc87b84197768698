/** What the migrator of every database must do. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import type { LayerError } from "../../src/layers/LayerError.ts"
import type { Migrator } from "../../src/layers/database/Migrator.ts"

/** Declares the suite; `open` opens the migrator of one and the same database each time, which is empty at first. */
export const suite = (
  name: string,
  makeDatabase: Effect.Effect<
    { readonly open: Effect.Effect<Migrator, LayerError, Scope.Scope> },
    unknown,
    Scope.Scope
  >
): void => {
  const migratorTest = (
    what: string,
    test: (open: Effect.Effect<Migrator, LayerError, Scope.Scope>) => Effect.Effect<void, LayerError>
  ) => it.live(what, () => Effect.scoped(Effect.flatMap(makeDatabase, ({ open }) => test(open))))

  describe(`Migrator: ${name}`, () => {
    migratorTest("says what is pending, without changing anything", (open) =>
      Effect.gen(function* () {
        for (const _ of [1, 2]) {
          const status = yield* Effect.scoped(Effect.flatMap(open, (migrator) => migrator.status))
          assert.deepStrictEqual(status, [{ id: 1, name: "foundation", appliedAt: null }])
        }
      })
    )

    migratorTest("applies what is pending, once", (open) =>
      Effect.gen(function* () {
        const first = yield* Effect.scoped(Effect.flatMap(open, (migrator) => migrator.up))
        assert.deepStrictEqual(
          first.map(({ name }) => name),
          ["foundation"]
        )
        const second = yield* Effect.scoped(Effect.flatMap(open, (migrator) => migrator.up))
        assert.deepStrictEqual(second, [])
        const [status] = yield* Effect.scoped(Effect.flatMap(open, (migrator) => migrator.status))
        assert.strictEqual(status?.appliedAt, first[0]?.appliedAt)
      })
    )

    migratorTest("undoes the newest migration, and applies it again", (open) =>
      Effect.scoped(
        Effect.gen(function* () {
          const migrator = yield* open
          yield* migrator.up
          assert.deepStrictEqual(yield* migrator.down(), [{ id: 1, name: "foundation", appliedAt: null }])
          assert.deepStrictEqual(yield* migrator.down(), [])
          assert.deepStrictEqual(
            (yield* migrator.up).map(({ name }) => name),
            ["foundation"]
          )
        })
      )
    )
  })
}
