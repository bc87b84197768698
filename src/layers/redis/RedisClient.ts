/** The connections that a cache works with; single servers, sentinels, clusters and the embedded engine give the same. */
import type { Cluster, Redis } from "ioredis"

/** What runs commands: one server, or a cluster. */
export type RedisCommands = Redis | Cluster

/** Connections to one Redis. */
export interface RedisClient {
  readonly commands: RedisCommands
  /** Opens one more connection, for subscriptions. */
  readonly connectSubscriber: () => Promise<RedisCommands>
  /** Every server that holds keys: one, or the masters of a cluster. */
  readonly keyspaces: () => ReadonlyArray<Redis>
  /** Where messages of a channel are published: always at the same server, so that they keep their order. */
  readonly publisher: (channel: string) => RedisCommands
  /** Commands with several keys need them in one slot. */
  readonly isCluster: boolean
  /**
   * Nobody else writes here while this process lives, so what it counted last needs no asking. True for the embedded
   * engine.
   */
  readonly isExclusive: boolean
}
