import { describe, expect, it } from "vitest"
import { config, failure, project } from "./support.ts"

/** What loading this config says. Its types do not fit: Node does not look at them. */
const says = async (
  text: string,
  options: { readonly flags?: { readonly [key: string]: string }; readonly env?: object } = {}
): Promise<string> => {
  const root = project({ "compozy.config.ts": text })
  return failure(config.loadConfig({ cwd: root, env: { ...options.env }, flags: options.flags ?? {} }), root)
}

describe("the table of what bad input gets", () => {
  it("mode standalone", async () => {
    expect(
      await says(`import { defineMode } from "compozy"

export default defineMode({
  name: "old",
  mode: "standalone"
})
`)
    ).toMatchInlineSnapshot(`
      "The configuration has a problem.

      1. mode "standalone" has been replaced by "memory" and "persistent".
         at <project>/compozy.config.ts:5:9
         fix: write "memory" to keep nothing after exit, or "persistent" to keep everything in files under .compozy; see docs/migration.md
         [COMPOZY_CONFIG_MODE_RETIRED] mode = "standalone""
    `)
    expect(
      await says(`import { defineMode } from "compozy"\nexport default defineMode({})\n`, {
        env: { COMPOZY_MODE: "standalone" }
      })
    ).toMatchInlineSnapshot(`
      "The configuration has a problem.

      1. mode "standalone" has been replaced by "memory" and "persistent".
         at COMPOZY_MODE
         fix: write "memory" to keep nothing after exit, or "persistent" to keep everything in files under .compozy; see docs/migration.md
         [COMPOZY_CONFIG_MODE_RETIRED] mode = "standalone""
    `)
  })

  it("any other mode", async () => {
    expect(
      await says(`import { defineMode } from "compozy"
export default defineMode({ mode: "presistent", temporal: { mode: "distributed" }, redis: { mode: "remote" } })
`)
    ).toMatchInlineSnapshot(`
      "The configuration has 3 problems.

      1. mode must be memory, persistent or distributed.
         at <project>/compozy.config.ts:2:35
         fix: did you mean "persistent"?
         [COMPOZY_CONFIG_MODE_UNKNOWN] mode = "presistent"

      2. temporal.mode must be memory, persistent or remote.
         at <project>/compozy.config.ts:2:67
         fix: did you mean "remote"?
         [COMPOZY_CONFIG_MODE_UNKNOWN] temporal.mode = "distributed"

      3. redis.mode must be memory, persistent or distributed.
         at <project>/compozy.config.ts:2:99
         fix: did you mean "distributed"?
         [COMPOZY_CONFIG_MODE_UNKNOWN] redis.mode = "remote""
    `)
    expect(
      await says(`import { defineMode } from "compozy"\nexport default defineMode({})\n`, {
        flags: { mode: "xyz" }
      })
    ).toMatchInlineSnapshot(`
      "The configuration has a problem.

      1. mode must be memory, persistent or distributed.
         at --mode
         fix: write "memory" if nothing has to survive the process
         [COMPOZY_CONFIG_MODE_UNKNOWN] mode = "xyz""
    `)
  })

  it("distributed without its services", async () => {
    expect(
      await says(`import { distributed, defineMode } from "compozy"

export default defineMode(
  distributed({
    database: {
      maxConnections: 5
    },
    temporal: { namespace: "orders" }
  })
)
`)
    ).toMatchInlineSnapshot(`
      "The configuration has 3 problems.

      1. Distributed mode requires a Redis connection.
         at <project>/compozy.config.ts:4:15
         fix: set REDIS_URL, REDIS_ADDR or redis.url (or redis.host, redis.sentinel, redis.cluster)
         [COMPOZY_CONFIG_MISSING_CONNECTION] redis.url

      2. Distributed mode requires a PostgreSQL connection.
         at <project>/compozy.config.ts:5:15
         fix: set COMPOZY_DATABASE_URL or database.url (or DB_HOST or database.host)
         [COMPOZY_CONFIG_MISSING_CONNECTION] database.url

      3. Distributed mode requires the address of a Temporal frontend.
         at <project>/compozy.config.ts:8:15
         fix: set TEMPORAL_HOST_PORT or temporal.address, for example temporal.internal:7233
         [COMPOZY_CONFIG_MISSING_CONNECTION] temporal.address"
    `)
  })

  it("pgvector on SQLite", async () => {
    expect(
      await says(`import { persistent, defineMode } from "compozy"
export default defineMode(persistent({ knowledge: { vectorStore: "pgvector" } }))
`)
    ).toMatchInlineSnapshot(`
      "The configuration has a problem.

      1. pgvector needs PostgreSQL, but the database is SQLite.
         at <project>/compozy.config.ts:2:66
         fix: use distributed mode, or write "qdrant", "redis" or "filesystem"
         [COMPOZY_CONFIG_PGVECTOR_ON_SQLITE] knowledge.vectorStore = "pgvector""
    `)
  })
})

