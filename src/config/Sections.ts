/**
 * What a config file may hold, section by section. The unions over modes are in ModeConfig.ts.
 *
 * Made by scripts/generate-config.ts from src/config/Keys.ts: change that.
 */
import type { Config } from "effect/Config"
import type { Duration, Unit as DurationUnit } from "effect/Duration"
import type { Redacted } from "effect/Redacted"

/** A value, or an Effect `Config` that reads it from the environment. */
export type Value<T> = T | Config<T>

/** A time span: milliseconds, `"30 seconds"`, `"30s"`, or Effect's `Duration`. */
export type DurationInput =
  | number
  | `${number} ${DurationUnit}`
  | `${number}${"ms" | "s" | "m" | "h" | "d"}`
  | Duration

/** A size: bytes, or `"10 MiB"`. */
export type SizeInput = number | `${number}${"" | " "}${"B" | "KB" | "MB" | "GB" | "KiB" | "MiB" | "GiB"}`

/** A secret: text, or `Redacted` text. */
export type SecretInput = string | Redacted<string>

/** What says who a project is. */
export interface ProjectConfig {
  /** The project's name, in logs, metrics and the banner. Default: the name of the config file's folder. */
  readonly name?: Value<string>
  /** The project's version, in logs and the API. */
  readonly version?: Value<string>
  /** One line on what the project does. */
  readonly description?: Value<string>
}

/** The HTTP server. */
export interface ServerConfig {
  /** The address that the HTTP server listens on. Anything but a loopback address also needs server.expose. Default: `"127.0.0.1"`. */
  readonly host?: Value<string>
  /** The port of the HTTP server; 0 takes any free one. Default: `5001`. */
  readonly port?: Value<number>
  /** The URL under which clients reach the server, where it stands behind a proxy. Default: http:// and the address that the server listens on. */
  readonly publicUrl?: Value<string>
  /** The largest request body that is read. Default: `"10 MiB"`. */
  readonly bodyLimit?: Value<SizeInput>
  /** How long a request may take; an execution that is awaited over HTTP may take as long. Default: `"60 seconds"`. */
  readonly requestTimeout?: Value<DurationInput>
  /** How long requests, workers and stores have to finish when the process is asked to stop. Default: `"30 seconds"`. */
  readonly shutdownTimeout?: Value<DurationInput>
  readonly cors?: {
    /** Whether browsers on other sites may call the API. Default: `false`. */
    readonly enabled?: Value<boolean>
    /** The sites that may, as origins (https://app.example.com). Default: `[]`. */
    readonly origins?: Value<ReadonlyArray<string>>
  }
  /** Allows server.host to be an address that other machines can reach. Default: `false`. */
  readonly expose?: Value<boolean>
}

/** The database: workflow states, task states, users and keys. The keys of memory mode. */
export interface DatabaseMemoryKeys {
  /** Belongs to persistent mode. */
  readonly path?: never
  /** Belongs to persistent mode. */
  readonly busyTimeout?: never
  /** Belongs to distributed mode. */
  readonly port?: never
  /** Belongs to distributed mode. */
  readonly user?: never
  /** Belongs to distributed mode. */
  readonly password?: never
  /** Belongs to distributed mode. */
  readonly name?: never
  /** Belongs to distributed mode. */
  readonly ssl?: never
  /** Belongs to distributed mode. */
  readonly maxConnections?: never
  /** Belongs to distributed mode. */
  readonly minConnections?: never
  /** Belongs to distributed mode. */
  readonly connectTimeout?: never
  /** Belongs to distributed mode. */
  readonly queryTimeout?: never
  /** Whether the schema is brought up to date at start. Default: `true`. */
  readonly autoMigrate?: Value<boolean>
  /** How long bringing the schema up to date may take. Default: `"2 minutes"`. */
  readonly migrationTimeout?: Value<DurationInput>
}

/** The database: workflow states, task states, users and keys. The keys of persistent mode. */
export interface DatabasePersistentKeys {
  /** The SQLite file. Default: `".compozy/compozy.db"`. */
  readonly path?: Value<string>
  /** How long a SQLite statement waits for a lock. Default: `"5 seconds"`. */
  readonly busyTimeout?: Value<DurationInput>
  /** Belongs to distributed mode. */
  readonly port?: never
  /** Belongs to distributed mode. */
  readonly user?: never
  /** Belongs to distributed mode. */
  readonly password?: never
  /** Belongs to distributed mode. */
  readonly name?: never
  /** Belongs to distributed mode. */
  readonly ssl?: never
  /** Belongs to distributed mode. */
  readonly maxConnections?: never
  /** Belongs to distributed mode. */
  readonly minConnections?: never
  /** Belongs to distributed mode. */
  readonly connectTimeout?: never
  /** Belongs to distributed mode. */
  readonly queryTimeout?: never
  /** Whether the schema is brought up to date at start. Default: `true`. */
  readonly autoMigrate?: Value<boolean>
  /** How long bringing the schema up to date may take. Default: `"2 minutes"`. */
  readonly migrationTimeout?: Value<DurationInput>
}

