import { argument, type Arguments } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { SYNTAX } from "../exec/Errors.ts"
import { EMPTY, ErrorReply, OK, type Reply, VerbatimReply } from "../resp/Reply.ts"
import { CLUSTER } from "./Cluster.ts"
import { REDIS_VERSION } from "./Connection.ts"
import { help } from "./Help.ts"

const refuse = (text: string) => (): Reply => {
  throw new ErrorReply(text)
}

const noReplication = (name: string) =>
  refuse(`ERR ${name} is not available in this server: it does not replicate`)

/** A small hill, and the version. */
const LOLWUT = `${Array.from({ length: 6 }, (_, row) => " ".repeat(12 - 2 * row) + "/\\".repeat(2 * row + 1)).join("\n")}\n\nRedis ver. ${REDIS_VERSION}\n`

const replicaOf = (_client: Client, args: Arguments): Reply => {
  if (argument(args, 1).toLowerCase() === "no" && argument(args, 2).toLowerCase() === "one") return OK
  throw new ErrorReply("ERR REPLICAOF is not available in this server: it does not replicate")
}

const failover = (_client: Client, args: Arguments): Reply => {
  if (args.length === 1) throw new ErrorReply("ERR FAILOVER requires connected replicas.")
  if (args.length === 2 && argument(args, 1).toUpperCase() === "ABORT") {
    throw new ErrorReply("ERR No failover in progress.")
  }
  if (!["TO", "TIMEOUT", "FORCE"].includes(argument(args, 1).toUpperCase())) throw SYNTAX
  throw new ErrorReply("ERR FAILOVER requires connected replicas.")
}

const MODULES_OFF =
  'ERR MODULE command not allowed. If the enable-module-command option is set to "local", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.'

const command = (
  name: string,
  arity: number,
  flags: string,
  since: string,
  summary: string,
  run: CommandDefinition["run"] & {}
): CommandDefinition => ({ name, arity, flags, since, summary, run })

const REPLICA = "admin noscript stale"

/** Commands of cluster, replication and modules, which answer as a server does that has them switched off. */
export const UNAVAILABLE: ReadonlyArray<CommandDefinition> = [
  ...CLUSTER,
  command(
    "replicaof",
    3,
    "admin noscript stale no_async_loading",
    "5.0.0",
    "Configures a server as replica of another, or promotes it to a master.",
    replicaOf
  ),
  command(
    "slaveof",
    3,
    "admin noscript stale no_async_loading",
    "1.0.0",
    "Sets a Redis server as a replica of another, or promotes it to being a master.",
    replicaOf
  ),
  command(
    "failover",
    -1,
    REPLICA,
    "6.2.0",
    "Starts a coordinated failover from a server to one of its replicas.",
    failover
  ),
  command(
    "sync",
    1,
    "admin noscript no_async_loading no_multi",
    "1.0.0",
    "An internal command used in replication.",
    noReplication("SYNC")
  ),
  command(
    "psync",
    -3,
    "admin noscript no_async_loading no_multi",
    "2.8.0",
    "An internal command used in replication.",
    noReplication("PSYNC")
  ),
  command(
    "replconf",
    -1,
    "admin noscript loading stale allow_busy",
    "3.0.0",
    "An internal command for configuring the replication stream.",
    noReplication("REPLCONF")
  ),
  {
    name: "module",
    arity: -2,
    flags: "",
    since: "4.0.0",
    complexity: "Depends on subcommand.",
    summary: "A container for module commands.",
    subcommands: [
      command("list", 2, "admin noscript", "4.0.0", "Returns all loaded modules.", () => EMPTY),
      command("load", -3, "admin noscript no_async_loading", "4.0.0", "Loads a module.", refuse(MODULES_OFF)),
      command(
        "loadex",
        -3,
        "admin noscript no_async_loading",
        "7.0.0",
        "Loads a module using extended parameters.",
        refuse(MODULES_OFF)
      ),
      command(
        "unload",
        3,
        "admin noscript no_async_loading",
        "4.0.0",
        "Unloads a module.",
        refuse(MODULES_OFF)
      ),
      help("module", "5.0.0", [
        "LIST",
        "    Return a list of loaded modules.",
        "LOAD <path> [<arg> ...]",
        "    Load a module library from <path>, passing to it any optional arguments.",
        "LOADEX <path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]",
        "    Load a module library from <path>, while passing it module configurations and optional arguments.",
        "UNLOAD <name>",
        "    Unload a module."
      ])
    ]
  },
  {
    name: "lolwut",
    arity: -1,
    flags: "readonly fast",
    since: "5.0.0",
    summary: "Displays computer art and the Redis version",
    run: () => new VerbatimReply(LOLWUT)
  }
]
