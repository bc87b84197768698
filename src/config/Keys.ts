/**
 * Every setting, declared once: run `node scripts/generate-config.ts` after a change.
 *
 * Names of environment variables follow one rule: `DB_`, `REDIS_` and `TEMPORAL_` are the names of those
 * components (what only the embedded Temporal reads starts with `TEMPORAL_EMBEDDED_`), everything else is
 * `COMPOZY_` and the path. A second name is the one that Compozy's Go program used.
 */
import type { Component, ComponentMode, DefaultValue, Key, KeyType, KeyVariable } from "./Key.ts"

interface Declared {
  readonly env?: ReadonlyArray<string | KeyVariable>
  readonly flag?: string | false
  readonly common?: true
  readonly default?: DefaultValue
  readonly modeDefaults?: Key["modeDefaults"]
  readonly defaultText?: string
  readonly modes?: ReadonlyArray<ComponentMode>
}

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const kib = 1024
const mib = 1024 * kib

const text: KeyType = { kind: "text", maxLength: 1024 }
const secret: KeyType = { kind: "secret" }
const boolean: KeyType = { kind: "boolean" }
const path: KeyType = { kind: "path" }
const texts: KeyType = { kind: "texts" }
const certificate: KeyType = { kind: "pem", private: false }
const privateKey: KeyType = { kind: "pem", private: true }
const integer = (minimum: number, maximum: number): KeyType => ({ kind: "integer", minimum, maximum })
const port = integer(1, 65_535)
/** A port that is opened: 0 takes any free one. */
const openedPort = integer(0, 65_535)
const duration = (minimum: number, maximum: number): KeyType => ({ kind: "duration", minimum, maximum })
const size = (minimum: number, maximum: number): KeyType => ({ kind: "size", minimum, maximum })
const choice = (...values: ReadonlyArray<string>): KeyType => ({ kind: "choice", values })

const constantCase = (path: string): string =>
  path
    .replaceAll(/([a-z0-9])([A-Z])/gu, "$1_$2")
    .replaceAll(".", "_")
    .toUpperCase()
const kebabCase = (path: string): string => constantCase(path).toLowerCase().replaceAll("_", "-")

const secretive = (type: KeyType): boolean =>
  type.kind === "secret" ||
  type.kind === "headers" ||
  (type.kind === "url" && type.secret) ||
  (type.kind === "pem" && type.private)

/** Declares the keys of one section under one prefix of variables and of flags. */
const section =
  (name: string, prefixes: { readonly env: string; readonly flag: string }, component?: Component) =>
  (key: string, type: KeyType, help: string, declared: Declared = {}): Key => ({
    path: name === "" ? key : `${name}.${key}`,
    type,
    help,
    env: (declared.env ?? [`${prefixes.env}${constantCase(key)}`]).map((variable) =>
      typeof variable === "string" ? { name: variable } : variable
    ),
    flag:
      declared.flag === false || secretive(type)
        ? undefined
        : (declared.flag ?? `${prefixes.flag}${kebabCase(key)}`),
    common: declared.common ?? false,
    default: declared.default,
    modeDefaults: declared.modeDefaults ?? {},
    defaultText: declared.defaultText,
    modes: declared.modes,
    component
  })

const top = section("", { env: "COMPOZY_", flag: "" })
const server = section("server", { env: "COMPOZY_SERVER_", flag: "" })
const database = section("database", { env: "DB_", flag: "db-" }, "database")
const redis = section("redis", { env: "REDIS_", flag: "redis-" }, "redis")
const temporal = section("temporal", { env: "TEMPORAL_", flag: "temporal-" }, "temporal")
const embedded = section("temporal", { env: "TEMPORAL_EMBEDDED_", flag: "temporal-" }, "temporal")
const knowledge = section("knowledge", { env: "COMPOZY_KNOWLEDGE_", flag: "knowledge-" })
const worker = section("worker", { env: "COMPOZY_WORKER_", flag: "worker-" })
const limits = section("limits", { env: "COMPOZY_LIMITS_", flag: "limit-" })
const log = section("log", { env: "COMPOZY_LOG_", flag: "log-" })
const monitoring = section("monitoring", { env: "COMPOZY_MONITORING_", flag: "monitoring-" })
const cli = section("cli", { env: "COMPOZY_CLI_", flag: "" })

const file = { modes: ["persistent"] } as const
const external = { modes: ["distributed"] } as const
const remote = { modes: ["remote"] } as const
const inProcess = { modes: ["memory", "persistent"] } as const