/** The database: workflow states, task states, users and keys. The keys of distributed mode. */
export interface DatabaseDistributedKeys {
  /** Belongs to persistent mode. */
  readonly path?: never
  /** Belongs to persistent mode. */
  readonly busyTimeout?: never
  /** The PostgreSQL port. Default: `5432`. */
  readonly port?: Value<number>
  /** The PostgreSQL user. Default: `"postgres"`. */
  readonly user?: Value<string>
  /** The PostgreSQL password. */
  readonly password?: Value<SecretInput>
  /** The PostgreSQL database. Default: `"compozy"`. */
  readonly name?: Value<string>
  readonly ssl?: {
    /** Whether the connection is encrypted, and what of the server's certificate is checked. Default: `"disable"`. */
    readonly mode?: Value<"disable" | "require" | "verify-ca" | "verify-full">
    /** The certificate authority: a PEM file, or its text. */
    readonly ca?: Value<string>
    /** The client certificate: a PEM file, or its text. */
    readonly cert?: Value<string>
    /** The client certificate's key: a PEM file, or its text. */
    readonly key?: Value<SecretInput>
  }
  /** The most connections that one process opens. Default: `25`. */
  readonly maxConnections?: Value<number>
  /** The connections that one process keeps open. Default: `0`. */
  readonly minConnections?: Value<number>
  /** How long one attempt to connect may take. Default: `"5 seconds"`. */
  readonly connectTimeout?: Value<DurationInput>
  /** How long one statement may take. Default: `"30 seconds"`. */
  readonly queryTimeout?: Value<DurationInput>
  /** Whether the schema is brought up to date at start. Default: `true`. */
  readonly autoMigrate?: Value<boolean>
  /** How long bringing the schema up to date may take. Default: `"2 minutes"`. */
  readonly migrationTimeout?: Value<DurationInput>
}

/** The cache, locks and pub/sub. The keys of memory mode. */
export interface RedisMemoryKeys {
  /** What every key and channel starts with. Default: `"compozy:"`. */
  readonly keyPrefix?: Value<string>
  /** Belongs to distributed mode. */
  readonly port?: never
  /** Belongs to distributed mode. */
  readonly username?: never
  /** Belongs to distributed mode. */
  readonly password?: never
  /** Belongs to distributed mode. */
  readonly db?: never
  /** Belongs to distributed mode. */
  readonly tls?: never
  /** Belongs to distributed mode. */
  readonly connectTimeout?: never
  /** Belongs to distributed mode. */
  readonly retry?: never
  /** Belongs to persistent mode. */
  readonly persistence?: never
  readonly listen?: {
    /** Opens the embedded Redis on this port, for redis-cli; 0 takes any free one. Without it no port is opened. */
    readonly port: Value<number>
    /** The address of that port; a loopback address. Default: `"127.0.0.1"`. */
    readonly host?: Value<string>
    /** The password that clients of that port need. Default: made at start. */
    readonly password?: Value<SecretInput>
  }
}

/** The cache, locks and pub/sub. The keys of persistent mode. */
export interface RedisPersistentKeys {
  /** What every key and channel starts with. Default: `"compozy:"`. */
  readonly keyPrefix?: Value<string>
  /** Belongs to distributed mode. */
  readonly port?: never
  /** Belongs to distributed mode. */
  readonly username?: never
  /** Belongs to distributed mode. */
  readonly password?: never
  /** Belongs to distributed mode. */
  readonly db?: never
  /** Belongs to distributed mode. */
  readonly tls?: never
  /** Belongs to distributed mode. */
  readonly connectTimeout?: never
  /** Belongs to distributed mode. */
  readonly retry?: never
  readonly persistence?: {
    /** The folder that the embedded Redis keeps its files in. Default: `".compozy/redis"`. */
    readonly dataDir?: Value<string>
    /** When writes are forced to the disk: before each answer, every second, or when the system likes. Default: `"everysec"`. */
    readonly fsync?: Value<"always" | "everysec" | "no">
    /** How often the log is replaced by a snapshot. Default: `"5 minutes"`. */
    readonly snapshotInterval?: Value<DurationInput>
    /** Whether a snapshot is taken when the process stops. Default: `true`. */
    readonly snapshotOnShutdown?: Value<boolean>
    /** Whether the files are read at start; false begins with an empty cache. Default: `true`. */
    readonly restoreOnStartup?: Value<boolean>
  }
  readonly listen?: {
    /** Opens the embedded Redis on this port, for redis-cli; 0 takes any free one. Without it no port is opened. */
    readonly port: Value<number>
    /** The address of that port; a loopback address. Default: `"127.0.0.1"`. */
    readonly host?: Value<string>
    /** The password that clients of that port need. Default: made at start. */
    readonly password?: Value<SecretInput>
  }
}

