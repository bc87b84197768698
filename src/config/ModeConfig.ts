/** The types of a config: each component is a union on its own effective mode. */
import type * as Layer from "effect/Layer"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Cache } from "../services/Cache.ts"
import type { Store } from "../services/Store.ts"
import type { Temporal } from "../services/Temporal.ts"
import type { AnyWorkflow, Workflow } from "../workflow/Workflow.ts"
import type { GlobalMode } from "./Key.ts"
import type {
  CliConfig,
  DatabaseDistributedKeys,
  DatabaseHostInput,
  DatabaseMemoryKeys,
  DatabasePersistentKeys,
  DatabaseUrlInput,
  LimitsConfig,
  LogConfig,
  MonitoringConfig,
  ProjectConfig,
  RedisClusterConfig,
  RedisDistributedKeys,
  RedisHostInput,
  RedisMemoryKeys,
  RedisPersistentKeys,
  RedisSentinelConfig,
  RedisUrlInput,
  ServerConfig,
  TemporalAddressInput,
  TemporalMemoryKeys,
  TemporalPersistentKeys,
  TemporalRemoteKeys,
  WorkerConfig
} from "./Sections.ts"

/** Compozy's own services: given to tools and to the config's `layer` without being listed. */
export type Services = SqlClient | Store | Cache | Temporal

/** The services that workflows need and do not bring. */
export type ServicesOf<W extends ReadonlyArray<AnyWorkflow>> = {
  readonly [K in keyof W]: W[K] extends Workflow<never, unknown, infer R> ? R : never
}[number]

/** Whether a connection has to be named here (`required`), or may come from the environment (`open`). */
type Connections = "required" | "open"

type NoConnection<K extends string> = { readonly [P in K]?: never }

type DatabaseConnection<C extends Connections> =
  | ({ readonly url: DatabaseUrlInput } & NoConnection<"host">)
  | ({ readonly host: DatabaseHostInput } & NoConnection<"url">)
  | (C extends "open" ? NoConnection<"url" | "host"> : never)

type NoDatabaseConnection = NoConnection<"url" | "host">

type RedisConnection<C extends Connections> =
  | ({ readonly url: RedisUrlInput } & NoConnection<"host" | "sentinel" | "cluster">)
  | ({ readonly host: RedisHostInput } & NoConnection<"url" | "sentinel" | "cluster">)
  | ({ readonly sentinel: RedisSentinelConfig } & NoConnection<"url" | "host" | "cluster">)
  | ({ readonly cluster: RedisClusterConfig } & NoConnection<"url" | "host" | "sentinel">)
  | (C extends "open" ? NoConnection<"url" | "host" | "sentinel" | "cluster"> : never)

type NoRedisConnection = NoConnection<"url" | "host" | "sentinel" | "cluster">

interface RedisKeys<C extends Connections> {
  readonly memory: RedisMemoryKeys & NoRedisConnection
  readonly persistent: RedisPersistentKeys & NoRedisConnection
  readonly distributed: RedisDistributedKeys & RedisConnection<C>
}

interface TemporalKeys<C extends Connections> {
  readonly memory: TemporalMemoryKeys & NoConnection<"address">
  readonly persistent: TemporalPersistentKeys & NoConnection<"address">
  readonly remote: TemporalRemoteKeys &
    (C extends "open"
      ? { readonly address?: TemporalAddressInput }
      : { readonly address: TemporalAddressInput })
}

/** A component: in the inherited mode its `mode` may be left out. */
type ByMode<Keys, Inherited extends keyof Keys> =
  | ({ readonly mode?: Inherited } & Keys[Inherited])
  | { readonly [M in Exclude<keyof Keys, Inherited>]: { readonly mode: M } & Keys[M] }[Exclude<
      keyof Keys,
      Inherited
    >]

type SqliteFile = DatabasePersistentKeys & NoDatabaseConnection

/** The database on SQLite, by the mode of the process. */
interface Sqlite {
  readonly memory:
    | ({ readonly driver?: "sqlite" } & DatabaseMemoryKeys & NoDatabaseConnection)
    | ({ readonly driver: "sqlite" } & SqliteFile)
  readonly persistent: { readonly driver?: "sqlite" } & SqliteFile
  readonly distributed: { readonly driver: "sqlite" } & SqliteFile
}

type Postgres<M extends GlobalMode, C extends Connections> = (M extends "distributed"
  ? { readonly driver?: "postgres" }
  : { readonly driver: "postgres" }) &
  DatabaseDistributedKeys &
  DatabaseConnection<C>

/** A key that may be left out where its value may be empty. */
type Section<Name extends string, S> = {} extends S
  ? { readonly [P in Name]?: S }
  : { readonly [P in Name]: S }

interface KnowledgeWith<Store extends string> {
  /** Where embeddings are kept. pgvector needs PostgreSQL. */
  readonly knowledge?: { readonly vectorStore?: Store }
}

type DatabaseSection<M extends GlobalMode, C extends Connections> =
  | (Section<"database", Sqlite[M]> & KnowledgeWith<"filesystem" | "redis" | "qdrant">)
  | (Section<"database", Postgres<M, C>> & KnowledgeWith<"filesystem" | "redis" | "qdrant" | "pgvector">)

type TemporalModeOf<M extends GlobalMode> = M extends "distributed" ? "remote" : Exclude<M, "distributed">

interface Common extends ProjectConfig {
  readonly server?: ServerConfig
  readonly worker?: WorkerConfig
  readonly limits?: LimitsConfig
  readonly log?: LogConfig
  readonly monitoring?: MonitoringConfig
  readonly cli?: CliConfig
}

/** The settings of one mode. */
type SettingsOf<M extends GlobalMode, C extends Connections> = Common &
  DatabaseSection<M, C> &
  Section<"redis", ByMode<RedisKeys<C>, M>> &
  Section<"temporal", ByMode<TemporalKeys<C>, TemporalModeOf<M>>>

/** Settings of the other modes, merged over the rest when that mode is effective. A connection may be left to the environment. */
interface Overlays<M extends GlobalMode> {
  readonly modes?: { readonly [Other in Exclude<GlobalMode, M>]?: SettingsOf<Other, "open"> }
}

/** What `memory()`, `persistent()` and `distributed()` take. */
export type ConfigOf<M extends GlobalMode> = SettingsOf<M, "required"> & Overlays<M>

/** What `defineMode` takes as a literal. */
export type AnyConfig =
  | ({ readonly mode?: "memory" } & ConfigOf<"memory">)
  | ({ readonly mode: "persistent" } & ConfigOf<"persistent">)
  | ({ readonly mode: "distributed" } & ConfigOf<"distributed">)

/** The workflows of a config, and the layer that gives the services that they list. */
export type Workflows<W extends ReadonlyArray<AnyWorkflow>> = {
  /** The workflows that this process knows. */
  readonly workflows?: W
} & ([ServicesOf<W>] extends [never]
  ? {
      /** Gives services to tools; built once at start, closed on shutdown. */
      readonly layer?: Layer.Layer<never, unknown, Services>
    }
  : {
      /** Gives the services that the workflows list; built once at start, closed on shutdown. */
      readonly layer: Layer.Layer<ServicesOf<W>, unknown, Services>
    })

/** The environment that a config function gets: the process's, over the `.env` file beside the config. */
export type Environment = { readonly [name: string]: string | undefined }
