import { argument, type Arguments } from "../exec/Arguments.ts"
import { arityMatches } from "../exec/Arity.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client, Command } from "../exec/Context.ts"
import { SYNTAX } from "../exec/Errors.ts"
import { globMatch } from "../format/Glob.ts"
import { documentation } from "./CommandDocs.ts"
import { categoriesOf, keySpecReplies, keysWithFlags } from "./CommandFacts.ts"
import { tipsOf } from "./CommandTips.ts"
import { help } from "./Help.ts"
import { EMPTY, ErrorReply, MapReply, type Reply, SetReply, Status } from "../resp/Reply.ts"

const describe = (command: Command): Reply => [
  command.name,
  command.arity,
  // Redis keeps this one to itself.
  new SetReply([...command.flags].filter((flag) => flag !== "may_replicate").map((flag) => new Status(flag))),
  command.firstKey,
  command.lastKey,
  command.step,
  new SetReply(categoriesOf(command).map((name) => new Status(name))),
  new SetReply(tipsOf(command.name)),
  new SetReply(keySpecReplies(command)),
  [...(command.subcommands?.values() ?? [])].map(describe)
]

const find = (client: Client, name: string): Command | undefined => {
  const [container = "", sub, more] = name.toLowerCase().split("|")
  if (more !== undefined) return undefined
  const command = client.server.commands.find(container)
  return sub === undefined ? command : command?.subcommands?.get(sub)
}

const list = (client: Client, args: Arguments): Reply => {
  const all = client.server.commands.list()
  const every = all.flatMap((command) => [command].concat([...(command.subcommands?.values() ?? [])]))
  const names = (commands: ReadonlyArray<Command>): Array<string> => commands.map((command) => command.name)
  if (args.length === 2) return new SetReply(names(every))
  if (args.length !== 5 || argument(args, 2).toUpperCase() !== "FILTERBY") throw SYNTAX
  const value = argument(args, 4)
  switch (argument(args, 3).toUpperCase()) {
    case "PATTERN":
      return new SetReply(names(every.filter((command) => globMatch(value, command.name, true))))
    case "ACLCAT":
      return new SetReply(
        names(every.filter((command) => categoriesOf(command).includes(`@${value.toLowerCase()}`)))
      )
    case "MODULE":
      return new SetReply(EMPTY)
    default:
      throw SYNTAX
  }
}

const getkeys =
  (withFlags: boolean) =>
  (client: Client, args: Arguments): Reply => {
    const call = args.slice(2)
    const container = client.server.commands.find(argument(call, 0))
    const command = container?.subcommands?.get(argument(call, 1).toLowerCase()) ?? container
    if (command === undefined) throw new ErrorReply("ERR Invalid command specified")
    if (command.firstKey === 0 && command.keysOf === undefined)
      throw new ErrorReply("ERR The command has no key arguments")
    if (!arityMatches(command, call)) {
      throw new ErrorReply("ERR Invalid number of arguments specified for command")
    }
    const keys = keysWithFlags(command, call)
    if (keys.length === 0 && !command.flags.has("no_mandatory_keys"))
      throw new ErrorReply("ERR Invalid arguments specified for command")
    if (!withFlags) return keys.map(([key]) => key)
    return keys.map(([key, flags]): Reply => [key, new SetReply(flags.map((flag) => new Status(flag)))])
  }

/** COMMAND and its subcommands, all read from the table. */
export const COMMAND_INFO: CommandDefinition = {
  name: "command",
  arity: -1,
  flags: "loading stale",
  since: "2.8.13",
  complexity: "O(N)",
  summary: "Returns detailed information about all commands.",
  run: (client) => client.server.commands.list().map(describe),
  subcommands: [
    {
      name: "count",
      arity: 2,
      flags: "loading stale",
      since: "2.8.13",
      summary: "Returns a count of commands.",
      run: (client) => client.server.commands.list().length
    },
    {
      name: "info",
      arity: -2,
      flags: "loading stale",
      since: "2.8.13",
      complexity: "O(N)",
      summary: "Returns information about one, multiple or all commands.",
      run: (client, args) =>
        args.length === 2
          ? client.server.commands.list().map(describe)
          : args.slice(2).map((name) => {
              const command = find(client, name)
              return command === undefined ? null : describe(command)
            })
    },
    {
      name: "docs",
      arity: -2,
      flags: "loading stale",
      since: "7.0.0",
      complexity: "O(N)",
      summary: "Returns documentary information about one, multiple or all commands.",
      run: (client, args) => {
        const commands =
          args.length === 2
            ? client.server.commands.list()
            : args.slice(2).flatMap((name) => {
                const command = find(client, name)
                return command === undefined ? [] : [command]
              })
        return new MapReply(
          commands.flatMap((command): Array<Reply> => [command.name, documentation(command)])
        )
      }
    },
    {
      name: "list",
      arity: -2,
      flags: "loading stale",
      since: "7.0.0",
      complexity: "O(N)",
      summary: "Returns a list of command names.",
      run: list
    },
    {
      name: "getkeys",
      arity: -4,
      flags: "loading stale",
      since: "2.8.13",
      complexity: "O(N)",
      summary: "Extracts the key names from an arbitrary command.",
      run: getkeys(false)
    },
    {
      name: "getkeysandflags",
      arity: -4,
      flags: "loading stale",
      since: "7.0.0",
      complexity: "O(N)",
      summary: "Extracts the key names and access flags for an arbitrary command.",
      run: getkeys(true)
    },
    help("command", "5.0.0", [
      "(no subcommand)",
      "    Return details about all Redis commands.",
      "COUNT",
      "    Return the total number of commands in this Redis server.",
      "LIST",
      "    Return a list of all commands in this Redis server.",
      "INFO [<command-name> ...]",
      "    Return details about multiple Redis commands.",
      "    If no command names are given, documentation details for all",
      "    commands are returned.",
      "DOCS [<command-name> ...]",
      "    Return documentation details about multiple Redis commands.",
      "    If no command names are given, documentation details for all",
      "    commands are returned.",
      "GETKEYS <full-command>",
      "    Return the keys from a full Redis command.",
      "GETKEYSANDFLAGS <full-command>",
      "    Return the keys and the access flags from a full Redis command."
    ])
  ]
}
