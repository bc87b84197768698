import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { describe, expect, it } from "vitest"
import type { Settings } from "../../src/config/Settings.ts"
import { type ResolvedConfig, type ResolveOptions, resolveConfig } from "../../src/Config.ts"
import { defineMode, distributed, memory, type ModeDefinition, persistent } from "../../src/Mode.ts"
import { failure, temporaryFolder } from "./support.ts"

const root = "/srv/app"

const resolved = (
  definition: ModeDefinition | undefined,
  options: Partial<ResolveOptions> = {}
): Promise<ResolvedConfig> => Effect.runPromise(resolveConfig(definition, { root, ...options }))

const settings = async (
  definition: ModeDefinition | undefined,
  options: Partial<ResolveOptions> = {}
): Promise<Settings> => (await resolved(definition, options)).settings

const problems = (
  definition: ModeDefinition | undefined,
  options: Partial<ResolveOptions> = {}
): Promise<string> => failure(resolveConfig(definition, { root, ...options }), options.root ?? root)

const source = (config: ResolvedConfig, path: string): string | undefined =>
  config.values.find(({ key }) => key.path === path)?.origin.kind

const external = {
  COMPOZY_DATABASE_URL: "postgresql://ada:secret@db:5433/orders",
  REDIS_ADDR: "cache:6380",
  TEMPORAL_HOST_PORT: "temporal:7233"
}

/** What the compiler refuses, as JavaScript would give it. */
const untyped = (config: object): ModeDefinition => ({ ...defineMode({}), config })

describe("the mode of the process", () => {
  it("is memory where nobody says anything", async () => {
    const { mode, database, redis, temporal } = await settings(undefined)
    expect([mode, database.mode, redis.mode, temporal.mode]).toEqual(["memory", "memory", "memory", "memory"])
  })

  it("puts every component into itself, and Temporal into remote for distributed", async () => {
    const modes = async (mode: string): Promise<ReadonlyArray<string>> => {
      const { database, redis, temporal } = await settings(undefined, { env: external, flags: { mode } })
      return [database.driver, database.mode, redis.mode, temporal.mode]
    }
    expect(await modes("memory")).toEqual(["sqlite", "memory", "memory", "memory"])
    expect(await modes("persistent")).toEqual(["sqlite", "persistent", "persistent", "persistent"])
    expect(await modes("distributed")).toEqual(["postgres", "distributed", "distributed", "remote"])
  })

  it("is read from any source, with spaces and capitals", async () => {
    expect((await settings(undefined, { env: { COMPOZY_MODE: " Persistent " } })).mode).toBe("persistent")
  })

  it("is not read from MODE, nor a port from PORT", async () => {
    const { mode, server } = await settings(undefined, {
      env: { MODE: "persistent", PORT: "80", LIMIT: "1" }
    })
    expect([mode, server.port]).toEqual(["memory", 5001])
  })
})

describe("the mode of a component", () => {
  it("wins over the mode of the process", async () => {
    const config = defineMode({ mode: "memory", temporal: { mode: "persistent", file: "t.db" } })
    const { temporal, redis } = await settings(config)
    expect([temporal.mode, redis.mode]).toEqual(["persistent", "memory"])
    expect(temporal.mode === "persistent" && temporal.file).toBe("/srv/app/t.db")
  })

  it("is read from the variables of the seeds", async () => {
    const env = {
      REDIS_MODE: "persistent",
      TEMPORAL_MODE: "remote",
      TEMPORAL_HOST_PORT: "t:1",
      DB_DRIVER: "postgres",
      DB_HOST: "db"
    }
    const { database, redis, temporal } = await settings(undefined, { env })
    expect([database.mode, redis.mode, temporal.mode]).toEqual(["distributed", "persistent", "remote"])
  })

  it("is a SQLite file where SQLite is named and there is a file, or the mode is not memory", async () => {
    const mode = async (env: ResolveOptions["env"] & object): Promise<string> =>
      (await settings(undefined, { env })).database.mode
    expect(await mode({ DB_DRIVER: "sqlite" })).toBe("memory")
    expect(await mode({ DB_DRIVER: "sqlite", DB_PATH: "kept.db" })).toBe("persistent")
    expect(await mode({ ...external, COMPOZY_MODE: "distributed", DB_DRIVER: "sqlite" })).toBe("persistent")
  })
})

