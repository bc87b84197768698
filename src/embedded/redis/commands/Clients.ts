import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { cut, SYNTAX } from "../exec/Errors.ts"
import { parseInteger } from "../format/Integers.ts"
import { ErrorReply, MapReply, OK, type Reply, SetReply, VerbatimReply } from "../resp/Reply.ts"
import { CLIENT_HELP } from "./ClientHelp.ts"
import { help } from "./Help.ts"
import { subcommandsWith } from "./Subcommand.ts"

/** A name that CLIENT LIST can show. */
export const checkedName = (name: string): string => {
  if (/[^!-~]/.test(name))
    throw new ErrorReply("ERR Client names cannot contain spaces, newlines or special characters.")
  return name
}

const setinfo = (client: Client, args: Arguments): Reply => {
  const attribute = argument(args, 2).toLowerCase()
  const value = argument(args, 3)
  if (attribute !== "lib-name" && attribute !== "lib-ver")
    throw new ErrorReply(`ERR Unrecognized option '${cut(argument(args, 2))}'`)
  if (/[^!-~]/.test(value))
    throw new ErrorReply(`ERR ${attribute} cannot contain spaces, newlines or special characters.`)
  if (attribute === "lib-name") client.libraryName = value
  else client.libraryVersion = value
  return OK
}

const list = (client: Client, args: Arguments): Reply => {
  const all = [...client.server.clients.values()]
  const { now } = client.server
  let chosen = all
  if (args.length === 4 && argument(args, 2).toUpperCase() === "TYPE") {
    const type = clientType(argument(args, 3))
    chosen = all.filter((other) => typeOfClient(other) === type)
  } else if (args.length > 3 && argument(args, 2).toUpperCase() === "ID") {
    const ids = args.slice(3).map((id) => integer(id, new ErrorReply("ERR Invalid client ID")))
    chosen = ids.flatMap((id) => client.server.clients.get(id) ?? [])
  } else if (args.length > 2) throw SYNTAX
  return new VerbatimReply(chosen.map((other) => `${other.describe(now)}\n`).join(""))
}

const clientType = (text: string): string => {
  const type = text.toLowerCase()
  if (!["normal", "master", "replica", "slave", "pubsub"].includes(type)) {
    throw new ErrorReply(`ERR Unknown client type '${cut(text)}'`)
  }
  return type
}

const typeOfClient = (client: Client): string =>
  client.isMonitor
    ? "slave"
    : client.channels.size + client.patterns.size + client.shardChannels.size > 0
      ? "pubsub"
      : "normal"

interface Filter {
  readonly id: number | undefined
  readonly address: string | undefined
  readonly localAddress: string | undefined
  readonly type: string | undefined
  readonly skipMe: boolean
}

const BAD_ID = new ErrorReply("ERR client-id should be greater than 0")

const killFilter = (args: Arguments): Filter => {
  let [id, address, localAddress, type]: [number?, string?, string?, string?] = []
  let skipMe = true
  for (let at = 2; at < args.length; at += 2) {
    const option = argument(args, at).toUpperCase()
    if (at + 1 >= args.length) throw SYNTAX
    const value = argument(args, at + 1)
    if (option === "ID") {
      id = integer(value, BAD_ID)
      if (id <= 0) throw BAD_ID
    } else if (option === "ADDR") address = value
    else if (option === "LADDR") localAddress = value
    else if (option === "TYPE") type = clientType(value)
    else if (option === "USER") {
      if (value !== "default") throw new ErrorReply(`ERR No such user '${cut(value)}'`)
    } else if (option === "SKIPME" && /^(yes|no)$/i.test(value)) skipMe = value.toLowerCase() === "yes"
    else throw SYNTAX
  }
  return { id, address, localAddress, type, skipMe }
}

