import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { keys } from "../../src/config/Keys.ts"
import { isSecret } from "../../src/config/Key.ts"
import {
  diagnoseConfig,
  formatConfig,
  formatDiagnostics,
  resolveConfig,
  showConfigJson
} from "../../src/Config.ts"
import { defineMode, type ModeDefinition } from "../../src/Mode.ts"

const untyped = (config: unknown): ModeDefinition => ({ ...defineMode({}), config })

const root = "/srv/app"
const paths = keys.map(({ path }) => path)
const variables = keys.flatMap(({ env }) => env.map(({ name }) => name))

/** A config with values of any kind at real keys. */
const nested = (entries: ReadonlyArray<readonly [string, unknown]>): object => {
  const config: { [name: string]: unknown } = {}
  for (const [path, value] of entries) {
    let node = config
    const parts = path.split(".")
    for (const part of parts.slice(0, -1)) {
      const inner: { [name: string]: unknown } = {}
      const there = node[part]
      if (typeof there === "object" && there !== null) node = there as { [name: string]: unknown }
      else {
        node[part] = inner
        node = inner
      }
    }
    node[parts.at(-1) ?? ""] = value
  }
  return config
}

const anyValue = fc.oneof(
  fc.anything({ maxDepth: 2, withBigInt: true, withDate: true, withNullPrototype: true }),
  fc.string(),
  fc.webUrl(),
  fc.integer()
)

describe("whatever is given", () => {
  it("resolves or is refused as ConfigInvalid, and what resolves can be explained", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.anything(),
          fc.array(fc.tuple(fc.constantFrom(...paths), anyValue), { maxLength: 6 }).map(nested)
        ),
        fc.dictionary(fc.constantFrom(...variables), fc.string({ minLength: 1, maxLength: 30 }), {
          maxKeys: 4
        }),
        async (config, env) => {
          const result = await Effect.runPromise(Effect.result(resolveConfig(untyped(config), { root, env })))
          if (Result.isFailure(result)) {
            expect(result.failure._tag).toBe("ConfigInvalid")
            expect(result.failure.message.length).toBeLessThan(60_000)
            return
          }
          const resolved = result.success
          expect(
            formatConfig(resolved).length + formatDiagnostics(diagnoseConfig(resolved)).length
          ).toBeGreaterThan(0)
        }
      ),
      { numRuns: 200 }
    )
  })

  it("never shows a secret: not in an error, not in what explains the config", async () => {
    const secrets = keys.filter(isSecret)
    const marker = "hunter2"
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("memory", "persistent", "distributed"),
        fc.array(fc.constantFrom(...secrets), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(
          marker,
          `redis://ada:${marker}@h`,
          `postgres://ada:${marker}@h/d`,
          `postgres://ada:${marker}%@h/d`,
          `x=${marker}`
        ),
        fc.boolean(),
        fc.boolean(),
        async (mode, some, value, inFile, typo) => {
          const entries = some.map(({ path }) => [typo ? `${path}x` : path, value] as const)
          const env = inFile ? {} : Object.fromEntries(some.map((key) => [key.env[0]?.name ?? "", value]))
          const result = await Effect.runPromise(
            Effect.result(resolveConfig(untyped({ mode, ...nested(inFile ? entries : []) }), { root, env }))
          )
          const shown = Result.isFailure(result)
            ? `${result.failure.message}${JSON.stringify(result.failure)}${String(result.failure)}`
            : [
                formatConfig(result.success),
                JSON.stringify(showConfigJson(result.success)),
                formatDiagnostics(diagnoseConfig(result.success)),
                JSON.stringify(result.success)
              ].join("\n")
          expect(shown).not.toContain(marker)
        }
      ),
      { numRuns: 100 }
    )
  })
})