describe("precedence", () => {
  it("is defaults < the mode's defaults < file < .env < environment < flags", async () => {
    const folder = temporaryFolder()
    const config = defineMode(memory({ log: { level: "warn" } }))
    const level = async (options: Partial<ResolveOptions>, definition = config): Promise<string> => {
      const result = await resolved(definition, { root: folder, ...options })
      return `${result.settings.log.level} (${source(result, "log.level")})`
    }
    expect(await level({}, defineMode({}))).toBe("info (default)")
    expect(await level({})).toBe("warn (file)")
    writeFileSync(join(folder, ".env"), "COMPOZY_LOG_LEVEL=error\n")
    expect(await level({})).toBe("error (dotenv)")
    expect(await level({ env: { COMPOZY_LOG_LEVEL: "debug" } })).toBe("debug (environment)")
    expect(await level({ env: { COMPOZY_LOG_LEVEL: "debug" }, flags: { "log.level": "trace" } })).toBe(
      "trace (flag)"
    )
  })

  it("has defaults that depend on the mode", async () => {
    const result = await resolved(defineMode(persistent({})))
    expect(result.settings.temporal.mode === "persistent" && result.settings.temporal.retention).toEqual({
      period: 604_800_000,
      maxClosed: 100_000
    })
    expect(source(result, "temporal.retention.period")).toBe("mode")
  })

  it("treats an empty variable as not set", async () => {
    expect((await settings(undefined, { env: { COMPOZY_SERVER_PORT: "" } })).server.port).toBe(5001)
  })

  it("reads the second name of a variable after the first", async () => {
    const port = async (env: ResolveOptions["env"] & object): Promise<number> =>
      (await settings(undefined, { env })).cli.timeout
    expect(await port({ COMPOZY_TIMEOUT: "1s" })).toBe(1000)
    expect(await port({ COMPOZY_TIMEOUT: "1s", COMPOZY_CLI_TIMEOUT: "2s" })).toBe(2000)
  })
})

describe("values", () => {
  it("are read from text as from code", async () => {
    const env = {
      COMPOZY_SERVER_PORT: "0",
      COMPOZY_SERVER_CORS_ENABLED: "yes",
      COMPOZY_SERVER_CORS_ORIGINS: "https://a.example, https://b.example",
      COMPOZY_SERVER_BODY_LIMIT: "2 MiB",
      COMPOZY_SERVER_REQUEST_TIMEOUT: "1h",
      COMPOZY_WORKER_ACTIVITY_RETRY_BACKOFF_COEFFICIENT: "1.5"
    }
    const { server, worker } = await settings(undefined, { env })
    expect(server).toEqual({
      host: "127.0.0.1",
      port: 0,
      bodyLimit: 2_097_152,
      requestTimeout: 3_600_000,
      shutdownTimeout: 30_000,
      cors: { enabled: true, origins: ["https://a.example", "https://b.example"] },
      expose: false
    })
    expect(worker.activityRetry.backoffCoefficient).toBe(1.5)
  })

  it.each([
    [1500, 1500],
    ["1500", 1500],
    ["1.5s", 1500],
    ["1m30s", 90_000],
    ["2 minutes", 120_000],
    [Duration.seconds(3), 3000]
  ])("take %o as a time span", async (input, expected) => {
    expect((await settings(untyped({ server: { shutdownTimeout: input } }))).server.shutdownTimeout).toBe(
      expected
    )
  })

  it("are anchored to the folder of the config", async () => {
    const { database, redis, dataDir } = await settings(
      defineMode(persistent({ database: { path: "../data/a.db" } }))
    )
    expect([
      database.mode === "persistent" && database.path,
      redis.mode === "persistent" && redis.persistence.dataDir,
      dataDir
    ]).toEqual(["/srv/data/a.db", "/srv/app/.compozy/redis", "/srv/app/.compozy"])
  })

  it("may be an Effect Config, which reads the environment over .env", async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, ".env"), "APP_PORT=7001\nAPP_NAME=from-env-file\n")
    const config = defineMode({
      name: Config.String("APP_NAME"),
      server: {
        port: Config.Port("APP_PORT"),
        requestTimeout: Config.Duration("APP_WAIT").pipe(Config.withDefault(Duration.seconds(5)))
      }
    })
    const { name, server } = await settings(config, { root: folder, env: { APP_PORT: "7002" } })
    expect([name, server.port, server.requestTimeout]).toEqual(["from-env-file", 7002, 5000])
  })

  it("may come from a function of the environment", async () => {
    const config = defineMode((env) =>
      env.STAGE === "dev" ? memory({ name: "dev" }) : persistent({ name: "other" })
    )
    expect((await settings(config, { env: { STAGE: "dev" } })).name).toBe("dev")
    expect((await settings(config)).mode).toBe("persistent")
  })
})