const kill = (client: Client, args: Arguments): Reply => {
  const isOld = args.length === 3
  const filter: Filter = isOld
    ? { id: undefined, address: argument(args, 2), localAddress: undefined, type: undefined, skipMe: false }
    : killFilter(args)
  let killed = 0
  for (const other of client.server.clients.values()) {
    if (filter.id !== undefined && other.id !== filter.id) continue
    if (filter.address !== undefined && other.address !== filter.address) continue
    if (filter.localAddress !== undefined && other.localAddress !== filter.localAddress) continue
    if (filter.type !== undefined && typeOfClient(other) !== filter.type) continue
    if (other === client && filter.skipMe) continue
    killed++
    if (other === client) client.closeAfterReply()
    else other.kill()
  }
  if (!isOld) return killed
  if (killed === 0) throw new ErrorReply("ERR No such client")
  return OK
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

const tracking = (client: Client, args: Arguments): Reply => {
  const prefixes: Array<string> = []
  let redirect = 0
  let [broadcast, optIn, optOut, noLoop] = [false, false, false, false]
  for (let at = 3; at < args.length; at++) {
    const option = argument(args, at).toUpperCase()
    const hasValue = at + 1 < args.length
    if (option === "REDIRECT" && hasValue) {
      if (redirect !== 0) throw new ErrorReply("ERR A client can only redirect to a single other client")
      redirect = integer(argument(args, ++at))
      if (!client.server.clients.has(redirect)) {
        throw new ErrorReply("ERR The client ID you want redirect to does not exist")
      }
    } else if (option === "BCAST") broadcast = true
    else if (option === "OPTIN") optIn = true
    else if (option === "OPTOUT") optOut = true
    else if (option === "NOLOOP") noLoop = true
    else if (option === "PREFIX" && hasValue) prefixes.push(argument(args, ++at))
    else throw SYNTAX
  }
  if (!toggle(argument(args, 2))) {
    client.server.tracking.disable(client)
    return OK
  }
  if (!broadcast && prefixes.length > 0) {
    throw new ErrorReply("ERR PREFIX option requires BCAST mode to be enabled")
  }
  client.server.tracking.enable(client, { redirect, broadcast, prefixes, optIn, optOut, noLoop })
  return OK
}

const caching = (client: Client, args: Arguments): Reply => {
  const { tracking: state } = client
  if (state === undefined) {
    throw new ErrorReply(
      "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"
    )
  }
  const answer = argument(args, 2).toUpperCase()
  if (answer === "YES") {
    if (!state.optIn)
      throw new ErrorReply("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
  } else if (answer === "NO") {
    if (!state.optOut)
      throw new ErrorReply("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
  } else throw SYNTAX
  state.isCaching = true
  return OK
}

const trackinginfo = (client: Client): Reply => {
  const { tracking: state } = client
  const flags = [state === undefined ? "off" : "on"]
  if (state?.broadcast === true) flags.push("bcast")
  if (state?.optIn === true) flags.push("optin", ...(state.isCaching ? ["caching-yes"] : []))
  if (state?.optOut === true) flags.push("optout", ...(state.isCaching ? ["caching-no"] : []))
  if (state?.noLoop === true) flags.push("noloop")
  if (state?.isBroken === true) flags.push("broken_redirect")
  return new MapReply([
    "flags",
    new SetReply(flags),
    "redirect",
    state === undefined ? -1 : state.redirect,
    "prefixes",
    state?.broadcast === true ? [...state.prefixes] : []
  ])
}

const pause = (client: Client, args: Arguments): Reply => {
  const mode = args.length === 4 ? argument(args, 3).toUpperCase() : "ALL"
  if (mode !== "WRITE" && mode !== "ALL") throw new ErrorReply("ERR CLIENT PAUSE mode must be WRITE or ALL")
  const timeout = parseInteger(argument(args, 2))
  if (timeout === undefined) throw new ErrorReply("ERR timeout is not an integer or out of range")
  if (timeout < 0) throw new ErrorReply("ERR timeout is negative")
  client.server.pause.pause(client.server.now + Number(timeout), mode === "ALL")
  return OK
}

const sub = subcommandsWith("noscript loading stale")

const ADMIN = "admin noscript loading stale"

/** CLIENT and its subcommands. */
export const CLIENT: CommandDefinition = {
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
    sub("list", -2, "2.4.0", "Lists open connections.", list, ADMIN),
    sub("kill", -3, "2.4.0", "Terminates open connections.", kill, ADMIN),
    sub(
      "unblock",
      -3,
      "5.0.0",
      "Unblocks a client blocked by a blocking command from a different connection.",
      unblock,
      ADMIN
    ),
    sub("reply", 3, "3.2.0", "Instructs the server whether to reply to commands.", replyMode),
    sub("pause", -3, "2.9.50", "Suspends commands processing.", pause, ADMIN),
    sub(
      "unpause",
      2,
      "6.2.0",
      "Resumes processing commands from paused clients.",
      (client) => {
        client.server.pause.unpause()
        return OK
      },
      ADMIN
    ),
    sub(
      "tracking",
      -3,
      "6.0.0",
      "Controls server-assisted client-side caching for the connection.",
      tracking
    ),
    sub(
      "caching",
      3,
      "6.0.0",
      "Instructs the server whether to track the keys in the next request.",
      caching
    ),
    sub(
      "trackinginfo",
      2,
      "6.2.0",
      "Returns information about server-assisted client-side caching for the connection.",
      trackinginfo
    ),
    sub(
      "getredir",
      2,
      "6.0.0",
      "Returns the client ID to which the connection's tracking notifications are redirected.",
      (client) => client.tracking?.redirect ?? -1
    ),
    sub(
      "no-evict",
      3,
      "7.0.0",
      "Sets the client eviction mode of the connection.",
      (client, args) => {
        client.noEvict = toggle(argument(args, 2))
        return OK
      },
      ADMIN
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
    help("client", "5.0.0", CLIENT_HELP)
  ]
}
