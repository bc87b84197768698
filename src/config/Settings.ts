/**
 * Every setting, resolved: defaults, config file, .env, environment and flags merged and checked.
 * Durations are milliseconds, sizes bytes, paths absolute, certificates PEM text, secrets `Redacted`.
 *
 * Made by scripts/generate-config.ts from src/config/Keys.ts: change that.
 */
import type { Redacted } from "effect/Redacted"

/** A host and a port. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** The HTTP server. */
export interface ServerSettings {
  /** The address that the HTTP server listens on. Anything but a loopback address also needs server.expose. */
  readonly host: string
  /** The port of the HTTP server; 0 takes any free one. */
  readonly port: number
  /** The URL under which clients reach the server, where it stands behind a proxy. */
  readonly publicUrl?: string
  /** The largest request body that is read. In bytes. */
  readonly bodyLimit: number
  /** How long a request may take; an execution that is awaited over HTTP may take as long. In milliseconds. */
  readonly requestTimeout: number
  /** How long requests, workers and stores have to finish when the process is asked to stop. In milliseconds. */
  readonly shutdownTimeout: number
  /** Allows server.host to be an address that other machines can reach. */
  readonly expose: boolean
  readonly cors: {
    /** Whether browsers on other sites may call the API. */
    readonly enabled: boolean
    /** The sites that may, as origins (https://app.example.com). */
    readonly origins: ReadonlyArray<string>
  }
}

/** The database: workflow states, task states, users and keys. In memory mode. */
export interface DatabaseMemory {
  /** The effective mode. */
  readonly mode: "memory"
  /** The database. Wins over the mode. */
  readonly driver: "sqlite"
  /** Whether the schema is brought up to date at start. */
  readonly autoMigrate: boolean
  /** How long bringing the schema up to date may take. In milliseconds. */
  readonly migrationTimeout: number
}

/** The database: workflow states, task states, users and keys. In persistent mode. */
export interface DatabasePersistent {
  /** The effective mode. */
  readonly mode: "persistent"
  /** The database. Wins over the mode. */
  readonly driver: "sqlite"
  /** The SQLite file. Absolute. */
  readonly path: string
  /** How long a SQLite statement waits for a lock. In milliseconds. */
  readonly busyTimeout: number
  /** Whether the schema is brought up to date at start. */
  readonly autoMigrate: boolean
  /** How long bringing the schema up to date may take. In milliseconds. */
  readonly migrationTimeout: number
}

/** The database: workflow states, task states, users and keys. In distributed mode. */
export interface DatabaseDistributed {
  /** The effective mode. */
  readonly mode: "distributed"
  /** The database. Wins over the mode. */
  readonly driver: "postgres"
  /** The PostgreSQL connection: postgresql://user:password@host:port/database. */
  readonly url: Redacted<string>
  /** The PostgreSQL host, or the folder of its socket. */
  readonly host: string
  /** The PostgreSQL port. */
  readonly port: number
  /** The PostgreSQL user. */
  readonly user: string
  /** The PostgreSQL password. */
  readonly password?: Redacted<string>
  /** The PostgreSQL database. */
  readonly name: string
  /** The most connections that one process opens. */
  readonly maxConnections: number
  /** The connections that one process keeps open. */
  readonly minConnections: number
  /** How long one attempt to connect may take. In milliseconds. */
  readonly connectTimeout: number
  /** How long one statement may take. In milliseconds. */
  readonly queryTimeout: number
  /** Whether the schema is brought up to date at start. */
  readonly autoMigrate: boolean
  /** How long bringing the schema up to date may take. In milliseconds. */
  readonly migrationTimeout: number
  readonly ssl: {
    /** Whether the connection is encrypted, and what of the server's certificate is checked. */
    readonly mode: "disable" | "require" | "verify-ca" | "verify-full"
    /** The certificate authority. As PEM text. */
    readonly ca?: string
    /** The client certificate. As PEM text. */
    readonly cert?: string
    /** The client certificate's key. As PEM text. */
    readonly key?: Redacted<string>
  }
}

/** The database: workflow states, task states, users and keys. One member a mode. */
export type DatabaseSettings = DatabaseMemory | DatabasePersistent | DatabaseDistributed

