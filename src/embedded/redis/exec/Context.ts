import type { Entry } from "../db/Entry.ts"
import type { Keyspace } from "../db/Keyspace.ts"
import type { Watcher } from "../db/Watchers.ts"
import type { RespVersion } from "../resp/Encoder.ts"
import type { Reply } from "../resp/Reply.ts"
import type { EncodingLimits } from "../types/EncodingLimits.ts"
import type { FunctionLibraries } from "../lua/FunctionLibraries.ts"
import type { Arguments } from "./Arguments.ts"

/** A command that a client has queued after MULTI. */
export interface Queued {
  readonly command: Command
  readonly args: Arguments
}

/** A transaction that a client has begun. */
export interface Transaction {
  readonly queue: Array<Queued>
  /** Bytes of the queued arguments. */
  bytes: number
  /** A command could not be queued: EXEC will refuse. */
  failed: boolean
}

/** A key that a client watches. */
export interface WatchedKey {
  readonly db: Keyspace
  readonly key: string
}

/** How a client waits for keys. */
export interface BlockRequest {
  readonly keys: ReadonlyArray<string>
  /** Milliseconds; 0 waits for ever. */
  readonly timeout: number
  /** What is answered when the time is over. */
  readonly onTimeout: Reply
  /** Tries to take something from a key; `undefined` if there is nothing. */
  readonly serve: (key: string) => Reply
  /** Whether the client is also to be answered when a key goes. */
  readonly servesGone?: boolean
}

/** How a client wants to hear of changes to the keys that it has read. */
export interface TrackingOptions {
  /** The client that is told instead; 0 is the client itself. */
  readonly redirect: number
  readonly broadcast: boolean
  readonly prefixes: ReadonlyArray<string>
  readonly optIn: boolean
  readonly optOut: boolean
  readonly noLoop: boolean
}

/** The tracking of a client. */
export interface TrackingState extends TrackingOptions {
  /** CLIENT CACHING was called: the next command is the exception. */
  isCaching: boolean
  /** The client that is told instead has gone. */
  isBroken: boolean
}

/** Tells clients of changes to keys that they have read. */
export interface Tracking {
  readonly enable: (client: Client, options: TrackingOptions) => void
  readonly disable: (client: Client) => void
  /** All keys of a database have gone. */
  readonly invalidateAll: () => void
  readonly clientCount: number
  readonly keyCount: number
  readonly itemCount: number
  readonly prefixCount: number
}

/** Commands that are held back for a while. */
export interface Pause {
  readonly pause: (until: number, all: boolean) => void
  readonly unpause: () => void
}

/** What one command has done so far. */
export interface CommandStatistics {
  calls: number
  micros: number
  rejected: number
  failed: number
  /** Calls by duration: below 1, 2, 4 ... microseconds. */
  readonly histogram: Uint32Array
}

/** An entry of the slow log. */
export interface SlowCommand {
  readonly id: number
  /** Seconds since the epoch. */
  readonly at: number
  readonly micros: number
  readonly args: ReadonlyArray<string>
  readonly address: string
  readonly name: string
}

/** Something that took long. */
export interface LatencyEvent {
  /** Seconds since the epoch. */
  readonly at: number
  readonly millis: number
}

/** What was counted and measured. */
export interface Observations {
  readonly commands: ReadonlyMap<Command, CommandStatistics>
  readonly errors: ReadonlyMap<string, number>
  /** Newest first. */
  readonly slow: Array<SlowCommand>
  /** A command was refused before it ran. */
  readonly rejected: (command: Command) => void
  /** An error was answered. */
  readonly error: (text: string) => void
  readonly latency: Map<string, Array<LatencyEvent>>
}

/** What memory is used for. */
export interface Memory {
  readonly usedBytes: () => number
  readonly dataBytes: () => number
  /** About how many bytes a key takes; `samples` of 0 looks at every member. */
  readonly bytesOf: (entry: Entry, samples: number) => number
  readonly baseBytes: number
  readonly peak: number
  readonly evicted: number
}

