import { Redis, type RedisOptions } from "ioredis"
import {
  EmbeddedRedis,
  type EmbeddedRedisOptions,
  type OpenEmbeddedRedis
} from "../../../src/embedded/redis/index.ts"

/** A server with clients that are gone at the end of the block. */
export interface Opened extends AsyncDisposable {
  readonly server: OpenEmbeddedRedis
  readonly redis: Redis
  readonly client: (options?: RedisOptions) => Redis
}

/** Opens a server and a first client. */
export const opened = async (options: EmbeddedRedisOptions = {}): Promise<Opened> => {
  const server = await EmbeddedRedis.open(options)
  const clients: Array<Redis> = []
  const client = (more: RedisOptions = {}): Redis => {
    const redis = new Redis({ Connector: server.connector, retryStrategy: () => null, ...more })
    clients.push(redis)
    return redis
  }
  return {
    server,
    redis: client(),
    client,
    [Symbol.asyncDispose]: async () => {
      for (const redis of clients) redis.disconnect()
      await server.close()
    }
  }
}