/** The cache, locks and pub/sub. In memory mode. */
export interface RedisMemory {
  /** Where the cache lives. Wins over the mode. */
  readonly mode: "memory"
  /** What every key and channel starts with. */
  readonly keyPrefix: string
  readonly listen?: {
    /** Opens the embedded Redis on this port, for redis-cli; 0 takes any free one. Without it no port is opened. */
    readonly port: number
    /** The address of that port; a loopback address. */
    readonly host: string
    /** The password that clients of that port need. */
    readonly password?: Redacted<string>
  }
}

/** The cache, locks and pub/sub. In persistent mode. */
export interface RedisPersistent {
  /** Where the cache lives. Wins over the mode. */
  readonly mode: "persistent"
  /** What every key and channel starts with. */
  readonly keyPrefix: string
  readonly persistence: {
    /** The folder that the embedded Redis keeps its files in. Absolute. */
    readonly dataDir: string
    /** When writes are forced to the disk: before each answer, every second, or when the system likes. */
    readonly fsync: "always" | "everysec" | "no"
    /** How often the log is replaced by a snapshot. In milliseconds. */
    readonly snapshotInterval: number
    /** Whether a snapshot is taken when the process stops. */
    readonly snapshotOnShutdown: boolean
    /** Whether the files are read at start; false begins with an empty cache. */
    readonly restoreOnStartup: boolean
  }
  readonly listen?: {
    /** Opens the embedded Redis on this port, for redis-cli; 0 takes any free one. Without it no port is opened. */
    readonly port: number
    /** The address of that port; a loopback address. */
    readonly host: string
    /** The password that clients of that port need. */
    readonly password?: Redacted<string>
  }
}

/** The cache, locks and pub/sub. In distributed mode. */
export interface RedisDistributed {
  /** Where the cache lives. Wins over the mode. */
  readonly mode: "distributed"
  /** What every key and channel starts with. */
  readonly keyPrefix: string
  /** The Redis connection: redis://user:password@host:port/db, or rediss:// for TLS. */
  readonly url?: Redacted<string>
  /** The Redis host. */
  readonly host?: string
  /** The Redis port. */
  readonly port: number
  /** The Redis user (ACL). */
  readonly username?: string
  /** The Redis password. */
  readonly password?: Redacted<string>
  /** The number of the Redis database. */
  readonly db: number
  /** How long one attempt to connect may take. In milliseconds. */
  readonly connectTimeout: number
  readonly tls: {
    /** Whether the connection is encrypted; rediss:// says so too. */
    readonly enabled: boolean
    /** The certificate authority. As PEM text. */
    readonly ca?: string
    /** The client certificate. As PEM text. */
    readonly cert?: string
    /** The client certificate's key. As PEM text. */
    readonly key?: Redacted<string>
    /** The name to expect in the server's certificate. */
    readonly serverName?: string
  }
  readonly sentinel?: {
    /** The name of the master that the sentinels watch. */
    readonly name: string
    /** The sentinels, as host:port. */
    readonly nodes: ReadonlyArray<Address>
    /** The sentinels' user (ACL). */
    readonly username?: string
    /** The sentinels' password. */
    readonly password?: Redacted<string>
  }
  readonly cluster?: {
    /** Some nodes of a Redis cluster, as host:port; the rest is discovered. */
    readonly nodes: ReadonlyArray<Address>
  }
  readonly retry: {
    /** How often a command is tried again on a broken connection. */
    readonly maxAttempts: number
    /** The pause before the first reconnection; it doubles each time. In milliseconds. */
    readonly initialDelay: number
    /** The longest pause between reconnections. In milliseconds. */
    readonly maxDelay: number
  }
}

/** The cache, locks and pub/sub. One member a mode. */
export type RedisSettings = RedisMemory | RedisPersistent | RedisDistributed

