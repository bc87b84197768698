import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { NO_SUCH_KEY } from "../exec/Errors.ts"
import { parseMemory } from "../format/Memory.ts"
import { dumpPayload, readPayload } from "../rdb/DumpPayload.ts"
import {
  AttributeReply,
  BigNumberReply,
  DoubleReply,
  ErrorReply,
  MapReply,
  OK,
  PushReply,
  type Reply,
  Sequence,
  SetReply,
  Status,
  VerbatimReply
} from "../resp/Reply.ts"
import { ListValue } from "../types/ListValue.ts"
import { encodingOf } from "../types/Describe.ts"
import { checkChecksums } from "./Dump.ts"
import { dataDigest, valueDigest } from "./Digest.ts"

const NOT_ALLOWED = new ErrorReply(
  'ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.'
)
const RELOAD_FAILED = new ErrorReply("ERR Error trying to load the RDB dump, check server logs.")
const MOST_PACKED = 4 * 1024 ** 3

/** Blocks the process, as a slow command would. */
const sleep = (seconds: number): void => {
  if (seconds > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000)
}

/** Writes every value as RDB and reads it back, as a restart would. */
const reload = (client: Client, options: ReadonlySet<string>): Reply => {
  const { databases, limits, settings, scripts } = client.server
  for (const option of options) {
    if (!["MERGE", "NOFLUSH", "NOSAVE"].includes(option)) {
      throw new ErrorReply("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
    }
  }
  const isEmpty = scripts.libraries.size === 0 && databases.every((db) => db.size === 0)
  if (options.has("NOFLUSH") && !options.has("MERGE") && !isEmpty) throw RELOAD_FAILED
  const nodeSize = Number(settings.get("list-max-listpack-size"))
  for (const db of databases) {
    db.forEach((entry) => {
      if (db.isExpired(entry, client.server.now)) return
      const value = readPayload(dumpPayload(entry.value, true, nodeSize), limits)
      if (typeof value === "object" && "problem" in value) throw RELOAD_FAILED
      const { usedAt } = entry
      db.set(entry.key, value, true)
      entry.usedAt = usedAt
    })
  }
  scripts.libraries.restore(scripts.libraries.sources(), "flush")
  return OK
}

const describeKey = (client: Client, key: string): Reply => {
  // What has expired and was not removed is still seen here.
  const entry = client.db.raw(key)
  if (entry === undefined) throw NO_SUCH_KEY
  const { value } = entry
  const nodeSize = Number(client.server.settings.get("list-max-listpack-size"))
  const length = dumpPayload(value, false, nodeSize).length - 11
  const idle = Math.max(0, Math.floor(client.server.now / 1000) - entry.usedAt)
  const nodes =
    value instanceof ListValue
      ? ` ql_nodes:1 ql_avg_node:${value.length.toFixed(2)} ql_listpack_max:${nodeSize} ql_compressed:0 ql_uncompressed_size:${length}`
      : ""
  return new Status(
    `Value at:0x${(entry.slot + 1).toString(16).padStart(12, "0")} refcount:1 encoding:${encodingOf(value)} serializedlength:${length} lru:${entry.usedAt & 0xffffff} lru_seconds_idle:${idle}${nodes}`
  )
}

const KINDS = "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false"

const protocol = (client: Client, kind: string): Reply => {
  switch (kind.toLowerCase()) {
    case "string":
      return "Hello World"
    case "integer":
      return 12345
    case "double":
      // oxlint-disable-next-line oxc/approx-constant -- what Redis answers, not a circle
      return new DoubleReply(3.141)
    case "bignum":
      return new BigNumberReply("1234567999999999999999999999999999999")
    case "null":
      return null
    case "array":
      return [0, 1, 2]
    case "set":
      return new SetReply([0, 1, 2])
    case "map":
      return new MapReply([0, false, 1, true, 2, false])
    case "attrib":
      return client.resp === 2
        ? "Some real reply following the attribute"
        : new Sequence([
            new AttributeReply(["key-popularity", ["key:123", 90]]),
            "Some real reply following the attribute"
          ])
    case "push":
      if (client.resp === 2) throw new ErrorReply("ERR RESP2 is not supported by this command")
      return new Sequence([
        new PushReply(["server-cpu-usage", 42]),
        "Some real reply following the push reply"
      ])
    case "verbatim":
      return new VerbatimReply("This is a verbatim\nstring")
    case "true":
      return true
    case "false":
      return false
    default:
      throw new ErrorReply(`ERR Wrong protocol type name. Please use one of the following: ${KINDS}`)
  }
}

type Run = (client: Client, args: Arguments) => Reply

const onOff =
  (set: (client: Client, on: boolean) => void): Run =>
  (client, args) => {
    set(client, argument(args, 2) !== "0")
    return OK
  }

const packedThreshold: Run = (_client, args) => {
  const size = parseMemory(argument(args, 2))
  if (size === undefined || size > MOST_PACKED) {
    throw new ErrorReply("ERR argument must be a memory value bigger than 1 and smaller than 4gb")
  }
  return OK
}

const digestValues: Run = (client, args) =>
  args.slice(2).map((key) => {
    const entry = client.db.peek(key)
    return new Status((entry === undefined ? Buffer.alloc(20) : valueDigest(entry)).toString("hex"))
  })

const populate: Run = (client, args) => {
  const count = integer(argument(args, 2))
  const prefix = args[3] ?? "key"
  const size = args[4] === undefined ? 0 : integer(argument(args, 4))
  for (let at = 0; at < count; at++) {
    const key = `${prefix}:${at}`
    if (client.db.peek(key) !== undefined) continue
    const value = `value:${at}`
    const text = size === 0 ? value : value.slice(0, size).padEnd(size, "\0")
    client.db.set(key, text)
    client.server.changed(client.db, key, 8, "set")
    client.server.propagate(client.db, ["SET", key, text])
  }
  return OK
}

/** The subcommands with how many arguments they want, with DEBUG and their name; negative is a minimum. */
const SUBCOMMANDS: Readonly<Record<string, readonly [arity: number, run: Run]>> = {
  sleep: [
    3,
    (_client, args) => {
      sleep(Number(argument(args, 2)))
      return OK
    }
  ],
  log: [3, () => OK],
  object: [3, (client, args) => describeKey(client, argument(args, 2))],
  reload: [-2, (client, args) => reload(client, new Set(args.slice(2).map((word) => word.toUpperCase())))],
  loadaof: [2, (client) => reload(client, new Set())],
  digest: [2, (client) => new Status(dataDigest(client.server.databases).toString("hex"))],
  "digest-value": [-2, digestValues],
  protocol: [3, (client, args) => protocol(client, argument(args, 2))],
  populate: [-3, populate],
  "set-active-expire": [3, onOff((client, on) => client.server.expiry.setOn(on))],
  "set-disable-deny-scripts": [3, onOff((client, on) => client.server.scripts.allowEverything(on))],
  "set-skip-checksum-validation": [3, onOff((client, on) => checkChecksums(client.server, !on))],
  "quicklist-packed-threshold": [3, packedThreshold],
  "change-repl-id": [2, () => OK],
  "pause-cron": [3, () => OK],
  replybuffer: [4, () => OK],
  "htstats-key": [3, () => new VerbatimReply("No stats available for empty hash tables\n")],
  error: [
    3,
    (_client, args) => {
      throw new ErrorReply(argument(args, 2))
    }
  ]
}

const debug = (client: Client, args: Arguments): Reply => {
  if (!client.server.allowsDebug) throw NOT_ALLOWED
  const name = argument(args, 1)
  const found = SUBCOMMANDS[name.toLowerCase()]
  const [arity, run] = found ?? [0, undefined]
  if (run === undefined || (arity > 0 ? args.length !== arity : args.length < -arity)) {
    throw new ErrorReply(
      `ERR unknown subcommand or wrong number of arguments for '${name.slice(0, 128)}'. Try DEBUG HELP.`
    )
  }
  return run(client, args)
}

/** What Redis's own tests look into a server with; refused unless the server was made for it. */
export const DEBUG: CommandDefinition = {
  name: "debug",
  arity: -2,
  flags: "admin noscript loading stale",
  since: "1.0.0",
  complexity: "Depends on subcommand.",
  summary: "A container for debugging commands.",
  run: debug
}