describe("secrets", () => {
  it("are Redacted, from code and from the environment", async () => {
    const config = defineMode(
      distributed({
        database: { host: "db", password: "from code" },
        redis: { host: "cache" },
        temporal: { address: "t:1", apiKey: Redacted.make("redacted") }
      })
    )
    const result = await settings(config, { env: { REDIS_PASSWORD: "from env" } })
    expect(JSON.stringify(result)).not.toMatch(/from code|from env|"redacted"/u)
    expect(
      result.redis.mode === "distributed" && result.redis.password && Redacted.value(result.redis.password)
    ).toBe("from env")
    expect(result.temporal.mode === "remote" && result.temporal.tls.enabled).toBe(true)
  })

  it("are read from the file that NAME_FILE names", async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "password"), "from a file\n")
    const env = { ...external, COMPOZY_MODE: "distributed", REDIS_PASSWORD_FILE: "password" }
    const { redis } = await settings(undefined, { root: folder, env })
    expect(redis.mode === "distributed" && redis.password && Redacted.value(redis.password)).toBe(
      "from a file"
    )
  })

  it("read NAME_FILE for an Effect Config too", async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "key"), "k\n")
    const { cli } = await settings(defineMode({ cli: { apiKey: Config.Redacted("MY_KEY") } }), {
      root: folder,
      env: { MY_KEY_FILE: join(folder, "key") }
    })
    expect(cli.apiKey && Redacted.value(cli.apiKey)).toBe("k")
  })

  it("are refused where both forms are set, or the file cannot be read", async () => {
    const folder = temporaryFolder()
    const env = { COMPOZY_CLI_API_KEY: "hunter2", COMPOZY_CLI_API_KEY_FILE: "x" }
    expect(await problems(undefined, { root: folder, env })).toMatchInlineSnapshot(`
      "The configuration has a problem.

      1. COMPOZY_CLI_API_KEY and COMPOZY_CLI_API_KEY_FILE are both set; one of them is needed.
         at COMPOZY_CLI_API_KEY
         fix: correct the value
         [COMPOZY_CONFIG_INVALID_VALUE] cli.apiKey"
    `)
    expect(await problems(undefined, { root: folder, env: { COMPOZY_CLI_API_KEY_FILE: "x" } }))
      .toMatchInlineSnapshot(`
      "The configuration has a problem.

      1. COMPOZY_CLI_API_KEY_FILE names <project>/x, which is missing.
         at COMPOZY_CLI_API_KEY_FILE
         fix: correct the path, or give the value in the variable without _FILE
         [COMPOZY_CONFIG_FILE_UNREADABLE] cli.apiKey"
    `)
  })

  it("never appear in a problem", async () => {
    const text = await problems(
      untyped({
        mode: "distributed",
        pasword: "hunter2",
        database: { url: "mysql://ada:hunter2@db/x", pasword: "hunter2" },
        redis: { url: "redis://:hunter2%@cache" },
        temporal: { address: "https://ada:hunter2@temporal:7233" },
        cli: { apiKey: 42, baseUrl: "ftp://ada:hunter2@host" }
      })
    )
    expect(text).not.toContain("hunter2")
    expect(text).toMatchInlineSnapshot(`
      "The configuration has 7 problems.

      1. There is no setting pasword.
         fix: remove it; there are mode, name, version, description, server, database, redis, temporal, knowledge, worker, limits, log, monitoring, cli, workflows, layer, modes
         [COMPOZY_CONFIG_UNKNOWN_KEY] pasword

      2. There is no setting database.pasword.
         fix: did you mean database.password?
         [COMPOZY_CONFIG_UNKNOWN_KEY] database.pasword

      3. database.url must be a URL that starts with postgres:// or postgresql://.
         at config file
         fix: correct the value
         [COMPOZY_CONFIG_INVALID_VALUE] database.url

      4. temporal.address must be host:port, without http:// or a path.
         at config file
         fix: for example "localhost:7233"
         [COMPOZY_CONFIG_INVALID_VALUE] temporal.address = "https://***@temporal:7233"

      5. cli.baseUrl must be a URL that starts with http:// or https://.
         at config file
         fix: correct the value
         [COMPOZY_CONFIG_INVALID_VALUE] cli.baseUrl = "ftp://***@host"

      6. cli.apiKey must be a text (or a Redacted text).
         at config file
         fix: correct the value
         [COMPOZY_CONFIG_INVALID_VALUE] cli.apiKey

      7. redis.url must be redis://user:password@host:port/db, with a number for db.
         at config file
         fix: write special characters of a password as %40, %2F ...
         [COMPOZY_CONFIG_INVALID_VALUE] redis.url"
    `)
  })
})