/** The workflow engine. In memory mode. */
export interface TemporalMemory {
  /** Where the workflow engine lives. Wins over the mode; distributed means remote. */
  readonly mode: "memory"
  /** The Temporal namespace. */
  readonly namespace: string
  /** The Temporal task queue that the worker listens on. */
  readonly taskQueue: string
  /** How long the engine has to answer at start. In milliseconds. */
  readonly startTimeout: number
  /** The engine in memory and persistent mode: the built-in one, or Temporal's own development server, which needs the package @temporalio/testing, starts slower and asks for no key. */
  readonly engine: "embedded" | "dev-server"
  /** The loopback address that the engine listens on. */
  readonly host: string
  /** The port that the engine listens on; 0 takes any free one. */
  readonly port: number
  /** Where the engine runs: on the main thread, or on a thread of its own, which a task that computes cannot hold up. */
  readonly hosting: "thread" | "worker"
  /** From which level on the engine logs. */
  readonly logLevel: "debug" | "info" | "warn" | "error"
  readonly retention: {
    /** How long a closed workflow's history is kept. In milliseconds. */
    readonly period: number
    /** How many closed workflows are kept; the oldest go first. */
    readonly maxClosed: number
  }
}

/** The workflow engine. In persistent mode. */
export interface TemporalPersistent {
  /** Where the workflow engine lives. Wins over the mode; distributed means remote. */
  readonly mode: "persistent"
  /** The Temporal namespace. */
  readonly namespace: string
  /** The Temporal task queue that the worker listens on. */
  readonly taskQueue: string
  /** How long the engine has to answer at start. In milliseconds. */
  readonly startTimeout: number
  /** The engine in memory and persistent mode: the built-in one, or Temporal's own development server, which needs the package @temporalio/testing, starts slower and asks for no key. */
  readonly engine: "embedded" | "dev-server"
  /** The engine's file. Absolute. */
  readonly file: string
  /** When the engine's writes are forced to the disk: at each checkpoint (a crash of the process loses nothing, a power cut the last moments), or at each commit. */
  readonly synchronous: "full" | "normal"
  /** The loopback address that the engine listens on. */
  readonly host: string
  /** The port that the engine listens on; 0 takes any free one. */
  readonly port: number
  /** Where the engine runs: on the main thread, or on a thread of its own, which a task that computes cannot hold up. */
  readonly hosting: "thread" | "worker"
  /** From which level on the engine logs. */
  readonly logLevel: "debug" | "info" | "warn" | "error"
  readonly retention: {
    /** How long a closed workflow's history is kept. In milliseconds. */
    readonly period: number
    /** How many closed workflows are kept; the oldest go first. */
    readonly maxClosed: number
  }
}

/** The workflow engine. In remote mode. */
export interface TemporalRemote {
  /** Where the workflow engine lives. Wins over the mode; distributed means remote. */
  readonly mode: "remote"
  /** The Temporal frontend, as host:port. */
  readonly address: string
  /** The Temporal namespace. */
  readonly namespace: string
  /** The Temporal task queue that the worker listens on. */
  readonly taskQueue: string
  /** The API key, for Temporal Cloud. */
  readonly apiKey?: Redacted<string>
  /** How long the engine has to answer at start. In milliseconds. */
  readonly startTimeout: number
  readonly tls: {
    /** Whether the connection is encrypted; an API key or a certificate turns it on. */
    readonly enabled: boolean
    /** The certificate authority. As PEM text. */
    readonly ca?: string
    /** The client certificate. As PEM text. */
    readonly cert?: string
    /** The client certificate's key. As PEM text. */
    readonly key?: Redacted<string>
    /** The name to expect in the server's certificate. */
    readonly serverName?: string
  }
}

/** The workflow engine. One member a mode. */
export type TemporalSettings = TemporalMemory | TemporalPersistent | TemporalRemote

/** Embeddings. */
export interface KnowledgeSettings {
  /** Where embeddings are kept. pgvector needs PostgreSQL. */
  readonly vectorStore?: "filesystem" | "redis" | "qdrant" | "pgvector"
}

