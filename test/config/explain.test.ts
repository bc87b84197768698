import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { anonymous, config, project } from "./support.ts"

const load = async (
  text: string,
  options: {
    readonly flags?: { readonly [key: string]: string }
    readonly env?: { readonly [name: string]: string }
  } = {}
) => {
  const root = project({ "compozy.config.ts": text })
  const loaded = await Effect.runPromise(
    config.loadConfig({ cwd: root, env: options.env ?? {}, flags: options.flags ?? {} })
  )
  return { root, loaded }
}

const empty = `import { defineMode } from "compozy"\nexport default defineMode({})\n`

const mixed = `import { defineMode } from "compozy"
export default defineMode({
  name: "orders",
  mode: "persistent",
  database: { path: "orders.db" },
  redis: { mode: "memory" },
  worker: { maxConcurrentWorkflowTasks: 25 },
  server: { cors: { enabled: true } }
})
`

describe("config diagnostics", () => {
  const diagnostics = async (...args: Parameters<typeof load>): Promise<string> => {
    const { root, loaded } = await load(...args)
    return anonymous(config.formatDiagnostics(config.diagnoseConfig(loaded)), root)
  }

  it("has nothing to say of an empty config", async () => {
    expect(await diagnostics(empty)).toMatchInlineSnapshot(`
      "Config file: <project>/compozy.config.ts

      Effective modes
        process   memory  default
        database  memory  the mode of the process  SQLite in memory
        redis     memory  the mode of the process  embedded Redis in memory
        temporal  memory  the mode of the process  embedded Temporal in memory

      Precedence, weakest first: defaults < defaults of the mode < config file < .env < environment < flags

      No warnings."
    `)
  })

  it("names mixtures, concurrency on SQLite, keys set aside and variables that nobody reads", async () => {
    expect(
      await diagnostics(mixed, {
        env: {
          TEMPORAL_MODE: "remote",
          TEMPORAL_HOST_PORT: "temporal.internal:7233",
          REDIS_HOST: "cache",
          COMPOZY_SEVER_PORT: "80",
          NODE_ENV: "production"
        }
      })
    ).toMatchInlineSnapshot(`
      "Config file: <project>/compozy.config.ts

      Effective modes
        process   persistent  config file
        database  persistent  the mode of the process  SQLite in <project>/orders.db
        redis     memory      config file              embedded Redis in memory
        temporal  remote      TEMPORAL_MODE            Temporal at temporal.internal:7233, namespace default

      Precedence, weakest first: defaults < defaults of the mode < config file < .env < environment < flags

      Set aside
        redis.host (REDIS_HOST): it belongs to distributed mode, and redis is in memory mode

      Warnings
      - persistent mode is for development, tests and small teams, but NODE_ENV is production.
        at <project>/compozy.config.ts:4:9
        fix: production has PostgreSQL, Redis and Temporal of its own: use distributed mode
        [COMPOZY_CONFIG_NOT_FOR_PRODUCTION] mode
      - redis is in memory mode while the process is in persistent mode: unsupported in production.
        at <project>/compozy.config.ts:6:18
        fix: leave redis to the mode of the process, or take it as a development set-up
        [COMPOZY_CONFIG_MIXED_MODES] redis.mode
      - SQLite writes one at a time: more than 10 concurrent workflows wait for each other.
        at <project>/compozy.config.ts:7:41
        fix: write at most 10, or use distributed mode for high concurrency
        [COMPOZY_CONFIG_SQLITE_CONCURRENCY] worker.maxConcurrentWorkflowTasks = 25
      - server.cors.enabled has no effect without server.cors.origins.
        at <project>/compozy.config.ts:8:30
        fix: name the sites that may call the API in server.cors.origins
        [COMPOZY_CONFIG_NO_EFFECT] server.cors.enabled = true
      - The connection to temporal.internal is not encrypted.
        fix: set temporal.tls.enabled
        [COMPOZY_CONFIG_UNENCRYPTED] temporal.tls.enabled = false
      - temporal is in remote mode while the process is in persistent mode: unsupported in production.
        at TEMPORAL_MODE
        fix: leave temporal to the mode of the process, or take it as a development set-up
        [COMPOZY_CONFIG_MIXED_MODES] temporal.mode
      - COMPOZY_SEVER_PORT is not a variable that Compozy reads.
        fix: did you mean COMPOZY_SERVER_PORT?
        [COMPOZY_CONFIG_UNKNOWN_VARIABLE] COMPOZY_SEVER_PORT"
    `)
  })

  it("names the variable of which only the section is missing", async () => {
    expect(await diagnostics(empty, { env: { COMPOZY_PORT: "80" } })).toContain(
      "did you mean COMPOZY_SERVER_PORT?"
    )
  })

  it("says where distributed services are, and which connections are in the clear", async () => {
    expect(
      await diagnostics(mixed, {
        flags: { mode: "distributed", "redis.mode": "distributed" },
        env: {
          COMPOZY_DATABASE_URL: "postgresql://ada:hunter2@db.internal/orders?sslmode=verify-full",
          REDIS_PORT: "tcp://10.0.0.7:6379",
          REDIS_ADDR: "cache.internal:6379",
          TEMPORAL_HOST_PORT: "127.0.0.1:7233"
        }
      })
    ).toMatchInlineSnapshot(`
      "Config file: <project>/compozy.config.ts

      Effective modes
        process   distributed  --mode
        database  distributed  the mode of the process  PostgreSQL at db.internal:5432/orders
        redis     distributed  --redis-mode             Redis at cache.internal:6379
        temporal  remote       the mode of the process  Temporal at 127.0.0.1:7233, namespace default

      Precedence, weakest first: defaults < defaults of the mode < config file < .env < environment < flags

      Set aside
        database.path (config file): it belongs to persistent mode, and database is in distributed mode
        redis.port (REDIS_PORT): it is a Kubernetes service link

      Warnings
      - server.cors.enabled has no effect without server.cors.origins.
        at <project>/compozy.config.ts:8:30
        fix: name the sites that may call the API in server.cors.origins
        [COMPOZY_CONFIG_NO_EFFECT] server.cors.enabled = true
      - The connection to cache.internal is not encrypted.
        fix: set redis.tls.enabled
        [COMPOZY_CONFIG_UNENCRYPTED] redis.tls.enabled = false
      - REDIS_PORT is not used: it is a Kubernetes service link.
        at REDIS_PORT
        fix: turn service links off in the pod (enableServiceLinks: false), or ignore this
        [COMPOZY_CONFIG_NO_EFFECT] redis.port"
    `)
  })
})

