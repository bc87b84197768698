import { argument, type Arguments } from "../exec/Arguments.ts"
import { type CommandDefinition, keysOf } from "../exec/CommandTable.ts"
import type { Client, Command } from "../exec/Context.ts"
import { SYNTAX } from "../exec/Errors.ts"
import { globMatch } from "../format/Glob.ts"
import { EMPTY, ErrorReply, MapReply, type Reply, SetReply, Status } from "../resp/Reply.ts"

const CATEGORIES: Readonly<Record<string, string>> = {
  string: "string",
  list: "list",
  hash: "hash",
  set: "set",
  "sorted-set": "sortedset",
  stream: "stream",
  pubsub: "pubsub",
  transactions: "transaction",
  scripting: "scripting",
  connection: "connection",
  generic: "keyspace",
  server: "admin",
  bitmap: "bitmap",
  hyperloglog: "hyperloglog",
  geo: "geo"
}

const categories = (command: Command): Array<Status> => {
  const own = CATEGORIES[command.group]
  const names = [
    command.isWrite ? "write" : undefined,
    command.flags.has("readonly") ? "read" : undefined,
    own,
    command.flags.has("fast") ? "fast" : "slow",
    command.flags.has("blocking") ? "blocking" : undefined,
    command.flags.has("admin") ? "dangerous" : undefined
  ]
  return [...new Set(names.filter((name) => name !== undefined))].map((name) => new Status(`@${name}`))
}

const describe = (command: Command): Reply => [
  command.name,
  command.arity,
  // Redis keeps this one to itself.
  new SetReply([...command.flags].filter((flag) => flag !== "may_replicate").map((flag) => new Status(flag))),
  command.firstKey,
  command.lastKey,
  command.step,
  new SetReply(categories(command)),
  EMPTY,
  EMPTY,
  [...(command.subcommands?.values() ?? [])].map(describe)
]

const documentation = (command: Command): MapReply => {
  const entries: Array<Reply> = [
    "summary",
    command.summary,
    "since",
    command.since,
    "group",
    command.group,
    "complexity",
    command.complexity
  ]
  if (command.subcommands !== undefined) {
    entries.push(
      "subcommands",
      new MapReply(
        [...command.subcommands.values()].flatMap((sub): Array<Reply> => [sub.name, documentation(sub)])
      )
    )
  }
  return new MapReply(entries)
}

const find = (client: Client, name: string): Command | undefined => {
  const [container = "", sub] = name.toLowerCase().split("|")
  const command = client.server.commands.find(container)
  return sub === undefined ? command : command?.subcommands?.get(sub)
}

const list = (client: Client, args: Arguments): Reply => {
  const all = client.server.commands.list()
  const names = (commands: ReadonlyArray<Command>): Array<string> =>
    commands.flatMap((command) => [
      command.name,
      ...[...(command.subcommands?.values() ?? [])].map((sub) => sub.name)
    ])
  if (args.length === 2) return new SetReply(names(all))
  if (args.length !== 5 || argument(args, 2).toUpperCase() !== "FILTERBY") throw SYNTAX
  const value = argument(args, 4)
  switch (argument(args, 3).toUpperCase()) {
    case "PATTERN":
      return new SetReply(names(all).filter((name) => globMatch(value, name, true)))
    case "ACLCAT":
      return new SetReply(
        names(all.filter((command) => categories(command).some((name) => name.text === `@${value}`)))
      )
    case "MODULE":
      return new SetReply(EMPTY)
    default:
      throw SYNTAX
  }
}

const getkeys = (client: Client, args: Arguments): Reply => {
  const call = args.slice(2)
  const container = client.server.commands.find(argument(call, 0))
  const command = container?.subcommands?.get(argument(call, 1).toLowerCase()) ?? container
  if (command === undefined) throw new ErrorReply("ERR Invalid command specified")
  if (command.firstKey === 0 && command.keysOf === undefined)
    throw new ErrorReply("ERR The command has no key arguments")
  const wrong = command.arity > 0 ? call.length !== command.arity : call.length < -command.arity
  if (wrong) throw new ErrorReply("ERR Invalid number of arguments specified for command")
  const keys = keysOf(command, call)
  if (keys.length === 0) throw new ErrorReply("ERR Invalid arguments specified for command")
  return [...keys]
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
      run: getkeys
    }
  ]
}
