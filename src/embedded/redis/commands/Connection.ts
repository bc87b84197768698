import { timingSafeEqual } from "node:crypto"
import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { SYNTAX } from "../exec/Errors.ts"
import { EMPTY, ErrorReply, MapReply, OK, PONG, type Reply, Status, VerbatimReply } from "../resp/Reply.ts"
import { unwatch } from "./Transactions.ts"

/** The version of Redis whose behaviour is followed. */
export const REDIS_VERSION = "7.0.15"

const WRONGPASS = new ErrorReply("WRONGPASS invalid username-password pair or user is disabled.")

const samePassword = (left: string, right: string): boolean => {
  const [a, b] = [Buffer.from(left, "latin1"), Buffer.from(right, "latin1")]
  return a.length === b.length && timingSafeEqual(a, b)
}

const authenticate = (client: Client, user: string, password: string): void => {
  if (user !== "default") throw WRONGPASS
  if (client.password !== undefined && !samePassword(client.password, password)) throw WRONGPASS
  client.authenticated = true
}

const auth = (client: Client, args: Arguments): Reply => {
  if (args.length > 3) throw SYNTAX
  if (args.length === 2) {
    if (client.password === undefined) {
      throw new ErrorReply(
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"
      )
    }
    authenticate(client, "default", argument(args, 1))
  } else authenticate(client, argument(args, 1), argument(args, 2))
  return OK
}

const hello = (client: Client, args: Arguments): Reply => {
  let version = client.resp
  if (args.length > 1) {
    const asked = integer(
      argument(args, 1),
      new ErrorReply("ERR Protocol version is not an integer or out of range")
    )
    if (asked !== 2 && asked !== 3) throw new ErrorReply("NOPROTO unsupported protocol version")
    version = asked
  }
  let name: string | undefined
  for (let at = 2; at < args.length; at++) {
    const option = argument(args, at).toUpperCase()
    if (option === "AUTH" && at + 2 < args.length) {
      authenticate(client, argument(args, at + 1), argument(args, at + 2))
      at += 2
    } else if (option === "SETNAME" && at + 1 < args.length) name = checkedName(argument(args, ++at))
    else throw new ErrorReply(`ERR Syntax error in HELLO option '${argument(args, at)}'`)
  }
  if (!client.authenticated) {
    throw new ErrorReply(
      "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time"
    )
  }
  if (name !== undefined) client.name = name
  client.resp = version
  return new MapReply([
    "server",
    "redis",
    "version",
    REDIS_VERSION,
    "proto",
    version,
    "id",
    client.id,
    "mode",
    "standalone",
    "role",
    "master",
    "modules",
    EMPTY
  ])
}

const checkedName = (name: string): string => {
  if (/[^!-~]/.test(name))
    throw new ErrorReply("ERR Client names cannot contain spaces, newlines or special characters.")
  return name
}

const setinfo = (client: Client, args: Arguments): Reply => {
  const attribute = argument(args, 2).toLowerCase()
  const value = argument(args, 3)
  if (attribute !== "lib-name" && attribute !== "lib-ver")
    throw new ErrorReply(`ERR Unrecognized option '${argument(args, 2)}'`)
  if (/[^!-~]/.test(value))
    throw new ErrorReply(`ERR ${attribute} cannot contain spaces, newlines or special characters.`)
  if (attribute === "lib-name") client.libraryName = value
  else client.libraryVersion = value
  return OK
}

const clients = (client: Client, args: Arguments): Reply => {
  const all = [...client.server.clients.values()]
  const { now } = client.server
  let chosen = all
  if (args.length === 4 && argument(args, 2).toUpperCase() === "TYPE") {
    const type = clientType(argument(args, 3))
    chosen = all.filter((other) => typeOfClient(other) === type)
  } else if (args.length > 3 && argument(args, 2).toUpperCase() === "ID") {
    const ids = new Set(args.slice(3).map((id) => integer(id, new ErrorReply("ERR Invalid client ID"))))
    chosen = all.filter((other) => ids.has(other.id))
  } else if (args.length > 2) throw SYNTAX
  return new VerbatimReply(chosen.map((other) => `${other.describe(now)}\n`).join(""))
}

