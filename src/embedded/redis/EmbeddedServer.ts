import { Engine } from "./engine/Engine.ts"
import { EmbeddedRedisError } from "./Errors.ts"
import { makeConnector, type RedisConnector } from "./net/Connector.ts"
import { listen, type Listening } from "./net/Listener.ts"
import type { EmbeddedRedisOptions, ListenOptions, PersistenceOptions } from "./Options.ts"
import { describeFailure, type FileSystem, nodeFileSystem } from "./persist/FileSystem.ts"
import { openLog, type OpenedLog } from "./persist/OpenLog.ts"
import type { Recovery } from "./persist/Recovery.ts"

const DATABASES = 16
const MOST_DATABASES = 1024

/** An engine with its listeners: what both surfaces stand on. */
export interface EmbeddedServer {
  readonly connector: RedisConnector
  /** What was found in the folder; `undefined` without persistence. */
  readonly recovery: Recovery | undefined
  readonly listen: (options: ListenOptions) => Promise<Listening>
  /** Compacts the log before it returns. */
  readonly save: () => Promise<void>
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

const openPersistence = (engine: Engine, fileSystem: FileSystem, options: PersistenceOptions): OpenedLog => {
  const { fsync, snapshotInterval } = options
  if (fsync !== undefined && fsync !== "always" && fsync !== "everysec" && fsync !== "no") {
    throw new EmbeddedRedisError({
      reason: "InvalidOption",
      key: "persistence.fsync",
      value: String(fsync),
      message: `There is no fsync policy '${String(fsync)}'.`,
      fix: "Use always, everysec or no."
    })
  }
  if (snapshotInterval !== undefined && !(snapshotInterval >= 0 && snapshotInterval <= 2_147_483_647)) {
    throw new EmbeddedRedisError({
      reason: "InvalidOption",
      key: "persistence.snapshotInterval",
      value: String(snapshotInterval),
      message: `The snapshot interval cannot be ${snapshotInterval} ms.`,
      fix: "Use 0 (never) to 2147483647 milliseconds."
    })
  }
  try {
    return openLog(engine, fileSystem, options)
  } catch (cause) {
    if (cause instanceof EmbeddedRedisError) throw cause
    throw new EmbeddedRedisError({
      reason: "Io",
      key: "persistence.dir",
      value: options.dir,
      message: `${options.dir} cannot be used: ${describeFailure(cause)}.`,
      fix: "Check that the folder can be created and written by this user and that the disk has room.",
      cause
    })
  }
}

const closed = (): EmbeddedRedisError =>
  new EmbeddedRedisError({
    reason: "Closed",
    message: "The embedded Redis is closed and cannot listen.",
    fix: "Open another one."
  })

/** Opens an engine: loads what its folder holds, if it has one. */
export const openServer = async (
  options: EmbeddedRedisOptions,
  fileSystem: FileSystem = nodeFileSystem
): Promise<EmbeddedServer> => {
  const engine = new Engine({
    databases: checkedDatabases(options),
    allowsDebug: options.debugCommand,
    shutdown: options.onShutdown,
    logger: options.logger ?? (() => undefined)
  })
  const { persistence } = options
  const log = persistence === undefined ? undefined : openPersistence(engine, fileSystem, persistence)
  const listeners = new Set<Listening>()
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    await Promise.all([...listeners].map((listener) => listener.close()))
    engine.close()
    log?.close()
  }
  return {
    connector: makeConnector(engine),
    recovery: log?.recovery,
    save: async () => {
      const problem = log?.compact()
      if (problem === undefined) return
      throw new EmbeddedRedisError({
        reason: "Io",
        message: `The data could not be saved: ${problem}.`,
        fix: "Free some room on the disk, then save again. The changes are still in memory and in the log."
      })
    },
    listen: async (listenOptions) => {
      if (closing !== undefined) throw closed()
      const listening = await listen(engine, listenOptions)
      // It may have been closed while the port was being opened.
      if (closing !== undefined) {
        await listening.close()
        throw closed()
      }
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