/** The cache, locks and pub/sub. The keys of distributed mode. */
export interface RedisDistributedKeys {
  /** What every key and channel starts with. Default: `"compozy:"`. */
  readonly keyPrefix?: Value<string>
  /** The Redis port. Default: `6379`. */
  readonly port?: Value<number>
  /** The Redis user (ACL). */
  readonly username?: Value<string>
  /** The Redis password. */
  readonly password?: Value<SecretInput>
  /** The number of the Redis database. Default: `0`. */
  readonly db?: Value<number>
  readonly tls?: {
    /** Whether the connection is encrypted; rediss:// says so too. Default: `false`. */
    readonly enabled?: Value<boolean>
    /** The certificate authority: a PEM file, or its text. */
    readonly ca?: Value<string>
    /** The client certificate: a PEM file, or its text. */
    readonly cert?: Value<string>
    /** The client certificate's key: a PEM file, or its text. */
    readonly key?: Value<SecretInput>
    /** The name to expect in the server's certificate. Default: the host. */
    readonly serverName?: Value<string>
  }
  /** How long one attempt to connect may take. Default: `"5 seconds"`. */
  readonly connectTimeout?: Value<DurationInput>
  readonly retry?: {
    /** How often a command is tried again on a broken connection. Default: `3`. */
    readonly maxAttempts?: Value<number>
    /** The pause before the first reconnection; it doubles each time. Default: `"50 millis"`. */
    readonly initialDelay?: Value<DurationInput>
    /** The longest pause between reconnections. Default: `"2 seconds"`. */
    readonly maxDelay?: Value<DurationInput>
  }
  /** Belongs to persistent mode. */
  readonly persistence?: never
  /** Belongs to memory and persistent mode. */
  readonly listen?: never
}

/** The workflow engine. The keys of memory mode. */
export interface TemporalMemoryKeys {
  /** The Temporal namespace. Default: `"default"`. */
  readonly namespace?: Value<string>
  /** The Temporal task queue that the worker listens on. Default: `"compozy-tasks"`. */
  readonly taskQueue?: Value<string>
  /** Belongs to remote mode. */
  readonly apiKey?: never
  /** Belongs to remote mode. */
  readonly tls?: never
  /** How long the engine has to answer at start. Default: `"30 seconds"`. */
  readonly startTimeout?: Value<DurationInput>
  /** The engine in memory and persistent mode: the built-in one, or Temporal's own development server, which needs the package @temporalio/testing, starts slower and asks for no key. Default: `"embedded"`. */
  readonly engine?: Value<"embedded" | "dev-server">
  /** Belongs to persistent mode. */
  readonly file?: never
  /** Belongs to persistent mode. */
  readonly synchronous?: never
  /** The loopback address that the engine listens on. Default: `"127.0.0.1"`. */
  readonly host?: Value<string>
  /** The port that the engine listens on; 0 takes any free one. Default: `0`. */
  readonly port?: Value<number>
  /** Where the engine runs: on the main thread, or on a thread of its own, which a task that computes cannot hold up. Default: `"thread"`. */
  readonly hosting?: Value<"thread" | "worker">
  /** From which level on the engine logs. Default: `"warn"`. */
  readonly logLevel?: Value<"debug" | "info" | "warn" | "error">
  readonly retention?: {
    /** How long a closed workflow's history is kept. Default: `"1 hour"`. */
    readonly period?: Value<DurationInput>
    /** How many closed workflows are kept; the oldest go first. Default: `1000`. */
    readonly maxClosed?: Value<number>
  }
}

