/** What must and must not compile in a config. Checked by `npm run typecheck`; nothing here runs. */
import { Config, Context, Duration, Effect, Layer, Redacted, Schema } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { defineMode, distributed, memory, persistent } from "../../src/Mode.ts"
import { defineTool, defineWorkflow } from "../../src/workflow/index.ts"
import type { Workflow } from "../../src/workflow/Workflow.ts"

class Mailer extends Context.Service<Mailer, { readonly send: (to: string) => void }>()("test/Mailer") {}
declare const plain: Workflow<{ readonly n: number }, string>
declare const mails: Workflow<{ readonly to: string }, number, Mailer>
const mailer = Layer.succeed(Mailer, { send: () => undefined })
const mailerOnSql = Layer.effect(
  Mailer,
  Effect.gen(function* () {
    yield* SqlClient
    return { send: () => undefined }
  })
)

// What the builders of workflows give fits as well as what their types say.
const sent = defineTool({
  id: "sent",
  input: Schema.Struct({ to: Schema.String }),
  output: Schema.Struct({ ok: Schema.Boolean }),
  run: ({ to }) =>
    Effect.gen(function* () {
      const service = yield* Mailer
      service.send(to)
      return { ok: true }
    })
})
const greets = defineWorkflow(
  { id: "greets", input: Schema.Struct({ to: Schema.String }), services: [Mailer] },
  ({ input, task }) => task.tool("sent", sent, { to: input.to })
)
const still = defineWorkflow({ id: "still", input: Schema.Struct({}) }, () => null)
defineMode({ workflows: [still] })
defineMode({ workflows: [still, greets], layer: mailer })
defineMode(persistent({ workflows: [greets], layer: mailerOnSql }))
// @ts-expect-error the layer is missing
defineMode({ workflows: [still, greets] })
// @ts-expect-error the layer is missing, in a function
defineMode(() => ({ workflows: [greets] }))

// --- what compiles
defineMode({})
defineMode({ mode: "memory", name: "hello", workflows: [plain] })
defineMode({ workflows: [plain, mails], layer: mailer })
defineMode({ workflows: [mails], layer: mailerOnSql })
defineMode({ mode: "memory", temporal: { mode: "persistent", file: "./t.db" } })
defineMode({ mode: "memory", temporal: { mode: "remote", address: "temporal:7233" } })
defineMode({
  mode: "memory",
  database: { driver: "postgres", url: "postgres://h/db" },
  knowledge: { vectorStore: "pgvector" }
})
defineMode({ mode: "memory", database: { driver: "sqlite", path: "./kept.db" } })
defineMode({ mode: "persistent", database: { path: "x.db" }, redis: { persistence: { fsync: "always" } } })
defineMode({
  mode: "persistent",
  modes: { distributed: { database: { url: "postgres://h/db" }, temporal: { address: "t:7233" } } }
})
defineMode({ mode: "memory", modes: { distributed: { database: { maxConnections: 50 } } } })
defineMode({
  mode: "distributed",
  database: { url: Config.Redacted("DATABASE_URL") },
  redis: { cluster: { nodes: ["a:1", "b:2"] } },
  temporal: { address: Config.String("TEMPORAL") }
})
defineMode({
  mode: "distributed",
  database: { host: "db", password: Redacted.make("x"), ssl: { mode: "verify-full", ca: "ca.pem" } },
  redis: { sentinel: { name: "m", nodes: ["a:1"] } },
  temporal: { address: "t:7233", apiKey: "k" },
  knowledge: { vectorStore: "pgvector" }
})
defineMode({
  server: { port: 0, requestTimeout: "30s", shutdownTimeout: Duration.seconds(5), bodyLimit: "10 MiB" }
})
defineMode({ server: { port: Config.Int("APP_PORT"), requestTimeout: "30 seconds" } })
defineMode(memory())
defineMode(memory({ workflows: [mails], layer: mailer }))
defineMode(persistent({ database: { path: "x" } }))
defineMode((env) =>
  env.NODE_ENV === "production"
    ? distributed({ database: { url: "u" }, redis: { host: "r" }, temporal: { address: "t:1" } })
    : memory({ name: "dev" })
)
defineMode((env) => ({ mode: "persistent", name: env.NAME ?? "app" }))

// --- what does not
// @ts-expect-error no such mode
defineMode({ mode: "standalone" })
// @ts-expect-error unknown key
defineMode({ mode: "persistent", databse: {} })
// @ts-expect-error unknown key in a section
defineMode({ server: { prot: 1 } })
// @ts-expect-error unknown key in a component
defineMode({ mode: "persistent", database: { pth: "x" } })
// @ts-expect-error a key of another mode
defineMode({ mode: "memory", database: { path: "x" } })
// @ts-expect-error a key of another mode, where the mode is the default
defineMode({ redis: { persistence: { fsync: "always" } } })
// @ts-expect-error a key of another mode of the component
defineMode({ mode: "persistent", temporal: { mode: "memory", file: "x" } })
// @ts-expect-error the file belongs to SQLite
defineMode({ mode: "persistent", database: { driver: "postgres", url: "u", path: "x" } })
// @ts-expect-error no connection at all
defineMode({ mode: "distributed" })
// @ts-expect-error no database
defineMode({ mode: "distributed", redis: { host: "r" }, temporal: { address: "t:1" } })
// @ts-expect-error no Redis
defineMode({ mode: "distributed", database: { url: "u" }, temporal: { address: "t:1" } })
// @ts-expect-error no Temporal
defineMode({ mode: "distributed", database: { url: "u" }, redis: { host: "r" } })
// @ts-expect-error two connections at once
defineMode({
  mode: "distributed",
  database: { url: "u", host: "h" },
  redis: { host: "r" },
  temporal: { address: "t:1" }
})
// @ts-expect-error remote without an address
defineMode({ temporal: { mode: "remote" } })
// @ts-expect-error pgvector on SQLite
defineMode({ mode: "memory", knowledge: { vectorStore: "pgvector" } })
// @ts-expect-error pgvector on SQLite, though the mode is distributed
defineMode({
  mode: "distributed",
  database: { driver: "sqlite" },
  redis: { host: "r" },
  temporal: { address: "t:1" },
  knowledge: { vectorStore: "pgvector" }
})
// @ts-expect-error the mode's own overlay has no sense
defineMode({ mode: "memory", modes: { memory: {} } })
// @ts-expect-error a key of another mode in an overlay
defineMode({ modes: { distributed: { database: { path: "x" } } } })
// @ts-expect-error a value of the wrong type
defineMode({ server: { port: "5001" } })
// @ts-expect-error a Config of the wrong type
defineMode({ server: { port: Config.String("PORT") } })
// @ts-expect-error a time span without a unit
defineMode({ server: { requestTimeout: "30" } })
// @ts-expect-error maybe undefined
defineMode({
  mode: "distributed",
  database: { url: process.env.URL },
  redis: { host: "r" },
  temporal: { address: "t:1" }
})
// @ts-expect-error the layer is missing
defineMode({ workflows: [plain, mails] })
// @ts-expect-error the layer gives something else
defineMode({ workflows: [mails], layer: Layer.empty })
// @ts-expect-error the layer is missing, in a builder
memory({ workflows: [mails] })
// @ts-expect-error a key of another mode, in a builder
memory({ database: { path: "x" } })
// @ts-expect-error unknown key in a builder
persistent({ databse: {} })
// @ts-expect-error a function's literal: a key of another mode
defineMode(() => ({ mode: "memory", database: { path: "x" } }))
// @ts-expect-error async
defineMode(async () => memory())
