import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { describe, expect, it } from "vitest"
import {
  findConfig,
  loadConfig,
  resolveConfig,
  type ResolveOptions,
  showConfig,
  validateConfig
} from "../../src/Config.ts"
import { defineMode, distributed, memory, type ModeDefinition, persistent } from "../../src/Mode.ts"
import { failure, temporaryFolder } from "./support.ts"

const root = "/srv/app"
const untyped = (config: object): ModeDefinition => ({ ...defineMode({}), config })
const resolve = (config: ModeDefinition | undefined, options: Partial<ResolveOptions> = {}) =>
  Effect.runPromise(resolveConfig(config, { root, ...options }))
const problems = (
  config: ModeDefinition | undefined,
  options: Partial<ResolveOptions> = {}
): Promise<string> => failure(resolveConfig(config, { root, ...options }), options.root ?? root)
const warnings = async (
  config: ModeDefinition,
  options: Partial<ResolveOptions> = {}
): Promise<ReadonlyArray<string>> => (await resolve(config, options)).warnings.map(({ message }) => message)

const services = {
  database: { host: "localhost" },
  redis: { host: "127.0.0.1" },
  temporal: { address: "[::1]:7233" }
} as const

describe("addresses that other machines can reach", () => {
  it("need server.expose", async () => {
    expect(await problems(undefined, { flags: { "server.host": "0.0.0.0" } })).toMatchInlineSnapshot(`
      "The configuration has a problem.

      1. server.host is an address that other machines can reach.
         at --host
         fix: keep 127.0.0.1, or set server.expose (--expose) if they shall reach it
         [COMPOZY_CONFIG_EXPOSED] server.host = "0.0.0.0""
    `)
    const { settings } = await resolve(undefined, { flags: { "server.host": "::", "server.expose": true } })
    expect(settings.server).toMatchObject({ host: "::", expose: true })
  })

  it.each(["localhost", "127.0.0.9", "::1", "[::1]", "app.localhost"])("are not %s", async (host) => {
    expect((await resolve(undefined, { flags: { "server.host": host } })).settings.server.host).toBe(host)
  })

  it("are refused for the embedded services", async () => {
    expect(
      await problems(
        defineMode(
          memory({ temporal: { host: "0.0.0.0" }, redis: { listen: { port: 0, host: "10.0.0.1" } } })
        )
      )
    ).toMatchInlineSnapshot(`
      "The configuration has 2 problems.

      1. redis.listen.host must be a loopback address: the embedded services are for this machine only.
         at config file
         fix: write 127.0.0.1
         [COMPOZY_CONFIG_EXPOSED] redis.listen.host = "10.0.0.1"

      2. temporal.host must be a loopback address: the embedded services are for this machine only.
         at config file
         fix: write 127.0.0.1
         [COMPOZY_CONFIG_EXPOSED] temporal.host = "0.0.0.0""
    `)
  })
})