/** The workflow engine. The keys of persistent mode. */
export interface TemporalPersistentKeys {
  /** The Temporal namespace. Default: `"default"`. */
  readonly namespace?: Value<string>
  /** The Temporal task queue that the worker listens on. Default: `"compozy-tasks"`. */
  readonly taskQueue?: Value<string>
  /** Belongs to remote mode. */
  readonly apiKey?: never
  /** Belongs to remote mode. */
  readonly tls?: never
  /** How long the engine has to answer at start. Default: `"30 seconds"`. */
  readonly startTimeout?: Value<DurationInput>
  /** The engine in memory and persistent mode: the built-in one, or Temporal's own development server, which needs the package @temporalio/testing, starts slower and asks for no key. Default: `"embedded"`. */
  readonly engine?: Value<"embedded" | "dev-server">
  /** The engine's file. Default: `".compozy/temporal.db"`. */
  readonly file?: Value<string>
  /** When the engine's writes are forced to the disk: at each checkpoint (a crash of the process loses nothing, a power cut the last moments), or at each commit. Default: `"normal"`. */
  readonly synchronous?: Value<"full" | "normal">
  /** The loopback address that the engine listens on. Default: `"127.0.0.1"`. */
  readonly host?: Value<string>
  /** The port that the engine listens on; 0 takes any free one. Default: `0`. */
  readonly port?: Value<number>
  /** Where the engine runs: on the main thread, or on a thread of its own, which a task that computes cannot hold up. Default: `"thread"`. */
  readonly hosting?: Value<"thread" | "worker">
  /** From which level on the engine logs. Default: `"warn"`. */
  readonly logLevel?: Value<"debug" | "info" | "warn" | "error">
  readonly retention?: {
    /** How long a closed workflow's history is kept. Default: `"7 days"`. */
    readonly period?: Value<DurationInput>
    /** How many closed workflows are kept; the oldest go first. Default: `100000`. */
    readonly maxClosed?: Value<number>
  }
}

/** The workflow engine. The keys of remote mode. */
export interface TemporalRemoteKeys {
  /** The Temporal namespace. Default: `"default"`. */
  readonly namespace?: Value<string>
  /** The Temporal task queue that the worker listens on. Default: `"compozy-tasks"`. */
  readonly taskQueue?: Value<string>
  /** The API key, for Temporal Cloud. */
  readonly apiKey?: Value<SecretInput>
  readonly tls?: {
    /** Whether the connection is encrypted; an API key or a certificate turns it on. Default: `false`. */
    readonly enabled?: Value<boolean>
    /** The certificate authority: a PEM file, or its text. */
    readonly ca?: Value<string>
    /** The client certificate: a PEM file, or its text. */
    readonly cert?: Value<string>
    /** The client certificate's key: a PEM file, or its text. */
    readonly key?: Value<SecretInput>
    /** The name to expect in the server's certificate. Default: the host. */
    readonly serverName?: Value<string>
  }
  /** How long the engine has to answer at start. Default: `"30 seconds"`. */
  readonly startTimeout?: Value<DurationInput>
  /** Belongs to memory and persistent mode. */
  readonly engine?: never
  /** Belongs to persistent mode. */
  readonly file?: never
  /** Belongs to persistent mode. */
  readonly synchronous?: never
  /** Belongs to memory and persistent mode. */
  readonly host?: never
  /** Belongs to memory and persistent mode. */
  readonly port?: never
  /** Belongs to memory and persistent mode. */
  readonly hosting?: never
  /** Belongs to memory and persistent mode. */
  readonly logLevel?: never
  /** Belongs to memory and persistent mode. */
  readonly retention?: never
}

/** How this process runs workflows and tools. */
export interface WorkerConfig {
  /** How many tools one process runs at once. Default: `100`. */
  readonly maxConcurrentActivities?: Value<number>
  /** How many workflows one process advances at once. On SQLite at most 10 are recommended. Default: `10` in memory mode, `10` in persistent mode, `40` in distributed mode. */
  readonly maxConcurrentWorkflowTasks?: Value<number>
  /** How many running workflows one process keeps in memory between steps. Default: `200` in memory mode, `200` in persistent mode, `500` in distributed mode. */
  readonly maxCachedWorkflows?: Value<number>
  /** How long one attempt of a tool may take, where its task does not say. Default: `"5 minutes"`. */
  readonly activityTimeout?: Value<DurationInput>
  readonly activityRetry?: {
    /** How often a tool is tried, where its task does not say; 0 without end. Default: `3`. */
    readonly maximumAttempts?: Value<number>
    /** The pause before the second attempt. Default: `"1 second"`. */
    readonly initialInterval?: Value<DurationInput>
    /** By what each further pause is multiplied. Default: `2`. */
    readonly backoffCoefficient?: Value<number>
    /** The longest pause between attempts. Default: `"100 seconds"`. */
    readonly maximumInterval?: Value<DurationInput>
  }
  /** How long a tool that sends heartbeats may be silent, where its task does not say. Default: `"30 seconds"`. */
  readonly heartbeat?: Value<DurationInput>
  /** How long running tools have to finish when the process is asked to stop; then they are cancelled. Default: `"10 seconds"`. */
  readonly shutdownGrace?: Value<DurationInput>
}