describe("config show", () => {
  it("prints every key with its value and origin, and masks secrets", async () => {
    const { root, loaded } = await load(mixed, {
      env: {
        COMPOZY_API_KEY: "hunter2",
        REDIS_EMBEDDED_LISTEN_PASSWORD: "hunter2",
        DB_MIGRATION_TIMEOUT: "90s"
      },
      flags: { "redis.listen.port": "0", mode: "persistent" }
    })
    expect(anonymous(config.formatConfig(loaded, { origin: true }), root).replaceAll(/ {2,}/gu, "  "))
      .toMatchInlineSnapshot(`
        "mode  persistent  --mode
        name  orders  config file
        server.host  127.0.0.1  default
        server.port  5001  default
        server.bodyLimit  10 MiB  default
        server.requestTimeout  1m  default
        server.shutdownTimeout  30s  default
        server.cors.enabled  true  config file
        server.cors.origins  default
        server.expose  false  default
        database.driver  sqlite  from mode
        database.path  <project>/orders.db  config file
        database.busyTimeout  5s  default
        database.autoMigrate  true  default
        database.migrationTimeout  90s  DB_MIGRATION_TIMEOUT
        redis.mode  memory  config file
        redis.keyPrefix  compozy:  default
        redis.listen.port  0  --redis-listen-port
        redis.listen.host  127.0.0.1  default
        redis.listen.password  ********  REDIS_EMBEDDED_LISTEN_PASSWORD
        temporal.mode  persistent  from mode
        temporal.namespace  default  default
        temporal.taskQueue  compozy-tasks  default
        temporal.startTimeout  30s  default
        temporal.engine  embedded  default
        temporal.file  <project>/.compozy/temporal.db  default
        temporal.synchronous  normal  default
        temporal.host  127.0.0.1  default
        temporal.port  0  default
        temporal.hosting  thread  default
        temporal.logLevel  warn  default
        temporal.retention.period  7d  default of persistent mode
        temporal.retention.maxClosed  100000  default of persistent mode
        worker.maxConcurrentActivities  100  default
        worker.maxConcurrentWorkflowTasks  25  config file
        worker.maxCachedWorkflows  200  default of persistent mode
        worker.activityTimeout  5m  default
        worker.activityRetry.maximumAttempts  3  default
        worker.activityRetry.initialInterval  1s  default
        worker.activityRetry.backoffCoefficient  2  default
        worker.activityRetry.maximumInterval  100s  default
        worker.heartbeat  30s  default
        worker.shutdownGrace  10s  default
        limits.payload  32 MiB  default
        limits.outputInline  64 KiB  default
        limits.historyEvents  8000  default
        limits.taskContextDepth  5  default
        limits.nesting  20  default
        limits.parallel  50  default
        limits.collectionItems  100000  default
        log.level  info  default
        log.format  auto  default
        log.source  false  default
        monitoring.enabled  true  default
        monitoring.path  /metrics  default
        cli.format  auto  default
        cli.color  auto  default
        cli.timeout  30s  default
        cli.apiKey  ********  COMPOZY_API_KEY"
      `)
    expect(config.formatConfig(loaded)).not.toContain("hunter2")
  })

  it("gives the same as data", async () => {
    const { loaded } = await load(mixed, { env: { COMPOZY_API_KEY: "hunter2" } })
    const data = config.showConfigJson(loaded)
    expect(data).toMatchObject({
      mode: "persistent",
      redis: { mode: "memory" },
      server: { port: 5001, cors: { enabled: true, origins: [] } },
      cli: { apiKey: "********", timeout: 30_000 }
    })
  })
})

