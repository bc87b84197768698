import type { Arguments } from "./Arguments.ts"
import type { Client, Command, CommandFlag } from "./Context.ts"
import type { Reply } from "../resp/Reply.ts"

/** How a command is written down. */
export interface CommandDefinition {
  readonly name: string
  readonly arity: number
  /** Flags separated by spaces. */
  readonly flags: string
  /** First key, last key and step, as COMMAND reports them. */
  readonly keys?: readonly [first: number, last: number, step: number]
  /** The group that COMMAND DOCS names, where it is not the one that the command is listed in. */
  readonly group?: string
  readonly since?: string
  readonly complexity?: string
  readonly summary?: string
  readonly logsItself?: boolean
  readonly keysOf?: (args: Arguments) => ReadonlyArray<string>
  readonly subcommands?: ReadonlyArray<CommandDefinition>
  readonly run?: (client: Client, args: Arguments) => Reply
}

const build = (definition: CommandDefinition, group: string, parent?: string): Command => {
  const name = parent === undefined ? definition.name : `${parent}|${definition.name}`
  const flags = new Set<CommandFlag>()
  for (const flag of definition.flags.split(" ")) if (isFlag(flag)) flags.add(flag)
  const [firstKey, lastKey, step] = definition.keys ?? [0, 0, 0]
  return {
    name,
    arity: definition.arity,
    flags,
    firstKey,
    lastKey,
    step,
    group: definition.group ?? group,
    since: definition.since ?? "1.0.0",
    complexity: definition.complexity ?? "O(1)",
    summary: definition.summary ?? "",
    logsItself: definition.logsItself ?? false,
    isWrite: flags.has("write"),
    runsScript: group === "scripting" && (name.startsWith("eval") || name.startsWith("fcall")),
    keysOf: definition.keysOf,
    subcommands:
      definition.subcommands === undefined
        ? undefined
        : new Map(
            definition.subcommands.map((sub) => [sub.name, build(sub, definition.group ?? group, name)])
          ),
    run: definition.run ?? (() => null)
  }
}

const FLAGS: ReadonlySet<string> = new Set<CommandFlag>([
  "write",
  "asking",
  "readonly",
  "denyoom",
  "admin",
  "pubsub",
  "noscript",
  "blocking",
  "loading",
  "stale",
  "skip_monitor",
  "skip_slowlog",
  "fast",
  "no_auth",
  "may_replicate",
  "no_async_loading",
  "no_multi",
  "movablekeys",
  "allow_busy",
  "no_mandatory_keys"
])

const isFlag = (text: string): text is CommandFlag => FLAGS.has(text)

/** The commands by name, in whatever case they are written. */
export class CommandTable {
  private readonly byName = new Map<string, Command>()
  private readonly all: Array<Command> = []

  constructor(groups: Readonly<Record<string, ReadonlyArray<CommandDefinition>>>) {
    for (const [group, definitions] of Object.entries(groups)) {
      for (const definition of definitions) {
        const command = build(definition, group)
        this.all.push(command)
        this.byName.set(command.name, command)
        this.byName.set(command.name.toUpperCase(), command)
      }
    }
  }

  /** The command of a name, or of the container if it has subcommands. */
  find(name: string): Command | undefined {
    return this.byName.get(name) ?? (name.length < 64 ? this.byName.get(name.toLowerCase()) : undefined)
  }

  /** The command that a call means: a subcommand if its container has one of that name, or the container alone. */
  resolve(args: Arguments): Command | undefined {
    const container = this.find(args[0] ?? "")
    const name = args[1]
    if (container?.subcommands === undefined || name === undefined) return container
    return container.subcommands.get(name.toLowerCase())
  }

  /** Every command but subcommands. */
  list(): ReadonlyArray<Command> {
    return this.all
  }
}

/** The keys among the arguments of a call. */
export const keysOf = (command: Command, args: Arguments): ReadonlyArray<string> => {
  if (command.keysOf !== undefined) return command.keysOf(args)
  if (command.firstKey === 0) return []
  const keys: Array<string> = []
  const last = command.lastKey < 0 ? args.length + command.lastKey : command.lastKey
  for (let at = command.firstKey; at <= last && at < args.length; at += command.step)
    keys.push(args[at] ?? "")
  return keys
}
