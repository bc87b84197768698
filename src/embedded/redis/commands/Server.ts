import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { globMatch } from "../format/Glob.ts"
import { EMPTY, ErrorReply, MapReply, OK, type Reply, VerbatimReply } from "../resp/Reply.ts"
import { ACL } from "./Acl.ts"
import { COMMAND_INFO } from "./CommandInfo.ts"
import { DEBUG } from "./Debug.ts"
import { help } from "./Help.ts"
import { MIGRATE } from "./Migrate.ts"
import { MONITORING } from "./Monitoring.ts"
import { SHUTDOWN } from "./Shutdown.ts"
import { UNAVAILABLE } from "./Unavailable.ts"
import { SAVING } from "./Saving.ts"

const configGet = (client: Client, args: Arguments): Reply => {
  const out: Array<string> = []
  for (const [name, value] of client.server.settings.list()) {
    const hidden = client.server.settings.isHidden(name)
    const isWanted = (pattern: string): boolean =>
      hidden ? pattern.toLowerCase() === name : globMatch(pattern, name, true)
    if (args.slice(2).some(isWanted)) out.push(name, value)
  }
  return new MapReply(out)
}

const configSet = (client: Client, args: Arguments): Reply => {
  if (args.length % 2 !== 0) throw new ErrorReply("ERR wrong number of arguments for 'config|set' command")
  const pairs: Array<readonly [string, string]> = []
  for (let at = 2; at < args.length; at += 2) {
    const name = argument(args, at).toLowerCase()
    if (pairs.some(([other]) => other === name)) {
      throw new ErrorReply(
        `ERR CONFIG SET failed (possibly related to argument '${argument(args, at)}') - duplicate parameter`
      )
    }
    if (!client.server.settings.names().includes(name)) {
      throw new ErrorReply(
        `ERR Unknown option or number of arguments for CONFIG SET - '${argument(args, at)}'`
      )
    }
    pairs.push([name, argument(args, at + 1)])
  }
  const problem = client.server.settings.set(pairs)
  if (problem !== undefined)
    throw new ErrorReply(`ERR CONFIG SET failed (possibly related to argument ${problem}`)
  return OK
}

/** The clock itself, in microseconds: unlike that of expiry it goes on while a script runs. */
const time = (): Reply => {
  const micros = Math.floor((performance.timeOrigin + performance.now()) * 1000)
  return [String(Math.floor(micros / 1_000_000)), String(micros % 1_000_000)]
}

/** Server commands. */
export const SERVER: ReadonlyArray<CommandDefinition> = [
  COMMAND_INFO,
  ...MONITORING,
  ...UNAVAILABLE,
  MIGRATE,
  SHUTDOWN,
  ACL,
  DEBUG,
  {
    name: "config",
    arity: -2,
    flags: "",
    since: "2.0.0",
    summary: "A container for server configuration commands.",
    subcommands: [
      {
        name: "get",
        arity: -3,
        flags: "admin noscript loading stale",
        since: "2.0.0",
        complexity: "O(N)",
        summary: "Returns the effective values of configuration parameters.",
        run: configGet
      },
      {
        name: "set",
        arity: -4,
        flags: "admin noscript loading stale",
        since: "2.0.0",
        complexity: "O(N)",
        summary: "Sets configuration parameters in-flight.",
        run: configSet
      },
      {
        name: "resetstat",
        arity: 2,
        flags: "admin noscript loading stale",
        since: "2.0.0",
        summary: "Resets the server's statistics.",
        run: (client) => {
          client.server.resetStats()
          return OK
        }
      },
      {
        name: "rewrite",
        arity: 2,
        flags: "admin noscript loading stale",
        since: "2.8.0",
        summary: "Persists the effective configuration to file.",
        run: () => {
          throw new ErrorReply("ERR The server is running without a config file")
        }
      },
      help("config", "5.0.0", [
        "GET <pattern>",
        "    Return parameters matching the glob-like <pattern> and their values.",
        "SET <directive> <value>",
        "    Set the configuration <directive> to <value>.",
        "RESETSTAT",
        "    Reset statistics reported by the INFO command.",
        "REWRITE",
        "    Rewrite the configuration file."
      ])
    ]
  },
  {
    name: "info",
    arity: -1,
    flags: "loading stale",
    summary: "Returns information and statistics about the server.",
    run: (client, args) =>
      new VerbatimReply(client.server.info(args.slice(1).map((section) => section.toLowerCase())))
  },
  {
    name: "time",
    arity: 1,
    flags: "loading stale fast",
    since: "2.6.0",
    summary: "Returns the server time.",
    run: time
  },
  {
    name: "swapdb",
    arity: 3,
    flags: "write fast",
    since: "4.0.0",
    complexity: "O(N)",
    summary: "Swaps two Redis databases.",
    run: (client, args) => {
      const left = integer(argument(args, 1), new ErrorReply("ERR invalid first DB index"))
      const right = integer(argument(args, 2), new ErrorReply("ERR invalid second DB index"))
      const { databases } = client.server
      if (databases[left] === undefined || databases[right] === undefined) {
        throw new ErrorReply("ERR DB index is out of range")
      }
      client.server.swapDatabases(left, right)
      client.server.dirty++
      return OK
    }
  },
  ...SAVING,
  {
    name: "role",
    arity: 1,
    flags: "noscript loading stale fast",
    since: "2.8.12",
    summary: "Returns the replication role.",
    run: () => ["master", 0, EMPTY]
  },
  {
    name: "wait",
    group: "generic",
    arity: 3,
    flags: "noscript",
    since: "3.0.0",
    summary:
      "Blocks until the asynchronous replication of all preceding write commands sent by the connection is completed.",
    run: (_client, args) => {
      integer(argument(args, 1))
      const timeout = integer(
        argument(args, 2),
        new ErrorReply("ERR timeout is not an integer or out of range")
      )
      if (timeout < 0) throw new ErrorReply("ERR timeout is negative")
      // There are no replicas, so none can acknowledge.
      return 0
    }
  }
]