/** What is refused or cut before it does harm. */
export interface LimitsConfig {
  /** The largest input or output of a workflow or a tool. Default: `"32 MiB"`. */
  readonly payload?: Value<SizeInput>
  /** The largest value that travels in a workflow's history; larger ones are kept in the store and referred to. Default: `"64 KiB"`. */
  readonly outputInline?: Value<SizeInput>
  /** After how many events a workflow continues in a fresh history. Default: `8000`. */
  readonly historyEvents?: Value<number>
  /** How many levels of child workflows the error of an execution shows. Default: `5`. */
  readonly taskContextDepth?: Value<number>
  /** How deep blocks and child workflows may stand in each other. Default: `20`. */
  readonly nesting?: Value<number>
  /** How many branches or items of one task run at once, where the task does not say. Default: `50`. */
  readonly parallel?: Value<number>
  /** How many items a collection may have. Default: `100000`. */
  readonly collectionItems?: Value<number>
}

/** Logging. */
export interface LogConfig {
  /** From which level on is logged. Default: `"info"`. */
  readonly level?: Value<"trace" | "debug" | "info" | "warn" | "error" | "none">
  /** How a log line is written; auto is pretty on a terminal and json elsewhere. Default: `"auto"`. */
  readonly format?: Value<"auto" | "pretty" | "json" | "logfmt">
  /** Whether a log line names the place in the source. Default: `false`. */
  readonly source?: Value<boolean>
}

/** Metrics and traces. */
export interface MonitoringConfig {
  /** Whether the server gives Prometheus metrics. Default: `true`. */
  readonly enabled?: Value<boolean>
  /** Where it gives them. Default: `"/metrics"`. */
  readonly path?: Value<string>
  readonly otlp?: {
    /** An OpenTelemetry collector to send traces and metrics to. Without it nothing is sent. */
    readonly endpoint: Value<string>
    /** Headers for the collector, e.g. its key. */
    readonly headers?: Value<{ readonly [name: string]: SecretInput }>
    /** How often they are sent. Default: `"10 seconds"`. */
    readonly interval?: Value<DurationInput>
  }
}

/** The command line. */
export interface CliConfig {
  /** The server that commands talk to. Default: the server that runs this config. */
  readonly baseUrl?: Value<string>
  /** How results are printed; auto is text. Default: `"auto"`. */
  readonly format?: Value<"auto" | "text" | "json">
  /** Whether output is coloured; auto asks the terminal and NO_COLOR. Default: `"auto"`. */
  readonly color?: Value<"auto" | "always" | "never">
  /** How long a command waits for the server. Default: `"30 seconds"`. */
  readonly timeout?: Value<DurationInput>
  /** The API key that commands send. */
  readonly apiKey?: Value<SecretInput>
}

/** `redis.sentinel`: Redis behind sentinels. */
export interface RedisSentinelConfig {
  /** The name of the master that the sentinels watch. Default: `"mymaster"`. */
  readonly name?: Value<string>
  /** The sentinels, as host:port. */
  readonly nodes: Value<ReadonlyArray<string>>
  /** The sentinels' user (ACL). */
  readonly username?: Value<string>
  /** The sentinels' password. */
  readonly password?: Value<SecretInput>
}

/** `redis.cluster`: a Redis cluster. */
export interface RedisClusterConfig {
  /** Some nodes of a Redis cluster, as host:port; the rest is discovered. */
  readonly nodes: Value<ReadonlyArray<string>>
}

/** The PostgreSQL connection: postgresql://user:password@host:port/database. */
export type DatabaseUrlInput = Value<SecretInput>

/** The PostgreSQL host, or the folder of its socket. */
export type DatabaseHostInput = Value<string>

/** The Redis connection: redis://user:password@host:port/db, or rediss:// for TLS. */
export type RedisUrlInput = Value<SecretInput>

/** The Redis host. */
export type RedisHostInput = Value<string>

/** The Temporal frontend, as host:port. */
export type TemporalAddressInput = Value<string>
