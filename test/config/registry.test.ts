import { readFileSync } from "node:fs"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { configSchema, settingsSchema } from "../../scripts/config/schemas.ts"
import { isSecret } from "../../src/config/Key.ts"
import { keyByPath, keys, optionalGroups } from "../../src/config/Keys.ts"
import { originals, originalExtras } from "../../src/config/Originals.ts"
import { readValue } from "../../src/config/Value.ts"
import { configFlags } from "../../src/Config.ts"
import { defineMode, isModeDefinition, Mode } from "../../src/Mode.ts"
import { builtPackage } from "./support.ts"

const repeated = (names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.filter((name, index) => names.indexOf(name) !== index)

describe("the registry", () => {
  it("has each path, variable and flag once; a variable may set two keys by its parts", () => {
    expect(repeated(keys.map(({ path }) => path))).toEqual([])
    expect(
      repeated(
        keys.flatMap(({ env }) => env.filter(({ part }) => part === undefined).map(({ name }) => name))
      )
    ).toEqual([])
    expect(repeated(configFlags.map(({ name }) => name))).toEqual([])
  })

  it("says of each key what it is, in a sentence", () => {
    expect(keys.filter(({ help }) => !/^[A-Z].*\.$/u.test(help)).map(({ path }) => path)).toEqual([])
  })

  it("has a variable for each key, with a prefix that keeps a stray MODE or PORT out", () => {
    expect(keys.filter(({ env }) => env.length === 0).map(({ path }) => path)).toEqual([])
    const names = keys.flatMap(({ env }) => env.map(({ name }) => name))
    expect(
      names.filter((name) => !/^(?:COMPOZY|DB|REDIS|TEMPORAL|WORKER|LIMITS|RUNTIME)_[A-Z_]+$/u.test(name))
    ).toEqual([])
  })

  it("keeps the names of the seeds", () => {
    const names = new Set(keys.flatMap(({ env }) => env.map(({ name }) => name)))
    const seeds = [
      "COMPOZY_MODE",
      "COMPOZY_DATABASE_URL",
      "DB_DRIVER",
      "DB_PATH",
      "DB_PASSWORD",
      "REDIS_ADDR",
      "REDIS_MODE",
      "REDIS_URL",
      "TEMPORAL_HOST_PORT",
      "TEMPORAL_MODE",
      "TEMPORAL_EMBEDDED_DATABASE_FILE",
      "TEMPORAL_EMBEDDED_FRONTEND_PORT"
    ]
    expect(seeds.filter((name) => !names.has(name))).toEqual([])
  })

  it("has no flag for a secret", () => {
    expect(keys.filter((key) => isSecret(key) && key.flag !== undefined)).toEqual([])
  })

  it("has defaults that its own reader takes", () => {
    for (const key of keys) {
      for (const value of [key.default, ...Object.values(key.modeDefaults)]) {
        if (value !== undefined) expect([key.path, readValue(key, value).ok]).toEqual([key.path, true])
      }
    }
  })

  it("has groups whose activating key exists", () => {
    expect([...optionalGroups.values()].filter((path) => !keyByPath.has(path))).toEqual([])
  })
})

describe("the settings of the original", () => {
  it("are all there, each with a key of today or a reason", () => {
    expect(originals.length).toBe(294)
    expect(repeated(originals.map(([path]) => path))).toEqual([])
    const lost = [...originals, ...originalExtras].filter(
      ([, fate, now]) => (fate === "kept" || fate === "renamed") && !keyByPath.has(now)
    )
    expect(lost).toEqual([])
  })
})

describe("the schemas", () => {
  it("are those of the registry", () => {
    const file = (name: string): unknown =>
      JSON.parse(readFileSync(new URL(`../../schemas/${name}`, import.meta.url), "utf8"))
    expect(file("compozy.json")).toEqual(JSON.parse(JSON.stringify(configSchema())))
    expect(file("config.json")).toEqual(JSON.parse(JSON.stringify(settingsSchema())))
  })
})

describe("a mode", () => {
  it("is one of three", () => {
    expect(["memory", "persistent", "distributed", "standalone"].filter(Schema.is(Mode))).toEqual([
      "memory",
      "persistent",
      "distributed"
    ])
  })

  it("is recognised whichever copy of the package made its config", async () => {
    expect(isModeDefinition(defineMode({}))).toBe(true)
    expect(isModeDefinition({ mode: "memory" })).toBe(false)
    const other: { readonly defineMode: typeof defineMode } = await import(builtPackage)
    expect(other.defineMode).not.toBe(defineMode)
    expect(isModeDefinition(other.defineMode({}))).toBe(true)
  })
})
