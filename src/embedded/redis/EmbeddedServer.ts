import { Engine } from "./engine/Engine.ts"
import { EmbeddedRedisError } from "./Errors.ts"
import { makeConnector, type RedisConnector } from "./net/Connector.ts"
import { listen, type Listening } from "./net/Listener.ts"
import type { EmbeddedRedisOptions, ListenOptions } from "./Options.ts"

const DATABASES = 16
const MOST_DATABASES = 1024

/** An engine with its listeners: what both surfaces stand on. */
export interface EmbeddedServer {
  readonly connector: RedisConnector
  readonly listen: (options: ListenOptions) => Promise<Listening>
  readonly close: () => Promise<void>
}

const checkedDatabases = (options: EmbeddedRedisOptions): number => {
  const databases = options.databases ?? DATABASES
  if (Number.isInteger(databases) && databases >= 1 && databases <= MOST_DATABASES) return databases
  throw new EmbeddedRedisError({
    reason: "InvalidOption",
    key: "databases",
    value: String(databases),
    message: `There cannot be ${databases} databases.`,
    fix: `Use a whole number from 1 to ${MOST_DATABASES}.`
  })
}

/** Opens an engine: loads what its folder holds, if it has one. */
export const openServer = async (options: EmbeddedRedisOptions): Promise<EmbeddedServer> => {
  const engine = new Engine({
    databases: checkedDatabases(options),
    logger: options.logger ?? (() => undefined)
  })
  const listeners = new Set<Listening>()
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    await Promise.all([...listeners].map((listener) => listener.close()))
    engine.close()
  }
  return {
    connector: makeConnector(engine),
    listen: async (listenOptions) => {
      const listening = await listen(engine, listenOptions)
      const tracked: Listening = {
        ...listening,
        close: async () => {
          listeners.delete(tracked)
          await listening.close()
        }
      }
      listeners.add(tracked)
      return tracked
    },
    close: () => {
      closing ??= close()
      return closing
    }
  }
}