/** A connection, as commands see it. */
export interface Client {
  readonly id: number
  readonly server: Server
  db: Keyspace
  resp: RespVersion
  name: string
  libraryName: string
  libraryVersion: string
  noEvict: boolean
  noTouch: boolean
  authenticated: boolean
  tracking: TrackingState | undefined
  /** Whether it gets a line for every command, as MONITOR asks for. */
  isMonitor: boolean
  /** How the peer is called. */
  readonly address: string
  readonly localAddress: string
  /** Whether it is connected by a Unix socket. */
  readonly isUnix: boolean
  /** Why commands may not block here: a transaction or a script runs. */
  deniesBlocking: boolean
  /** Whether a script acts on behalf of the client. */
  runsScript: boolean
  transaction: Transaction | undefined
  readonly watcher: Watcher
  watched: Array<WatchedKey>
  /** Channels, patterns and shard channels. */
  readonly channels: Set<string>
  readonly patterns: Set<string>
  readonly shardChannels: Set<string>
  replyMode: "on" | "off" | "skip" | "skip-next"
  /** Writes something that no command asked for. */
  readonly push: (reply: Reply) => void
  /** Suspends the client until a key can serve it. */
  readonly block: (request: BlockRequest) => undefined
  /** Suspends the client until something outside has an answer. */
  readonly answerLater: (work: Promise<Reply>) => undefined
  /** Ends a wait early; false if the client does not wait. */
  readonly unblock: (reply: Reply) => boolean
  /** Closes the connection once what was written has left. */
  readonly closeAfterReply: () => void
  /** Closes the connection. */
  readonly kill: () => void
  readonly password: string | undefined
  readonly describe: (now: number) => string
  readonly lastCommand: string
  /** Whether the client waits for keys. */
  readonly isBlocked: boolean
}

/** Settings, read and changed by CONFIG. */
export interface Settings {
  /** What clients may send; also how long strings may become. */
  readonly protocol: { readonly maxBulk: number }
  readonly get: (name: string) => string
  readonly list: () => ReadonlyArray<readonly [name: string, value: string]>
  /** Changes several at once; the text of the problem otherwise. */
  readonly set: (pairs: ReadonlyArray<readonly [name: string, value: string]>) => string | undefined
  readonly names: () => ReadonlyArray<string>
  /** Whether a setting is shown to those only who ask for it by its name. */
  readonly isHidden: (name: string) => boolean
}

/** Messages between clients. */
export interface Broker {
  readonly publish: (channel: string, message: string) => number
  readonly publishShard: (channel: string, message: string) => number
  readonly subscribe: (client: Client, channel: string) => void
  readonly unsubscribe: (client: Client, channel: string) => void
  readonly subscribePattern: (client: Client, pattern: string) => void
  readonly unsubscribePattern: (client: Client, pattern: string) => void
  readonly subscribeShard: (client: Client, channel: string) => void
  readonly unsubscribeShard: (client: Client, channel: string) => void
  readonly channels: (pattern: string | undefined) => Array<string>
  readonly shardChannels: (pattern: string | undefined) => Array<string>
  readonly subscribers: (channel: string) => number
  readonly shardSubscribers: (channel: string) => number
  readonly patternCount: () => number
}

/** A script that has used up a part of its time. */
export interface RunningScript {
  /** SHA1, or name of the function. */
  readonly name: string
  readonly isFunction: boolean
  /** The command that started it. */
  command: Arguments
  readonly startedAt: number
  /** How long it may run when it is its turn again. */
  readonly nextMillis: number
  killed: boolean
}

/** Scripts by their SHA1, libraries of functions, and the runtime that runs both. */
export interface Scripts {
  readonly libraries: FunctionLibraries
  readonly callFunction: (
    client: Client,
    name: string,
    keys: Arguments,
    args: Arguments,
    readOnly: boolean
  ) => Reply
  /** The script that goes on when other clients had their turn. */
  readonly busy: RunningScript | undefined
  /** Lets scripts call what they must not, or no more. */
  readonly allowEverything: (on: boolean) => void
  /** Ends the busy script; throws if there is none of that kind. */
  readonly kill: (isFunction: boolean) => void
  /** Bytes that Lua uses. */
  readonly usedBytes: number
  readonly run: (client: Client, body: string, keys: Arguments, args: Arguments, readOnly: boolean) => Reply
  readonly load: (body: string) => string
  readonly find: (sha: string) => string | undefined
  readonly flush: () => void
  readonly count: number
}

/** What a command may ask of persistence. */
export interface Persistence {
  /** The snapshot that is being written: a base of the log, or the dump of SAVE. */
  readonly running: "base" | "dump" | undefined
  /** Starts a compaction, or schedules it: with `later` after this step, or behind the snapshot that is being written. */
  readonly startRewrite: (later: boolean) => "started" | "scheduled" | "running"
  /** Starts to save, or schedules it in the same way. */
  readonly startSave: (later: boolean) => "started" | "scheduled"
  /** Saves before it returns; the text of the problem if that failed. */
  readonly saveNow: () => string | undefined
  readonly info: () => ReadonlyArray<readonly [string, string | number]>
  /** Milliseconds since the epoch. */
  readonly lastSave: number
}

