import type { RedisOptions } from "ioredis"
import type { Engine } from "../engine/Engine.ts"
import { KeepAlive } from "./KeepAlive.ts"
import { MemorySocket } from "./MemorySocket.ts"

/** The type of ioredis's `Connector` option. */
export type RedisConnector = NonNullable<RedisOptions["Connector"]>

/**
 * Makes the class that ioredis instantiates for every connection. It does not extend ioredis's AbstractConnector,
 * whose import would cost more than starting the engine; ioredis calls `check`, `connect` and `disconnect` only.
 */
export const makeConnector = (engine: Engine): RedisConnector => {
  const keepAlive = new KeepAlive()
  let connections = 0
  class MemoryConnector {
    protected connecting = false
    protected stream: MemorySocket | undefined

    check(): boolean {
      return true
    }

    disconnect(): void {
      this.connecting = false
      this.stream?.end()
    }

    connect(): Promise<MemorySocket> {
      this.connecting = true
      if (engine.closed) return Promise.reject(new Error("The embedded Redis has been closed."))
      const stream = new MemorySocket(engine, keepAlive, ++connections)
      this.stream = stream
      return Promise.resolve(stream)
    }
  }
  // ioredis declares its stream as net.Socket although it uses the part that MemorySocket has.
  return MemoryConnector as unknown as RedisConnector
}