describe("contradictions", () => {
  it("between a certificate and its key, and between limits of the pool", async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "client.pem"), "-----BEGIN CERTIFICATE-----\n")
    expect(
      await problems(
        defineMode(
          distributed({
            ...services,
            database: { host: "db", minConnections: 30, ssl: { mode: "require", cert: "client.pem" } }
          })
        ),
        { root: folder }
      )
    ).toMatchInlineSnapshot(`
      "The configuration has 2 problems.

      1. database.ssl.cert is set without database.ssl.key.
         at config file
         fix: set database.ssl.key too, or remove database.ssl.cert
         [COMPOZY_CONFIG_CONFLICT] database.ssl.cert

      2. database.minConnections is larger than database.maxConnections.
         at config file
         fix: write at most 25
         [COMPOZY_CONFIG_CONFLICT] database.minConnections = 30"
    `)
  })

  it("between ways to Redis", async () => {
    expect(
      await problems(
        untyped({
          mode: "distributed",
          ...services,
          redis: { sentinel: { nodes: ["a"] }, cluster: { nodes: ["b"] } }
        })
      )
    ).toMatchInlineSnapshot(`
      "The configuration has a problem.

      1. redis.sentinel and redis.cluster are both set; Redis is reached in one way.
         at config file
         fix: remove one of them
         [COMPOZY_CONFIG_CONFLICT] redis.cluster"
    `)
  })

  it("between the URL's parameters and database.ssl", async () => {
    const url = (query: string): ModeDefinition =>
      defineMode(distributed({ ...services, database: { url: `postgres://db/x?${query}` } }))
    expect(await problems(url("sslmode=prefer&sslrootcert=ca.pem"))).toMatchInlineSnapshot(`
      "The configuration has 2 problems.

      1. database.url must be a URL without sslrootcert.
         at config file
         fix: set database.ssl.ca instead
         [COMPOZY_CONFIG_INVALID_VALUE] database.url

      2. database.url must be a URL whose sslmode is disable, require, verify-ca or verify-full.
         at config file
         fix: correct sslmode, or leave it out and set database.ssl.mode
         [COMPOZY_CONFIG_INVALID_VALUE] database.url"
    `)
    expect(
      await problems(defineMode(distributed({ ...services, database: { url: "postgres://a%zz@db/x" } })))
    ).toMatchInlineSnapshot(`
      "The configuration has a problem.

      1. database.url must be a URL with a % only before two hexadecimal digits.
         at config file
         fix: write special characters of a password as %40, %2F ...
         [COMPOZY_CONFIG_INVALID_VALUE] database.url"
    `)
    const { settings } = await resolve(url("sslmode=verify-full"), { env: { DB_SSL_MODE: "require" } })
    expect(settings.database.mode === "distributed" && settings.database.ssl.mode).toBe("require")
  })

  it("between a file and no file", async () => {
    expect(await problems(defineMode(persistent({ database: { path: ":memory:" } })))).toMatchInlineSnapshot(`
      "The configuration has a problem.

      1. database.path must be a file.
         at config file
         fix: leave it out and use memory mode to keep nothing
         [COMPOZY_CONFIG_INVALID_VALUE] database.path = ":memory:""
    `)
  })
})

describe("certificates", () => {
  const pem = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n"
  const key = "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n"

  it("are read from a file beside the config, or are the text itself", async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "ca.pem"), pem)
    const config = defineMode(
      distributed({ ...services, temporal: { address: "t:1", tls: { ca: "ca.pem", cert: pem, key } } })
    )
    const resolved = await resolve(config, { root: folder })
    const { temporal } = resolved.settings
    if (temporal.mode !== "remote") throw new Error("expected remote")
    expect([temporal.tls.enabled, temporal.tls.ca, temporal.tls.cert]).toEqual([true, pem, pem])
    expect(temporal.tls.key && Redacted.value(temporal.tls.key)).toBe(key)
    const shown = showConfig(resolved).filter(({ key: path }) => path.startsWith("temporal.tls"))
    expect(shown.map(({ key: path, text }) => `${path} ${text}`)).toEqual([
      "temporal.tls.enabled true",
      "temporal.tls.ca (certificate)",
      "temporal.tls.cert (certificate)",
      "temporal.tls.key ********"
    ])
  })

  it("are refused where there is no such file, or it is none", async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "empty.pem"), "nothing")
    expect(
      await problems(
        defineMode(
          distributed({
            ...services,
            redis: { host: "r", tls: { ca: "missing.pem", cert: "empty.pem", key: "no.key" } }
          })
        ),
        { root: folder }
      )
    ).toMatchInlineSnapshot(`
      "The configuration has 3 problems.

      1. redis.tls.ca must be a PEM file; <project>/missing.pem is missing.
         at config file
         fix: give the path from the config file's folder, or the PEM text
         [COMPOZY_CONFIG_FILE_UNREADABLE] redis.tls.ca

      2. redis.tls.cert must be a PEM file; <project>/empty.pem holds no "-----BEGIN".
         at config file
         fix: give the path from the config file's folder, or the PEM text
         [COMPOZY_CONFIG_FILE_UNREADABLE] redis.tls.cert

      3. redis.tls.key must be a PEM file; the file that it names is missing.
         at config file
         fix: give the path from the config file's folder, or the PEM text
         [COMPOZY_CONFIG_FILE_UNREADABLE] redis.tls.key"
    `)
  })
})