describe("connections", () => {
  const url = async (config: ModeDefinition, env: ResolveOptions["env"] & object = {}): Promise<unknown> => {
    const { database } = await settings(config, { env })
    if (database.mode !== "distributed") return database.mode
    const { host, port, user, name, ssl } = database
    return [Redacted.value(database.url), host, port, user, name, ssl.mode]
  }
  const services = { redis: { host: "cache" }, temporal: { address: "t:1" } } as const

  it("give a URL and its parts, from either", async () => {
    expect(
      await url(
        defineMode(
          distributed({
            database: { url: "postgres://ada:p%40ss@db:5433/orders?sslmode=require&application_name=x" },
            ...services
          })
        )
      )
    ).toEqual([
      "postgresql://ada:p%40ss@db:5433/orders?application_name=x",
      "db",
      5433,
      "ada",
      "orders",
      "require"
    ])
    expect(
      await url(defineMode(distributed({ database: { host: "db", password: "a/b" }, ...services })))
    ).toEqual(["postgresql://postgres:a%2Fb@db:5432/compozy", "db", 5432, "postgres", "compozy", "disable"])
  })

  it("let a part from a stronger source win over the URL, and a weaker one not", async () => {
    const config = defineMode(
      distributed({ database: { url: "postgres://ada@db:5433/orders", user: "bob" }, ...services })
    )
    expect(await url(config, { DB_HOST: "other" })).toEqual([
      "postgresql://ada@other:5433/orders",
      "other",
      5433,
      "ada",
      "orders",
      "disable"
    ])
  })

  it("reach Redis by URL, sentinels or cluster", async () => {
    const redis = async (env: ResolveOptions["env"] & object): Promise<unknown> => {
      const result = await settings(undefined, {
        env: { ...external, COMPOZY_MODE: "distributed", REDIS_ADDR: "", ...env }
      })
      if (result.redis.mode !== "distributed") return undefined
      const { host, port, db, tls, sentinel, cluster } = result.redis
      return {
        host,
        port,
        db,
        tls: tls.enabled,
        url: result.redis.url && Redacted.value(result.redis.url),
        sentinel,
        cluster
      }
    }
    expect(await redis({ REDIS_URL: "rediss://ada:x@cache/2" })).toMatchInlineSnapshot(`
      {
        "cluster": undefined,
        "db": 2,
        "host": "cache",
        "port": 6379,
        "sentinel": undefined,
        "tls": true,
        "url": "rediss://ada:x@cache:6379/2",
      }
    `)
    expect(await redis({ REDIS_ADDR: "[::1]:7000" })).toMatchObject({
      host: "::1",
      port: 7000,
      url: "redis://[::1]:7000/0"
    })
    expect(await redis({ REDIS_SENTINEL_NODES: "a:1,b" })).toMatchObject({
      sentinel: {
        name: "mymaster",
        nodes: [
          { host: "a", port: 1 },
          { host: "b", port: 26_379 }
        ]
      }
    })
    expect(await redis({ REDIS_CLUSTER_NODES: `["a:1","b:2"]` })).toMatchObject({
      cluster: {
        nodes: [
          { host: "a", port: 1 },
          { host: "b", port: 2 }
        ]
      }
    })
  })

  it("let a way to Redis from a stronger source win", async () => {
    const config = defineMode(
      distributed({
        database: { host: "db" },
        temporal: { address: "t:1" },
        redis: { cluster: { nodes: ["a:1"] } }
      })
    )
    const result = await resolved(config, { env: { REDIS_HOST: "cache" } })
    expect(
      result.settings.redis.mode === "distributed" && [
        result.settings.redis.host,
        result.settings.redis.cluster
      ]
    ).toEqual(["cache", undefined])
    expect(result.setAside.map(({ key, reason }) => `${key.path}: ${reason}`)).toEqual([
      "redis.cluster.nodes: redis.url is set by a stronger source"
    ])
  })
})

