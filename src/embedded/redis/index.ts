export { EmbeddedRedis, type EmbeddedRedisAddress, type OpenEmbeddedRedis } from "./EmbeddedRedis.ts"
export { EmbeddedRedisError, type EmbeddedRedisReason } from "./Errors.ts"
export type { RedisConnector } from "./net/Connector.ts"
export type { Listening } from "./net/Listener.ts"
export type {
  EmbeddedRedisOptions,
  FsyncPolicy,
  ListenOptions,
  LogSink,
  PersistenceOptions
} from "./Options.ts"
export type { Finding } from "./persist/Damage.ts"
export type { CutTail } from "./persist/Loader.ts"
export type { Recovery } from "./persist/Recovery.ts"
export { repair, type RepairReport } from "./Repair.ts"
