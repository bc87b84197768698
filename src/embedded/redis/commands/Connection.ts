import { timingSafeEqual } from "node:crypto"
import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { cut, SYNTAX } from "../exec/Errors.ts"
import { EMPTY, ErrorReply, MapReply, OK, PONG, type Reply, Status } from "../resp/Reply.ts"
import { checkedName, CLIENT } from "./Clients.ts"
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
    else throw new ErrorReply(`ERR Syntax error in HELLO option '${cut(argument(args, at))}'`)
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

const reset = (client: Client): Reply => {
  client.transaction = undefined
  unwatch(client)
  for (const channel of client.channels) client.server.broker.unsubscribe(client, channel)
  for (const pattern of client.patterns) client.server.broker.unsubscribePattern(client, pattern)
  for (const channel of client.shardChannels) client.server.broker.unsubscribeShard(client, channel)
  client.server.tracking.disable(client)
  client.server.monitor(client, false)
  client.noEvict = false
  client.noTouch = false
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

/** Connection commands. */
export const CONNECTION: ReadonlyArray<CommandDefinition> = [
  { name: "ping", arity: -1, flags: "fast", summary: "Returns the server's liveliness response.", run: ping },
  {
    name: "echo",
    arity: 2,
    flags: "loading stale fast",
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
  CLIENT
]
