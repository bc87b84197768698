/** How changes are made safe against power loss, as Redis's `appendfsync`. */
export type FsyncPolicy = "always" | "everysec" | "no"

/**
 * Where and how data is kept. With persistence an acknowledged change survives the death of the process under every
 * policy; the policies differ in what a power loss costs: nothing (`always`), up to a second (`everysec`), or what the
 * operating system had not written (`no`).
 */
export interface PersistenceOptions {
  /** The folder. It is created with mode 0700; a real Redis 7 can load its `appendonlydir`. */
  readonly dir: string
  /** Default `everysec`. */
  readonly fsync?: FsyncPolicy | undefined
  /** Milliseconds between snapshots (compactions of the log), if something has changed. Default 0: by growth only. */
  readonly snapshotInterval?: number | undefined
  /** Whether the log is compacted when the engine closes. Default false. */
  readonly snapshotOnShutdown?: boolean | undefined
  /** Whether what the folder holds is loaded. Default true; false moves it aside to `appendonlydir.<time>`. */
  readonly restoreOnStartup?: boolean | undefined
}

/** Something that happened in the engine. Never holds a value or a password. */
export type LogSink = (level: "debug" | "info" | "warn" | "error", message: string) => void

/** How an embedded Redis is made. */
export interface EmbeddedRedisOptions {
  /** Keeps data in a folder. Default: everything is gone when the engine closes. */
  readonly persistence?: PersistenceOptions | undefined
  /** How many databases SELECT knows, 1 to 1024. Default 16. */
  readonly databases?: number | undefined
  /** Allows the DEBUG command, which can stop or slow down the server: for tests. Default false. */
  readonly debugCommand?: boolean | undefined
  /**
   * What the SHUTDOWN command does once it has saved what it was asked to; `save` is what the client said of that.
   * Default: the command is refused.
   */
  readonly onShutdown?: ((save: boolean | undefined) => void) | undefined
  /** Where warnings go. Default: nowhere. */
  readonly logger?: LogSink | undefined
}

/** Where and for whom the engine listens. */
export interface ListenOptions {
  /** The path of a Unix socket to listen on instead of TCP. Only its owner can connect (mode 0600). */
  readonly unixSocket?: string | undefined
  /** 0 picks a free one. Default 0. */
  readonly port?: number | undefined
  /** Default `127.0.0.1`. Anything but a loopback address is refused without `expose`. */
  readonly host?: string | undefined
  /** What clients must AUTH with. Default: 32 random bytes in base64url. `false` asks for none. */
  readonly password?: string | false | undefined
  /** Allows an address that other machines can reach. */
  readonly expose?: boolean | undefined
}