describe("config validate", () => {
  it("warns where the source tests a reference, in imported files too", async () => {
    const root = project({
      "compozy.config.ts": `import { defineMode } from "compozy"
import { hello } from "./hello.js"
export default defineMode({ workflows: [hello] })
`,
      "hello.ts": `import { Schema } from "effect"
import { coalesce, defineTool, defineWorkflow } from "compozy"

const mood = defineTool({
  id: "mood",
  input: Schema.Struct({ name: Schema.String }),
  output: Schema.Struct({ good: Schema.Boolean, note: Schema.NullOr(Schema.String), list: Schema.Array(Schema.String) }),
  run: ({ name }) => ({ good: name !== "", note: null, list: [] })
})

const verbose = process.argv.includes("--verbose") ? true : false

export const hello = defineWorkflow(
  { id: "hello", input: Schema.Struct({ name: Schema.String }) },
  ({ input, task }) => {
    const today = task.tool("today", mood, { name: input.name })
    const note = today.note ?? "nothing"
    const bad = !today.good
    const fine = coalesce(today.note, "nothing")
    if (verbose) task.sleep("pause", "1 second")
    const first = task.collection("each", {
      items: today.list,
      each: ({ item }) => (item ? task.tool("again", mood, { name: item }).good : false)
    })
    return { note, bad, fine, first: first.at(0) ?? false }
  }
)
`
    })
    const loaded = await Effect.runPromise(config.loadConfig({ cwd: root, env: {} }))
    const warnings = await Effect.runPromise(config.validateConfig(loaded))
    expect(anonymous(warnings.map(config.formatWarning).join("\n"), root)).toMatchInlineSnapshot(`
      "- A reference is tested here, but it has no value while the workflow is defined: the test always goes the same way.
        at <project>/hello.ts:17:18
        fix: use task.when or task.router to choose, coalesce for a missing value, not(...) for a condition
        [COMPOZY_CONFIG_TESTED_REFERENCE] workflows
      - A reference is tested here, but it has no value while the workflow is defined: the test always goes the same way.
        at <project>/hello.ts:18:18
        fix: use task.when or task.router to choose, coalesce for a missing value, not(...) for a condition
        [COMPOZY_CONFIG_TESTED_REFERENCE] workflows
      - A reference is tested here, but it has no value while the workflow is defined: the test always goes the same way.
        at <project>/hello.ts:23:28
        fix: use task.when or task.router to choose, coalesce for a missing value, not(...) for a condition
        [COMPOZY_CONFIG_TESTED_REFERENCE] workflows
      - A reference is tested here, but it has no value while the workflow is defined: the test always goes the same way.
        at <project>/hello.ts:25:38
        fix: use task.when or task.router to choose, coalesce for a missing value, not(...) for a condition
        [COMPOZY_CONFIG_TESTED_REFERENCE] workflows"
    `)
  })

  it("gives the warnings of the settings too", async () => {
    const { loaded } = await load(mixed)
    const warnings = await Effect.runPromise(config.validateConfig(loaded))
    expect(warnings.map(({ code }) => code)).toEqual([
      "COMPOZY_CONFIG_MIXED_MODES",
      "COMPOZY_CONFIG_SQLITE_CONCURRENCY",
      "COMPOZY_CONFIG_NO_EFFECT"
    ])
  })
})