/** How this process runs workflows and tools. */
export interface WorkerSettings {
  /** How many tools one process runs at once. */
  readonly maxConcurrentActivities: number
  /** How many workflows one process advances at once. On SQLite at most 10 are recommended. */
  readonly maxConcurrentWorkflowTasks: number
  /** How many running workflows one process keeps in memory between steps. */
  readonly maxCachedWorkflows: number
  /** How long one attempt of a tool may take, where its task does not say. In milliseconds. */
  readonly activityTimeout: number
  /** How long a tool that sends heartbeats may be silent, where its task does not say. In milliseconds. */
  readonly heartbeat: number
  /** How long running tools have to finish when the process is asked to stop; then they are cancelled. In milliseconds. */
  readonly shutdownGrace: number
  readonly activityRetry: {
    /** How often a tool is tried, where its task does not say; 0 without end. */
    readonly maximumAttempts: number
    /** The pause before the second attempt. In milliseconds. */
    readonly initialInterval: number
    /** By what each further pause is multiplied. */
    readonly backoffCoefficient: number
    /** The longest pause between attempts. In milliseconds. */
    readonly maximumInterval: number
  }
}

/** What is refused or cut before it does harm. */
export interface LimitsSettings {
  /** The largest input or output of a workflow or a tool. In bytes. */
  readonly payload: number
  /** The largest value that travels in a workflow's history; larger ones are kept in the store and referred to. In bytes. */
  readonly outputInline: number
  /** After how many events a workflow continues in a fresh history. */
  readonly historyEvents: number
  /** How many levels of child workflows the error of an execution shows. */
  readonly taskContextDepth: number
  /** How deep blocks and child workflows may stand in each other. */
  readonly nesting: number
  /** How many branches or items of one task run at once, where the task does not say. */
  readonly parallel: number
  /** How many items a collection may have. */
  readonly collectionItems: number
}

/** Logging. */
export interface LogSettings {
  /** From which level on is logged. */
  readonly level: "trace" | "debug" | "info" | "warn" | "error" | "none"
  /** How a log line is written; auto is pretty on a terminal and json elsewhere. */
  readonly format: "auto" | "pretty" | "json" | "logfmt"
  /** Whether a log line names the place in the source. */
  readonly source: boolean
}

/** Metrics and traces. */
export interface MonitoringSettings {
  /** Whether the server gives Prometheus metrics. */
  readonly enabled: boolean
  /** Where it gives them. */
  readonly path: string
  readonly otlp?: {
    /** An OpenTelemetry collector to send traces and metrics to. Without it nothing is sent. */
    readonly endpoint: string
    /** Headers for the collector, e.g. its key. */
    readonly headers?: { readonly [name: string]: Redacted<string> }
    /** How often they are sent. In milliseconds. */
    readonly interval: number
  }
}

/** The command line. */
export interface CliSettings {
  /** The server that commands talk to. */
  readonly baseUrl?: string
  /** How results are printed; auto is text. */
  readonly format: "auto" | "text" | "json"
  /** Whether output is coloured; auto asks the terminal and NO_COLOR. */
  readonly color: "auto" | "always" | "never"
  /** How long a command waits for the server. In milliseconds. */
  readonly timeout: number
  /** The API key that commands send. */
  readonly apiKey?: Redacted<string>
}

/** Every setting, resolved. */
export interface Settings {
  /** Where state lives: memory (gone on exit), persistent (files under .compozy), distributed (PostgreSQL, Redis and Temporal of your own). */
  readonly mode: "memory" | "persistent" | "distributed"
  /** The project's name, in logs, metrics and the banner. */
  readonly name: string
  /** The project's version, in logs and the API. */
  readonly version?: string
  /** One line on what the project does. */
  readonly description?: string
  /** The folder that relative paths start from: the config file's, or the one the command was started in. Absolute. */
  readonly root: string
  /** The config file, if there is one. Absolute. */
  readonly file?: string
  /** The folder that persistent state, the lock and the connection file are kept in. Absolute. */
  readonly dataDir: string
  /** The HTTP server. */
  readonly server: ServerSettings
  /** The database: workflow states, task states, users and keys. */
  readonly database: DatabaseSettings
  /** The cache, locks and pub/sub. */
  readonly redis: RedisSettings
  /** The workflow engine. */
  readonly temporal: TemporalSettings
  /** Embeddings. */
  readonly knowledge: KnowledgeSettings
  /** How this process runs workflows and tools. */
  readonly worker: WorkerSettings
  /** What is refused or cut before it does harm. */
  readonly limits: LimitsSettings
  /** Logging. */
  readonly log: LogSettings
  /** Metrics and traces. */
  readonly monitoring: MonitoringSettings
  /** The command line. */
  readonly cli: CliSettings
}