/** All keys, in the order of the reference page. */
export const keys: ReadonlyArray<Key> = [
  top(
    "mode",
    choice("memory", "persistent", "distributed"),
    "Where state lives: memory (gone on exit), persistent (files under .compozy), distributed (PostgreSQL, Redis and Temporal of your own).",
    { default: "memory", common: true }
  ),
  top("name", text, "The project's name, in logs, metrics and the banner.", {
    defaultText: "the name of the config file's folder",
    flag: false
  }),
  top("version", text, "The project's version, in logs and the API.", { flag: false }),
  top("description", text, "One line on what the project does.", { flag: false }),

  server(
    "host",
    text,
    "The address that the HTTP server listens on. Anything but a loopback address also needs server.expose.",
    {
      default: "127.0.0.1",
      common: true
    }
  ),
  server("port", openedPort, "The port of the HTTP server; 0 takes any free one.", {
    default: 5001,
    common: true
  }),
  server(
    "publicUrl",
    { kind: "url", protocols: ["http:", "https:"], secret: false },
    "The URL under which clients reach the server, where it stands behind a proxy.",
    {
      defaultText: "http:// and the address that the server listens on"
    }
  ),
  server("bodyLimit", size(kib, 1024 * mib), "The largest request body that is read.", { default: "10 MiB" }),
  server(
    "requestTimeout",
    duration(100, hour),
    "How long a request may take; an execution that is awaited over HTTP may take as long.",
    {
      default: "60 seconds"
    }
  ),
  server(
    "shutdownTimeout",
    duration(0, hour),
    "How long requests, workers and stores have to finish when the process is asked to stop.",
    {
      default: "30 seconds"
    }
  ),
  server("cors.enabled", boolean, "Whether browsers on other sites may call the API.", {
    default: false,
    flag: "cors"
  }),
  server("cors.origins", texts, "The sites that may, as origins (https://app.example.com).", { default: [] }),
  server("expose", boolean, "Allows server.host to be an address that other machines can reach.", {
    default: false,
    common: true
  }),

  database("driver", choice("sqlite", "postgres"), "The database. Wins over the mode.", {
    defaultText: "sqlite in memory and persistent mode, postgres in distributed mode",
    common: true
  }),
  database("path", path, "The SQLite file.", { ...file, default: ".compozy/compozy.db", common: true }),
  database("busyTimeout", duration(0, hour), "How long a SQLite statement waits for a lock.", {
    ...file,
    default: "5 seconds"
  }),
  database(
    "url",
    { kind: "url", protocols: ["postgres:", "postgresql:"], secret: true },
    "The PostgreSQL connection: postgresql://user:password@host:port/database.",
    {
      ...external,
      env: ["COMPOZY_DATABASE_URL", "DB_CONN_STRING"]
    }
  ),
  database("host", text, "The PostgreSQL host, or the folder of its socket.", external),
  database("port", port, "The PostgreSQL port.", { ...external, default: 5432 }),
  database("user", text, "The PostgreSQL user.", { ...external, default: "postgres" }),
  database("password", secret, "The PostgreSQL password.", external),
  database("name", text, "The PostgreSQL database.", { ...external, default: "compozy" }),
  database(
    "ssl.mode",
    choice("disable", "require", "verify-ca", "verify-full"),
    "Whether the connection is encrypted, and what of the server's certificate is checked.",
    {
      ...external,
      default: "disable"
    }
  ),
  database("ssl.ca", certificate, "The certificate authority: a PEM file, or its text.", external),
  database("ssl.cert", certificate, "The client certificate: a PEM file, or its text.", external),
  database("ssl.key", privateKey, "The client certificate's key: a PEM file, or its text.", external),
  database("maxConnections", integer(1, 10_000), "The most connections that one process opens.", {
    ...external,
    default: 25,
    env: ["DB_MAX_CONNECTIONS", "DB_MAX_OPEN_CONNS"]
  }),
  database("minConnections", integer(0, 10_000), "The connections that one process keeps open.", {
    ...external,
    default: 0,
    env: ["DB_MIN_CONNECTIONS", "DB_MAX_IDLE_CONNS"]
  }),
  database("connectTimeout", duration(1, hour), "How long one attempt to connect may take.", {
    ...external,
    default: "5 seconds"
  }),
  database("queryTimeout", duration(1, hour), "How long one statement may take.", {
    ...external,
    default: "30 seconds"
  }),
  database("autoMigrate", boolean, "Whether the schema is brought up to date at start.", { default: true }),
  database("migrationTimeout", duration(second, day), "How long bringing the schema up to date may take.", {
    default: "2 minutes"
  }),

  redis("mode", choice("memory", "persistent", "distributed"), "Where the cache lives. Wins over the mode.", {
    defaultText: "the mode",
    common: true
  }),
  redis("keyPrefix", text, "What every key and channel starts with.", { default: "compozy:" }),
  redis(
    "url",
    { kind: "url", protocols: ["redis:", "rediss:"], secret: true },
    "The Redis connection: redis://user:password@host:port/db, or rediss:// for TLS.",
    external
  ),
  redis("host", text, "The Redis host.", {
    ...external,
    env: ["REDIS_HOST", { name: "REDIS_ADDR", part: "host" }]
  }),
  redis("port", port, "The Redis port.", {
    ...external,
    default: 6379,
    env: ["REDIS_PORT", { name: "REDIS_ADDR", part: "port" }]
  }),
  redis("username", text, "The Redis user (ACL).", external),
  redis("password", secret, "The Redis password.", external),
  redis("db", integer(0, 1_000_000), "The number of the Redis database.", { ...external, default: 0 }),
  redis("tls.enabled", boolean, "Whether the connection is encrypted; rediss:// says so too.", {
    ...external,
    default: false
  }),
  redis("tls.ca", certificate, "The certificate authority: a PEM file, or its text.", external),
  redis("tls.cert", certificate, "The client certificate: a PEM file, or its text.", external),
  redis("tls.key", privateKey, "The client certificate's key: a PEM file, or its text.", external),
  redis("tls.serverName", text, "The name to expect in the server's certificate.", {
    ...external,
    defaultText: "the host"
  }),
  redis("sentinel.name", text, "The name of the master that the sentinels watch.", {
    ...external,
    default: "mymaster"
  }),
  redis("sentinel.nodes", { kind: "addresses", port: 26_379 }, "The sentinels, as host:port.", external),
  redis("sentinel.username", text, "The sentinels' user (ACL).", external),
  redis("sentinel.password", secret, "The sentinels' password.", external),
  redis(
    "cluster.nodes",
    { kind: "addresses", port: 6379 },
    "Some nodes of a Redis cluster, as host:port; the rest is discovered.",
    external
  ),
  redis("connectTimeout", duration(1, hour), "How long one attempt to connect may take.", {
    ...external,
    default: "5 seconds",
    env: ["REDIS_CONNECT_TIMEOUT", "REDIS_DIAL_TIMEOUT"]
  }),
  redis("retry.maxAttempts", integer(0, 1000), "How often a command is tried again on a broken connection.", {
    ...external,
    default: 3,
    env: ["REDIS_RETRY_MAX_ATTEMPTS", "REDIS_MAX_RETRIES"]
  }),
  redis(
    "retry.initialDelay",
    duration(1, hour),
    "The pause before the first reconnection; it doubles each time.",
    {
      ...external,
      default: "50 millis",
      env: ["REDIS_RETRY_INITIAL_DELAY", "REDIS_MIN_RETRY_BACKOFF"]
    }
  ),
  redis("retry.maxDelay", duration(1, hour), "The longest pause between reconnections.", {
    ...external,
    default: "2 seconds",
    env: ["REDIS_RETRY_MAX_DELAY", "REDIS_MAX_RETRY_BACKOFF"]
  }),
  redis("persistence.dataDir", path, "The folder that the embedded Redis keeps its files in.", {
    ...file,
    default: ".compozy/redis",
    env: ["REDIS_EMBEDDED_PERSISTENCE_DATA_DIR"]
  }),
  redis(
    "persistence.fsync",
    choice("always", "everysec", "no"),
    "When writes are forced to the disk: before each answer, every second, or when the system likes.",
    {
      ...file,
      default: "everysec",
      env: ["REDIS_EMBEDDED_PERSISTENCE_FSYNC"]
    }
  ),
  redis(
    "persistence.snapshotInterval",
    duration(second, 30 * day),
    "How often the log is replaced by a snapshot.",
    {
      ...file,
      default: "5 minutes",
      env: ["REDIS_EMBEDDED_PERSISTENCE_SNAPSHOT_INTERVAL"]
    }
  ),
  redis("persistence.snapshotOnShutdown", boolean, "Whether a snapshot is taken when the process stops.", {
    ...file,
    default: true,
    env: ["REDIS_EMBEDDED_PERSISTENCE_SNAPSHOT_ON_SHUTDOWN"]
  }),
  redis(
    "persistence.restoreOnStartup",
    boolean,
    "Whether the files are read at start; false begins with an empty cache.",
    {
      ...file,
      default: true,
      env: ["REDIS_EMBEDDED_PERSISTENCE_RESTORE_ON_STARTUP"]
    }
  ),
  redis(
    "listen.port",
    openedPort,
    "Opens the embedded Redis on this port, for redis-cli; 0 takes any free one. Without it no port is opened.",
    {
      ...inProcess,
      env: ["REDIS_EMBEDDED_LISTEN_PORT"]
    }
  ),
  redis("listen.host", text, "The address of that port; a loopback address.", {
    ...inProcess,
    default: "127.0.0.1",
    env: ["REDIS_EMBEDDED_LISTEN_HOST"]
  }),
  redis("listen.password", secret, "The password that clients of that port need.", {
    ...inProcess,
    defaultText: "made at start",
    env: ["REDIS_EMBEDDED_LISTEN_PASSWORD"]
  }),

  temporal(
    "mode",
    choice("memory", "persistent", "remote"),
    "Where the workflow engine lives. Wins over the mode; distributed means remote.",
    {
      defaultText: "the mode",
      common: true
    }
  ),
  temporal("address", { kind: "address", port: 7233 }, "The Temporal frontend, as host:port.", {
    ...remote,
    env: ["TEMPORAL_HOST_PORT", "TEMPORAL_ADDRESS"],
    flag: "temporal-host",
    common: true
  }),
  temporal("namespace", text, "The Temporal namespace.", { default: "default" }),
  temporal("taskQueue", text, "The Temporal task queue that the worker listens on.", {
    default: "compozy-tasks"
  }),
  temporal("apiKey", secret, "The API key, for Temporal Cloud.", remote),
  temporal(
    "tls.enabled",
    boolean,
    "Whether the connection is encrypted; an API key or a certificate turns it on.",
    {
      ...remote,
      default: false
    }
  ),
  temporal("tls.ca", certificate, "The certificate authority: a PEM file, or its text.", remote),
  temporal("tls.cert", certificate, "The client certificate: a PEM file, or its text.", remote),
  temporal("tls.key", privateKey, "The client certificate's key: a PEM file, or its text.", remote),
  temporal("tls.serverName", text, "The name to expect in the server's certificate.", {
    ...remote,
    defaultText: "the host"
  }),
  temporal("startTimeout", duration(100, hour), "How long the engine has to answer at start.", {
    default: "30 seconds",
    env: ["TEMPORAL_START_TIMEOUT", "TEMPORAL_EMBEDDED_START_TIMEOUT"]
  }),
  embedded(
    "engine",
    choice("embedded", "dev-server"),
    "The engine in memory and persistent mode: the built-in one, or Temporal's own development server, which needs the package @temporalio/testing, starts slower and asks for no key.",
    {
      ...inProcess,
      default: "embedded"
    }
  ),
  embedded("file", path, "The engine's file.", {
    ...file,
    default: ".compozy/temporal.db",
    env: ["TEMPORAL_EMBEDDED_DATABASE_FILE"]
  }),
  embedded(
    "synchronous",
    choice("full", "normal"),
    "When the engine's writes are forced to the disk: at each checkpoint (a crash of the process loses nothing, a power cut the last moments), or at each commit.",
    {
      ...file,
      default: "normal"
    }
  ),
  embedded("host", text, "The loopback address that the engine listens on.", {
    ...inProcess,
    default: "127.0.0.1",
    env: ["TEMPORAL_EMBEDDED_HOST", "TEMPORAL_EMBEDDED_BIND_IP"],
    flag: "temporal-embedded-host"
  }),
  embedded("port", openedPort, "The port that the engine listens on; 0 takes any free one.", {
    ...inProcess,
    default: 0,
    env: ["TEMPORAL_EMBEDDED_PORT", "TEMPORAL_EMBEDDED_FRONTEND_PORT"]
  }),
  embedded(
    "hosting",
    choice("thread", "worker"),
    "Where the engine runs: on the main thread, or on a thread of its own, which a task that computes cannot hold up.",
    {
      ...inProcess,
      default: "thread"
    }
  ),
  embedded("logLevel", choice("debug", "info", "warn", "error"), "From which level on the engine logs.", {
    ...inProcess,
    default: "warn"
  }),
  embedded(
    "retention.period",
    duration(minute, 3650 * day),
    "How long a closed workflow's history is kept.",
    {
      ...inProcess,
      modeDefaults: { memory: "1 hour", persistent: "7 days" },
      env: ["TEMPORAL_EMBEDDED_RETENTION"]
    }
  ),
  embedded(
    "retention.maxClosed",
    integer(1, 10_000_000),
    "How many closed workflows are kept; the oldest go first.",
    {
      ...inProcess,
      modeDefaults: { memory: 1000, persistent: 100_000 }
    }
  ),

  knowledge(
    "vectorStore",
    choice("filesystem", "redis", "qdrant", "pgvector"),
    "Where embeddings are kept. pgvector needs PostgreSQL."
  ),

  worker("maxConcurrentActivities", integer(1, 100_000), "How many tools one process runs at once.", {
    default: 100,
    env: ["COMPOZY_WORKER_MAX_CONCURRENT_ACTIVITIES", "WORKER_MAX_CONCURRENT_ACTIVITIES"]
  }),
  worker(
    "maxConcurrentWorkflowTasks",
    integer(2, 100_000),
    "How many workflows one process advances at once. On SQLite at most 10 are recommended.",
    {
      modeDefaults: { memory: 10, persistent: 10, distributed: 40 },
      env: ["COMPOZY_WORKER_MAX_CONCURRENT_WORKFLOW_TASKS", "WORKER_MAX_CONCURRENT_WORKFLOWS"]
    }
  ),
  worker(
    "maxCachedWorkflows",
    integer(0, 1_000_000),
    "How many running workflows one process keeps in memory between steps.",
    {
      modeDefaults: { memory: 200, persistent: 200, distributed: 500 }
    }
  ),
  worker(
    "activityTimeout",
    duration(1, 365 * day),
    "How long one attempt of a tool may take, where its task does not say.",
    {
      default: "5 minutes",
      env: ["COMPOZY_WORKER_ACTIVITY_TIMEOUT", "WORKER_ACTIVITY_START_TO_CLOSE_TIMEOUT"]
    }
  ),
  worker(
    "activityRetry.maximumAttempts",
    integer(0, 1_000_000),
    "How often a tool is tried, where its task does not say; 0 without end.",
    {
      default: 3,
      env: ["COMPOZY_WORKER_ACTIVITY_RETRY_MAXIMUM_ATTEMPTS", "WORKER_ACTIVITY_MAX_RETRIES"]
    }
  ),
  worker("activityRetry.initialInterval", duration(1, day), "The pause before the second attempt.", {
    default: "1 second"
  }),
  worker(
    "activityRetry.backoffCoefficient",
    { kind: "number", minimum: 1, maximum: 100 },
    "By what each further pause is multiplied.",
    {
      default: 2
    }
  ),
  worker("activityRetry.maximumInterval", duration(1, 365 * day), "The longest pause between attempts.", {
    default: "100 seconds"
  }),
  worker(
    "heartbeat",
    duration(100, day),
    "How long a tool that sends heartbeats may be silent, where its task does not say.",
    {
      default: "30 seconds",
      env: ["COMPOZY_WORKER_HEARTBEAT", "WORKER_ACTIVITY_HEARTBEAT_TIMEOUT"]
    }
  ),
  worker(
    "shutdownGrace",
    duration(0, hour),
    "How long running tools have to finish when the process is asked to stop; then they are cancelled.",
    {
      default: "10 seconds"
    }
  ),

  limits("payload", size(kib, 1024 * mib), "The largest input or output of a workflow or a tool.", {
    default: "32 MiB"
  }),
  limits(
    "outputInline",
    size(0, mib),
    "The largest value that travels in a workflow's history; larger ones are kept in the store and referred to.",
    {
      default: "64 KiB"
    }
  ),
  limits(
    "historyEvents",
    integer(100, 50_000),
    "After how many events a workflow continues in a fresh history.",
    { default: 8000 }
  ),
  limits(
    "taskContextDepth",
    integer(1, 100),
    "How many levels of child workflows the error of an execution shows.",
    {
      default: 5,
      env: ["COMPOZY_LIMITS_TASK_CONTEXT_DEPTH", "LIMITS_MAX_TASK_CONTEXT_DEPTH"]
    }
  ),
  limits("nesting", integer(1, 1000), "How deep blocks and child workflows may stand in each other.", {
    default: 20,
    env: ["COMPOZY_LIMITS_NESTING", "LIMITS_MAX_NESTING_DEPTH"]
  }),
  limits(
    "parallel",
    integer(1, 10_000),
    "How many branches or items of one task run at once, where the task does not say.",
    { default: 50 }
  ),
  limits("collectionItems", integer(1, 10_000_000), "How many items a collection may have.", {
    default: 100_000
  }),

  log("level", choice("trace", "debug", "info", "warn", "error", "none"), "From which level on is logged.", {
    default: "info",
    env: ["COMPOZY_LOG_LEVEL", "RUNTIME_LOG_LEVEL"],
    common: true
  }),
  log(
    "format",
    choice("auto", "pretty", "json", "logfmt"),
    "How a log line is written; auto is pretty on a terminal and json elsewhere.",
    {
      default: "auto"
    }
  ),
  log("source", boolean, "Whether a log line names the place in the source.", { default: false }),

  monitoring("enabled", boolean, "Whether the server gives Prometheus metrics.", { default: true }),
  monitoring(
    "path",
    { kind: "text", pattern: "^/[A-Za-z0-9/_.-]*$", describe: "a path that starts with /" },
    "Where it gives them.",
    {
      default: "/metrics"
    }
  ),
  monitoring(
    "otlp.endpoint",
    { kind: "url", protocols: ["http:", "https:"], secret: false },
    "An OpenTelemetry collector to send traces and metrics to. Without it nothing is sent."
  ),
  monitoring("otlp.headers", { kind: "headers" }, "Headers for the collector, e.g. its key."),
  monitoring("otlp.interval", duration(100, hour), "How often they are sent.", { default: "10 seconds" }),

  cli(
    "baseUrl",
    { kind: "url", protocols: ["http:", "https:"], secret: false },
    "The server that commands talk to.",
    {
      env: ["COMPOZY_CLI_BASE_URL", "COMPOZY_BASE_URL"],
      defaultText: "the server that runs this config"
    }
  ),
  cli("format", choice("auto", "text", "json"), "How results are printed; auto is text.", {
    default: "auto",
    env: ["COMPOZY_CLI_FORMAT", "COMPOZY_DEFAULT_FORMAT"]
  }),
  cli(
    "color",
    choice("auto", "always", "never"),
    "Whether output is coloured; auto asks the terminal and NO_COLOR.",
    {
      default: "auto",
      env: ["COMPOZY_CLI_COLOR", "COMPOZY_COLOR_MODE"]
    }
  ),
  cli("timeout", duration(100, day), "How long a command waits for the server.", {
    default: "30 seconds",
    env: ["COMPOZY_CLI_TIMEOUT", "COMPOZY_TIMEOUT"]
  }),
  cli("apiKey", secret, "The API key that commands send.", {
    env: ["COMPOZY_CLI_API_KEY", "COMPOZY_API_KEY"]
  })
]