describe("a change of the mode from outside", () => {
  const config = defineMode({
    mode: "persistent",
    name: "orders",
    database: { path: "orders.db" },
    modes: {
      distributed: { name: "orders-live", database: { maxConnections: 50 }, redis: { host: "cache" } }
    }
  })

  it("sets the keys of the file's mode aside and merges the new mode's", async () => {
    const result = await resolved(config, {
      env: { ...external, REDIS_ADDR: "" },
      flags: { mode: "distributed" }
    })
    const { name, database, redis } = result.settings
    expect([
      name,
      database.mode === "distributed" && database.maxConnections,
      redis.mode === "distributed" && redis.host
    ]).toEqual(["orders-live", 50, "cache"])
    expect(result.setAside.map(({ key, reason }) => `${key.path}: ${reason}`)).toEqual([
      "database.path: it belongs to persistent mode, and database is in distributed mode"
    ])
  })

  it("says what the new mode lacks", async () => {
    expect(await problems(config, { flags: { mode: "distributed" } })).toMatchInlineSnapshot(`
      "The configuration has 2 problems.

      1. Distributed mode requires a PostgreSQL connection.
         fix: set COMPOZY_DATABASE_URL or database.url (or DB_HOST or database.host)
         [COMPOZY_CONFIG_MISSING_CONNECTION] database.url

      2. Distributed mode requires the address of a Temporal frontend.
         fix: set TEMPORAL_HOST_PORT or temporal.address, for example temporal.internal:7233
         [COMPOZY_CONFIG_MISSING_CONNECTION] temporal.address"
    `)
  })

  it("leaves overlays of other modes alone, Configs in them too", async () => {
    const withConfig = defineMode({
      modes: { distributed: { database: { url: Config.Redacted("NOT_SET") } } }
    })
    expect((await settings(withConfig)).mode).toBe("memory")
  })

  it("never stops a start for a variable of another mode", async () => {
    const env = {
      DB_PORT: "not a port",
      DB_SSL_MODE: "never",
      TEMPORAL_HOST_PORT: "http://x",
      REDIS_EMBEDDED_PERSISTENCE_FSYNC: "x"
    }
    expect((await settings(undefined, { env })).mode).toBe("memory")
  })

  it("refuses a flag of another mode", async () => {
    expect(await problems(undefined, { flags: { "database.path": "x.db" } })).toMatchInlineSnapshot(`
      "The configuration has a problem.

      1. database.path belongs to persistent mode, but the database is in memory mode.
         at --db-path
         fix: leave --db-path out, or add --mode persistent or --db-driver sqlite
         [COMPOZY_CONFIG_KEY_OF_OTHER_MODE] database.path"
    `)
  })
})