describe("warnings", () => {
  it("are none for services on this machine", async () => {
    expect(await warnings(defineMode(distributed(services)))).toEqual([])
  })

  it("name connections in the clear", async () => {
    const config = defineMode(
      distributed({ database: { host: "db" }, redis: { host: "cache" }, temporal: { address: "t:1" } })
    )
    expect(await warnings(config)).toEqual([
      "The connection to db is not encrypted.",
      "The connection to cache is not encrypted.",
      "The connection to t is not encrypted."
    ])
  })

  it("name settings that have no effect", async () => {
    expect(await warnings(untyped({ redis: { listen: { password: "x" } } }))).toEqual([
      "redis.listen.password has no effect without redis.listen.port."
    ])
  })

  it("say that SQLite is not for more than ten workflows at once, and PostgreSQL is", async () => {
    const worker = { maxConcurrentWorkflowTasks: 11 }
    expect(await warnings(defineMode(persistent({ worker })))).toHaveLength(1)
    expect(await warnings(defineMode(distributed({ ...services, worker })))).toEqual([])
    expect(await warnings(defineMode(persistent({ worker: { maxConcurrentWorkflowTasks: 10 } })))).toEqual([])
  })

  it("take a COMPOZY_ variable for a slip only where it is none of ours", async () => {
    const env = {
      COMPOZY_TEST_MODE: "memory",
      COMPOZY_SERVICES: "redis",
      COMPOZY_CLI_API_KEY_FILE: "",
      COMPOZY_LOG_LEVLE: "info"
    }
    expect(await warnings(defineMode({}), { env })).toEqual([
      "COMPOZY_LOG_LEVLE is not a variable that Compozy reads."
    ])
  })
})

describe("variables of the Go program", () => {
  it("are named where nothing reads them any more", async () => {
    const { warnings: found } = await resolve(undefined, { env: { TEMPORAL_EMBEDDED_ENABLE_UI: "true" } })
    expect(found.map(({ message, fix }) => `${message} ${fix}`)).toEqual([
      'TEMPORAL_EMBEDDED_ENABLE_UI is not a variable that Compozy reads. remove it: there is no Temporal UI inside; use compozy execution list, or temporal.mode: "remote" with the development server of the Temporal CLI'
    ])
  })
})

describe("an .env file", () => {
  it("that is asked for has to be there", async () => {
    const folder = temporaryFolder()
    expect(await problems(undefined, { root: folder, envFile: "production.env" })).toMatchInlineSnapshot(`
      "The configuration has a problem.

      1. <project>/production.env is missing.
         fix: correct its path or its permissions
         [COMPOZY_CONFIG_FILE_UNREADABLE] (.env)"
    `)
    writeFileSync(join(folder, "production.env"), "COMPOZY_MODE=persistent\n")
    expect((await resolve(undefined, { root: folder, envFile: "production.env" })).settings.mode).toBe(
      "persistent"
    )
  })
})

describe("a folder without a config", () => {
  it("has nothing to find, and nothing to validate", async () => {
    const folder = temporaryFolder()
    expect(Option.isNone(await Effect.runPromise(findConfig({ cwd: folder })))).toBe(true)
    const loaded = await Effect.runPromise(loadConfig({ cwd: folder, env: {} }))
    expect(await Effect.runPromise(validateConfig(loaded))).toEqual([])
    expect(loaded.settings.name).toBe(folder.split("/").at(-1))
  })
})

describe("Temporal's development server", () => {
  it("has a warning for each setting that is the embedded engine's alone", async () => {
    const temporal = { engine: "dev-server", hosting: "worker", retention: { maxClosed: 10 } } as const
    expect(await warnings(defineMode(memory({ temporal })))).toEqual([
      "temporal.hosting has no effect on Temporal's development server.",
      "temporal.retention.maxClosed has no effect on Temporal's development server."
    ])
  })
})