/** The keys by path. */
export const keyByPath: ReadonlyMap<string, Key> = new Map(keys.map((key) => [key.path, key]))

/** Keys of the config file that hold code, not settings. */
export const codeKeys: ReadonlyArray<string> = ["workflows", "layer", "modes"]

/** Groups that exist only where one of their keys is set. */
export const optionalGroups: ReadonlyMap<string, string> = new Map([
  ["redis.sentinel", "redis.sentinel.nodes"],
  ["redis.cluster", "redis.cluster.nodes"],
  ["redis.listen", "redis.listen.port"],
  ["monitoring.otlp", "monitoring.otlp.endpoint"]
])

/** The sections with their one line of explanation, in order. */
export const sections: ReadonlyArray<{ readonly name: string; readonly help: string }> = [
  { name: "server", help: "The HTTP server." },
  { name: "database", help: "The database: workflow states, task states, users and keys." },
  { name: "redis", help: "The cache, locks and pub/sub." },
  { name: "temporal", help: "The workflow engine." },
  { name: "knowledge", help: "Embeddings." },
  { name: "worker", help: "How this process runs workflows and tools." },
  { name: "limits", help: "What is refused or cut before it does harm." },
  { name: "log", help: "Logging." },
  { name: "monitoring", help: "Metrics and traces." },
  { name: "cli", help: "The command line." }
]

/** The modes of each component. */
export const componentModes: { readonly [C in Component]: ReadonlyArray<ComponentMode> } = {
  database: ["memory", "persistent", "distributed"],
  redis: ["memory", "persistent", "distributed"],
  temporal: ["memory", "persistent", "remote"]
}