/** The table of commands. */
export interface CommandLookup {
  readonly find: (name: string) => Command | undefined
  readonly list: () => ReadonlyArray<Command>
}

/** The engine, as commands see it. */
export interface Server {
  readonly settings: Settings
  readonly limits: EncodingLimits
  readonly databases: Array<Keyspace>
  readonly commands: CommandLookup
  readonly broker: Broker
  readonly scripts: Scripts
  readonly persistence: Persistence | undefined
  readonly clients: ReadonlyMap<number, Client>
  /** The clock, in milliseconds; it stands still during a command, a script or a transaction. */
  readonly now: number
  /** Grows with every change. */
  dirty: number
  readonly startedAt: number
  readonly runId: string
  /** Whether more memory is used than `maxmemory` allows and none could be freed. */
  readonly outOfMemory: boolean
  /** Whether changes are logged, so that a command need not prepare what nobody will read. */
  readonly logging: boolean
  /** Logs a change as the command that repeats it. */
  readonly propagate: (db: Keyspace, args: Arguments) => void
  /** Says that a key has changed: counts, marks watchers, wakes waiters, notifies. */
  readonly changed: (db: Keyspace, key: string, kind: number, event: string) => void
  /** Lets those who wait for a key have a look after the command. */
  readonly wake: (db: Keyspace, key: string) => void
  /** Lets everyone who waits in a database have a look after the command. */
  readonly wakeAll: (db: Keyspace) => void
  /** Notifies without a change. */
  readonly notify: (db: Keyspace, key: string, kind: number, event: string) => void
  /** Runs something as one change: one moment in time, one record in the log. */
  readonly atomically: <A>(body: () => A) => A
  /** Runs a command on behalf of a script or a transaction. */
  readonly invoke: (client: Client, command: Command, args: Arguments) => Reply
  readonly swapDatabases: (left: number, right: number) => void
  readonly info: (sections: ReadonlyArray<string>) => string
  readonly resetStats: () => void
  readonly observer: Observations
  readonly tracking: Tracking
  readonly pause: Pause
  readonly memory: Memory
  /** Gives a client a line for every command from now on, or no more. */
  readonly monitor: (client: Client, on: boolean) => void
  /** Removes keys when they expire, as opposed to when they are looked at; only while it is on. */
  readonly expiry: { readonly setOn: (on: boolean) => void }
  /** Ends the server, if it is one of its own; `save` as SHUTDOWN was told. */
  readonly shutdown: ((save: boolean | undefined) => void) | undefined
  /** Whether DEBUG may be called. */
  readonly allowsDebug: boolean
}

/** What a command is allowed and likely to do; Redis's own names. */
export type CommandFlag =
  | "write"
  | "asking"
  | "readonly"
  | "denyoom"
  | "admin"
  | "pubsub"
  | "noscript"
  | "blocking"
  | "loading"
  | "stale"
  | "skip_monitor"
  | "skip_slowlog"
  | "fast"
  | "no_auth"
  | "may_replicate"
  | "no_async_loading"
  | "no_multi"
  | "movablekeys"
  | "allow_busy"
  | "no_mandatory_keys"

/** A command of the table. */
export interface Command {
  /** Lower case; a subcommand is `container|name`. */
  readonly name: string
  /** Number of arguments with the name; negative is a minimum. */
  readonly arity: number
  readonly flags: ReadonlySet<CommandFlag>
  readonly firstKey: number
  readonly lastKey: number
  readonly step: number
  readonly group: string
  readonly since: string
  readonly complexity: string
  readonly summary: string
  /** Whether the command logs its effects itself; otherwise it is logged as it came. */
  readonly logsItself: boolean
  readonly isWrite: boolean
  /** Whether the command runs a script or a function. */
  readonly runsScript: boolean
  readonly subcommands: ReadonlyMap<string, Command> | undefined
  /** The keys of a call, for commands whose keys do not lie at fixed places. */
  readonly keysOf: ((args: Arguments) => ReadonlyArray<string>) | undefined
  readonly run: (client: Client, args: Arguments) => Reply
}

/** The classes of keyspace notifications. */
export const NOTIFY = {
  keyspace: 1,
  keyevent: 2,
  generic: 4,
  string: 8,
  list: 16,
  set: 32,
  hash: 64,
  zset: 128,
  expired: 256,
  evicted: 512,
  stream: 1024,
  keymiss: 2048,
  module: 8192,
  newKey: 16384
} as const