const clientType = (text: string): string => {
  const type = text.toLowerCase()
  if (!["normal", "master", "replica", "slave", "pubsub"].includes(type)) {
    throw new ErrorReply(`ERR Unknown client type '${text}'`)
  }
  return type
}

const typeOfClient = (client: Client): string =>
  client.channels.size + client.patterns.size + client.shardChannels.size > 0 ? "pubsub" : "normal"

const kill = (client: Client, args: Arguments): Reply => {
  if (args.length === 3) {
    const target = [...client.server.clients.values()].find((other) =>
      other.describe(0).includes(` addr=${argument(args, 2)} `)
    )
    if (target === undefined) throw new ErrorReply("ERR No such client")
    if (target === client) client.closeAfterReply()
    else target.kill()
    return OK
  }
  let id: number | undefined
  let address: string | undefined
  let type: string | undefined
  let skipMe = true
  if (args.length % 2 !== 0) throw SYNTAX
  for (let at = 2; at < args.length; at += 2) {
    const option = argument(args, at).toUpperCase()
    const value = argument(args, at + 1)
    if (option === "ID") {
      id = integer(value, new ErrorReply("ERR client-id should be greater than 0"))
      if (id <= 0) throw new ErrorReply("ERR client-id should be greater than 0")
    } else if (option === "ADDR") address = value
    else if (option === "TYPE") type = clientType(value)
    else if (option === "SKIPME" && /^(yes|no)$/i.test(value)) skipMe = value.toLowerCase() === "yes"
    else throw SYNTAX
  }
  let killed = 0
  for (const other of client.server.clients.values()) {
    if (id !== undefined && other.id !== id) continue
    if (address !== undefined && !other.describe(0).includes(` addr=${address} `)) continue
    if (type !== undefined && typeOfClient(other) !== type) continue
    if (other === client && skipMe) continue
    killed++
    if (other === client) client.closeAfterReply()
    else other.kill()
  }
  return killed
}