describe("all problems at once, in the order of the source", () => {
  it("lists each with its place, value and fix", async () => {
    expect(
      await says(`import { defineMode } from "compozy"
const host: string = "0.0.0.0"
const limits = { nesting: 0, collectionItems: 10 } as const

export default defineMode({
  server: { host, prot: 5001, requestTimeout: "30 parsecs", bodyLimit: "huge" },
  database: { path: "x.db" },
  limits,
  databse: {},
  log: { level: "verbose" as "info", ...{ format: "xml" } }
} satisfies object as object)
`)
    ).toMatchInlineSnapshot(`
      "The configuration has 9 problems.

      1. server.host is an address that other machines can reach.
         at <project>/compozy.config.ts:2:22
         fix: keep 127.0.0.1, or set server.expose (--expose) if they shall reach it
         [COMPOZY_CONFIG_EXPOSED] server.host = "0.0.0.0"

      2. limits.nesting must be a whole number from 1 to 1000.
         at <project>/compozy.config.ts:3:27
         fix: the default is 20
         [COMPOZY_CONFIG_INVALID_VALUE] limits.nesting = 0

      3. There is no setting server.prot.
         at <project>/compozy.config.ts:6:19
         fix: did you mean server.port?
         [COMPOZY_CONFIG_UNKNOWN_KEY] server.prot

      4. server.requestTimeout must be a time span from 100ms to 1h.
         at <project>/compozy.config.ts:6:47
         fix: write it as "30 seconds", "30s", "1h30m" or a number of milliseconds
         [COMPOZY_CONFIG_INVALID_VALUE] server.requestTimeout = "30 parsecs"

      5. server.bodyLimit must be a size from 1 KiB to 1 GiB.
         at <project>/compozy.config.ts:6:72
         fix: write it as "10 MiB" or a number of bytes
         [COMPOZY_CONFIG_INVALID_VALUE] server.bodyLimit = "huge"

      6. database.path belongs to persistent mode, but the database is in memory mode.
         at <project>/compozy.config.ts:7:15
         fix: remove it, set mode: "persistent" or database.driver: "sqlite", or move it under modes.persistent
         [COMPOZY_CONFIG_KEY_OF_OTHER_MODE] database.path

      7. There is no setting databse.
         at <project>/compozy.config.ts:9:3
         fix: did you mean database?
         [COMPOZY_CONFIG_UNKNOWN_KEY] databse

      8. log.level must be one of trace, debug, info, warn, error, none.
         at <project>/compozy.config.ts:10:17
         fix: the default is "info"
         [COMPOZY_CONFIG_INVALID_VALUE] log.level = "verbose"

      9. log.format must be one of auto, pretty, json, logfmt.
         at <project>/compozy.config.ts:10:51
         fix: the default is "auto"
         [COMPOZY_CONFIG_INVALID_VALUE] log.format = "xml""
    `)
  })

  it("refuses the settings of the Go program with their replacements", async () => {
    expect(
      await says(`import { defineMode } from "compozy"
export default defineMode({
  mode: "persistent",
  temporal: { host_port: "localhost:7233", standalone: { enable_ui: true, database_file: "t.db" } },
  redis: { tls_enabled: true },
  llm: { max_tool_iterations: 3 },
  mcp_proxy: { mode: "memory" }
})
`)
    ).toMatchInlineSnapshot(`
      "The configuration has 6 problems.

      1. temporal.host_port is called temporal.address here.
         at <project>/compozy.config.ts:4:15
         fix: write temporal.address
         [COMPOZY_CONFIG_RENAMED_KEY] temporal.host_port

      2. temporal.standalone.enable_ui is not a setting any more.
         at <project>/compozy.config.ts:4:58
         fix: remove it: there is no Temporal UI inside: use compozy execution list and get, or temporal.mode: "remote" with the development server of the Temporal CLI and its UI
         [COMPOZY_CONFIG_DROPPED_KEY] temporal.standalone.enable_ui

      3. temporal.standalone.database_file is called temporal.file here.
         at <project>/compozy.config.ts:4:75
         fix: write temporal.file
         [COMPOZY_CONFIG_RENAMED_KEY] temporal.standalone.database_file

      4. redis.tls_enabled is called redis.tls.enabled here.
         at <project>/compozy.config.ts:5:12
         fix: write redis.tls.enabled
         [COMPOZY_CONFIG_RENAMED_KEY] redis.tls_enabled

      5. llm.max_tool_iterations is not a setting yet.
         at <project>/compozy.config.ts:6:10
         fix: remove it: comes with task.agent
         [COMPOZY_CONFIG_DROPPED_KEY] llm.max_tool_iterations

      6. mcp_proxy.mode is not a setting yet.
         at <project>/compozy.config.ts:7:16
         fix: remove it: comes with MCP
         [COMPOZY_CONFIG_DROPPED_KEY] mcp_proxy.mode"
    `)
  })

  it("finds a place through constants, functions, builders under other names and overlays", async () => {
    expect(
      await says(
        `import { defineMode as define, persistent as files } from "compozy"
const distributed = { database: { maxConnections: 0 }, redis: { host: "r" }, temporal: { address: "t" } }
const config = files({
  name: "deep",
  modes: { distributed }
})
const chosen = define((env) => {
  return config
})
export { chosen as default }
`,
        { flags: { mode: "distributed" } }
      )
    ).toMatchInlineSnapshot(`
      "The configuration has 2 problems.

      1. database.maxConnections must be a whole number from 1 to 10000.
         at <project>/compozy.config.ts:2:51
         fix: the default is 25
         [COMPOZY_CONFIG_INVALID_VALUE] database.maxConnections = 0

      2. Distributed mode requires a PostgreSQL connection.
         at <project>/compozy.config.ts:3:22
         fix: set COMPOZY_DATABASE_URL or database.url (or DB_HOST or database.host)
         [COMPOZY_CONFIG_MISSING_CONNECTION] database.url"
    `)
  })

  it("points to the innermost literal around what cannot be followed", async () => {
    expect(
      await says(`import { defineMode } from "compozy"
const port = (): number => 70_000
const more = JSON.parse('{ "cors": { "enabled": "perhaps" } }')
export default defineMode({
  name: "x",
  server: { port: port(), ...more }
})
`)
    ).toMatchInlineSnapshot(`
      "The configuration has 2 problems.

      1. server.cors.enabled must be true or false.
         at <project>/compozy.config.ts:6:11
         fix: the default is false
         [COMPOZY_CONFIG_INVALID_VALUE] server.cors.enabled = "perhaps"

      2. server.port must be a whole number from 0 to 65535.
         at <project>/compozy.config.ts:6:19
         fix: the default is 5001
         [COMPOZY_CONFIG_INVALID_VALUE] server.port = 70000"
    `)
  })

  it("names the variable or the flag where the value comes from one", async () => {
    expect(
      await says(
        `import { Config } from "effect"
import { defineMode } from "compozy"
export default defineMode({
  name: Config.String("APP_NAME"),
  server: { port: Config.Int("APP_PORT") }
})
`,
        { env: { COMPOZY_LOG_LEVEL: "loud", APP_PORT: "many" }, flags: { "server.bodyLimit": "1 byte" } }
      )
    ).toMatchInlineSnapshot(`
      "The configuration has 4 problems.

      1. name needs the environment variable APP_NAME, which is not set.
         at <project>/compozy.config.ts:4:9
         fix: set APP_NAME in the environment or in .env, or give the Config a default
         [COMPOZY_CONFIG_VARIABLE] name

      2. server.port cannot be read from APP_PORT: the variable does not have the form that its Config asks for.
         at <project>/compozy.config.ts:5:19
         fix: correct APP_PORT
         [COMPOZY_CONFIG_VARIABLE] server.port

      3. server.bodyLimit must be a size from 1 KiB to 1 GiB.
         at --body-limit
         fix: write it as "10 MiB" or a number of bytes
         [COMPOZY_CONFIG_INVALID_VALUE] server.bodyLimit = "1 byte"

      4. log.level must be one of trace, debug, info, warn, error, none.
         at COMPOZY_LOG_LEVEL
         fix: the default is "info"
         [COMPOZY_CONFIG_INVALID_VALUE] log.level = "loud""
    `)
  })

  it("shows at most fifty", async () => {
    const names = Array.from({ length: 60 }, (_, index) => `zzz${index}qqq: 1`)
    const text = await says(
      `import { defineMode } from "compozy"\nexport default defineMode({ ${names.join(", ")} })\n`
    )
    expect(text.split("\n").at(0)).toBe("The configuration has 60 problems.")
    expect(text.split("\n").at(-1)).toBe("... and 10 more.")
  })
})