describe("workflows and their layer", () => {
  class Mailer extends Context.Service<Mailer, { readonly send: () => void }>()("test/Mailer") {}
  const brand = Symbol.for("compozy/Workflow")
  const workflow = (id: string, services: ReadonlyArray<unknown> = []) => ({
    [brand]: { format: 1 },
    id,
    services,
    workflows: {}
  })

  it("are given as they are", async () => {
    const layer = Layer.succeed(Mailer, { send: () => undefined })
    const result = await resolved(untyped({ workflows: [workflow("a"), workflow("b", [Mailer])], layer }))
    expect(result.workflows.map(({ id }) => id)).toEqual(["a", "b"])
    expect(result.layer).toBe(layer)
  })

  it("are refused where one is none, doubled, or lacks its service", async () => {
    const workflows = [workflow("a"), undefined, workflow("a"), workflow("b", [Mailer])]
    expect(await problems(untyped({ workflows }))).toMatchInlineSnapshot(`
      "The configuration has 3 problems.

      1. workflows[1] is no workflow.
         fix: give what defineWorkflow returned; an import that is undefined here is a circular import or a wrong name
         [COMPOZY_CONFIG_WORKFLOWS] workflows[1]

      2. There are two workflows with the id "a".
         fix: give one of them another id, or list it once
         [COMPOZY_CONFIG_WORKFLOWS] workflows[2] = "a"

      3. Workflow "b" needs the service "test/Mailer", but the config has no layer.
         fix: give defineMode a layer with that service
         [COMPOZY_CONFIG_LAYER_MISSING] layer"
    `)
    expect(await problems(untyped({ workflows: "a", layer: {} }))).toMatchInlineSnapshot(`
      "The configuration has 2 problems.

      1. workflows must be a list of what defineWorkflow gives.
         fix: write workflows: [myWorkflow]
         [COMPOZY_CONFIG_WORKFLOWS] workflows

      2. layer must be an Effect Layer.
         fix: write layer: Layer.succeed(MyService, { ... })
         [COMPOZY_CONFIG_LAYER_MISSING] layer"
    `)
  })
})

describe("a config of another version or shape", () => {
  it("is refused", async () => {
    const newer = { [Symbol.for("compozy/Mode")]: { format: 2 }, config: {} } as unknown as ModeDefinition
    expect(await problems(newer)).toMatchInlineSnapshot(`
      "The configuration has a problem.

      1. The config was made by a newer version of compozy (format 2; this one reads 1).
         fix: run the compozy of the project: npx compozy
         [COMPOZY_CONFIG_NOT_AN_OBJECT] (config)"
    `)
    expect(await problems(untyped(async () => ({})))).toMatchInlineSnapshot(`
      "The configuration has a problem.

      1. The config is a Promise: the function given to defineMode must not be async.
         fix: give defineMode an object, or a function that returns one
         [COMPOZY_CONFIG_NOT_AN_OBJECT] (config)"
    `)
    expect(
      await problems(
        untyped(() => {
          throw new Error("no stage")
        })
      )
    ).toMatchInlineSnapshot(`
      "The configuration has a problem.

      1. The function given to defineMode threw: no stage
         fix: correct the function; it gets the environment and returns a config
         [COMPOZY_CONFIG_FUNCTION_THREW] (config)"
    `)
    expect(await problems(untyped({ server: 5001, modes: { production: {} } }))).toMatchInlineSnapshot(`
      "The configuration has 2 problems.

      1. modes.production is not the settings of a mode.
         fix: write modes: { memory: { ... }, persistent: { ... }, distributed: { ... } }, with those that are needed
         [COMPOZY_CONFIG_NOT_AN_OBJECT] modes.production

      2. server must be an object of settings.
         fix: write server: { ... }
         [COMPOZY_CONFIG_NOT_AN_OBJECT] server"
    `)
  })
})