const unblock = (client: Client, args: Arguments): Reply => {
  const mode = args.length > 3 ? argument(args, 3).toUpperCase() : "TIMEOUT"
  if (mode !== "TIMEOUT" && mode !== "ERROR") {
    throw new ErrorReply("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
  }
  const other = client.server.clients.get(integer(argument(args, 2)))
  if (other === undefined) return 0
  const reply = mode === "ERROR" ? new ErrorReply("UNBLOCKED client unblocked via CLIENT UNBLOCK") : undefined
  return other.unblock(reply) ? 1 : 0
}

const replyMode = (client: Client, args: Arguments): Reply => {
  const mode = argument(args, 2).toUpperCase()
  if (mode === "ON") {
    client.replyMode = "on"
    return OK
  }
  if (mode === "OFF") client.replyMode = "off"
  else if (mode === "SKIP") {
    if (client.replyMode === "on") client.replyMode = "skip-next"
  } else throw SYNTAX
  return undefined
}

const toggle = (text: string): boolean => {
  const value = text.toUpperCase()
  if (value !== "ON" && value !== "OFF") throw SYNTAX
  return value === "ON"
}

const reset = (client: Client): Reply => {
  client.transaction = undefined
  unwatch(client)
  for (const channel of client.channels) client.server.broker.unsubscribe(client, channel)
  for (const pattern of client.patterns) client.server.broker.unsubscribePattern(client, pattern)
  for (const channel of client.shardChannels) client.server.broker.unsubscribeShard(client, channel)
  client.resp = 2
  client.name = ""
  client.replyMode = "on"
  client.authenticated = client.password === undefined
  const [first] = client.server.databases
  if (first !== undefined) client.db = first
  return new Status("RESET")
}

const select = (client: Client, args: Arguments): Reply => {
  const db = client.server.databases[integer(argument(args, 1))]
  if (db === undefined) throw new ErrorReply("ERR DB index is out of range")
  client.db = db
  return OK
}

const ping = (client: Client, args: Arguments): Reply => {
  if (args.length > 2) throw new ErrorReply("ERR wrong number of arguments for 'ping' command")
  if (client.resp === 2 && client.channels.size + client.patterns.size + client.shardChannels.size > 0) {
    return ["pong", args[1] ?? ""]
  }
  return args[1] ?? PONG
}

const sub = (
  name: string,
  arity: number,
  since: string,
  summary: string,
  run: CommandDefinition["run"] & {},
  flags = "noscript loading stale"
): CommandDefinition => ({ name, arity, flags, since, summary, run })

/** Connection commands. */
export const CONNECTION: ReadonlyArray<CommandDefinition> = [
  { name: "ping", arity: -1, flags: "fast", summary: "Returns the server's liveliness response.", run: ping },
  {
    name: "echo",
    arity: 2,
    flags: "fast",
    summary: "Returns the given string.",
    run: (_client, args) => argument(args, 1)
  },
  {
    name: "select",
    arity: 2,
    flags: "loading stale fast",
    summary: "Changes the selected database.",
    run: select
  },
  {
    name: "auth",
    arity: -2,
    flags: "noscript loading stale fast no_auth allow_busy",
    summary: "Authenticates the connection.",
    run: auth
  },
  {
    name: "hello",
    arity: -1,
    flags: "noscript loading stale fast no_auth allow_busy",
    since: "6.0.0",
    summary: "Handshakes with the Redis server.",
    run: hello
  },
  {
    name: "quit",
    arity: -1,
    flags: "noscript loading stale fast no_auth allow_busy",
    summary: "Closes the connection.",
    run: (client) => {
      client.closeAfterReply()
      return OK
    }
  },
  {
    name: "reset",
    arity: 1,
    flags: "noscript loading stale fast no_auth allow_busy",
    since: "6.2.0",
    summary: "Resets the connection.",
    run: reset
  },
  {
    name: "client",
    arity: -2,
    flags: "",
    since: "2.4.0",
    summary: "A container for client connection commands.",
    subcommands: [
      sub("id", 2, "5.0.0", "Returns the unique client ID of the connection.", (client) => client.id),
      sub("getname", 2, "2.6.9", "Returns the name of the connection.", (client) =>
        client.name === "" ? null : client.name
      ),
      sub("setname", 3, "2.6.9", "Sets the connection name.", (client, args) => {
        client.name = checkedName(argument(args, 2))
        return OK
      }),
      sub("setinfo", 4, "7.2.0", "Sets information specific to the client or connection.", setinfo),
      sub("info", 2, "6.2.0", "Returns information about the connection.", (client) => {
        return new VerbatimReply(`${client.describe(client.server.now)}\n`)
      }),
      sub("list", -2, "2.4.0", "Lists open connections.", clients, "admin noscript loading stale"),
      sub("kill", -3, "2.4.0", "Terminates open connections.", kill, "admin noscript loading stale"),
      sub(
        "unblock",
        -3,
        "5.0.0",
        "Unblocks a client blocked by a blocking command from a different connection.",
        unblock,
        "admin noscript loading stale"
      ),
      sub("reply", 3, "3.2.0", "Instructs the server whether to reply to commands.", replyMode),
      sub(
        "no-evict",
        3,
        "7.0.0",
        "Sets the client eviction mode of the connection.",
        (client, args) => {
          client.noEvict = toggle(argument(args, 2))
          return OK
        },
        "admin noscript loading stale"
      ),
      sub(
        "no-touch",
        3,
        "7.2.0",
        "Controls whether commands sent by the client affect the LRU/LFU of accessed keys.",
        (client, args) => {
          client.noTouch = toggle(argument(args, 2))
          return OK
        }
      ),
      sub(
        "getredir",
        2,
        "6.0.0",
        "Returns the client ID to which the connection's tracking notifications are redirected.",
        () => -1
      )
    ]
  }
]
