/**
 * The command line as data for `effect/cli`. A command's work is imported when it is chosen, so that `--help` and
 * `config show` load no engine.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import type { Key } from "../config/Key.ts"
import { ExitCode } from "./ExitCode.ts"
import { type CommandEffect, type Invocation, invoke } from "./Invocation.ts"
import type { CommandContext } from "./Terminal.ts"

const settingFlag = (key: Key, name: string): Flag.Flag<Option.Option<string>> => {
  const { type } = key
  const flag: Flag.Flag<string> =
    type.kind === "boolean"
      ? Flag.map(Flag.Boolean(name), String)
      : // A wrong choice is explained by the config's own checks, together with everything else that is wrong.
        Flag.withMetavar(Flag.String(name), type.kind === "choice" ? type.values.join("|") : type.kind)
  const described = Flag.optional(Flag.withDescription(flag, key.help))
  return key.common ? described : Flag.withHidden(described)
}

const settingFlags = (keys: ReadonlyArray<Key>): Record<string, Flag.Flag<Option.Option<string>>> => {
  const flags: Record<string, Flag.Flag<Option.Option<string>>> = {}
  for (const key of keys) {
    if (key.flag !== undefined) flags[key.flag] = settingFlag(key, key.flag)
  }
  return flags
}

const json = Flag.Boolean("json").pipe(
  Flag.withDescription("Print JSON on stdout"),
  Flag.withDefault(false),
  Flag.withoutNegation
)

const text = (name: string, description: string) =>
  Flag.optional(Flag.withDescription(Flag.String(name), description))

const count = (name: string, description: string) =>
  Flag.optional(Flag.withDescription(Flag.Int(name), description))

const many = (name: string, description: string) =>
  Flag.atLeast(Flag.withDescription(Flag.String(name), description), 0)

const switchFlag = (name: string, description: string) =>
  Flag.withoutNegation(Flag.withDefault(Flag.withDescription(Flag.Boolean(name), description), false))

const id = (name: string, description: string) => Argument.withDescription(Argument.String(name), description)

/** What the tree needs besides the arguments. */
export interface CommandTreeOptions extends Invocation {
  readonly keys: ReadonlyArray<Key>
}

/** Builds the command tree. */
export const makeCommands = (options: CommandTreeOptions) => {
  const root = Command.make("compozy").pipe(
    Command.withSharedFlags({
      config: Flag.optional(
        Flag.withDescription(
          Flag.withAlias(Flag.String("config"), "c"),
          "The config file (found upwards by default)"
        )
      ),
      json,
      settings: settingFlags(options.keys)
    }),
    Command.withDescription(
      "Durable workflows as code: one TypeScript file, three modes, nothing to install."
    )
  )

  const run = (command: (context: CommandContext) => Promise<CommandEffect>) =>
    Effect.gen(function* () {
      const shared = yield* root
      const flags: Record<string, string> = {}
      for (const [name, value] of Object.entries(shared.settings)) {
        if (Option.isSome(value)) flags[name] = value.value
      }
      yield* invoke(
        options,
        { flags, config: Option.getOrUndefined(shared.config), json: shared.json },
        command
      )
    })

  const start = Command.make("start", {}, () =>
    run(async (context) => (await import("./commands/Start.ts")).start(context))
  ).pipe(Command.withDescription("Start the server of this config"))

  const runWorkflow = Command.make(
    "run",
    {
      workflow: id("workflow", "The workflow's id"),
      input: text("input", "The input as JSON"),
      inputFile: text("input-file", "A file with the input as JSON; - reads stdin"),
      idempotencyKey: text("idempotency-key", "The same key gives the same execution"),
      values: Argument.variadic(
        Argument.withDescription(Argument.String("key=value"), "Fields of the input; key:=json forces JSON")
      )
    },
    (args) =>
      run(async (context) =>
        (await import("./commands/Run.ts")).run(context, {
          workflow: args.workflow,
          input: Option.getOrUndefined(args.input),
          inputFile: Option.getOrUndefined(args.inputFile),
          idempotencyKey: Option.getOrUndefined(args.idempotencyKey),
          values: args.values
        })
      )
  ).pipe(
    Command.withDescription("Run a workflow and print its result"),
    Command.withExamples([
      { command: "compozy run hello name=Ada cities='[\"Rome\"]'", description: "Fields as arguments" },
      {
        command: 'compozy run hello --input \'{"name":"Ada"}\' --json',
        description: "Input and result as JSON"
      }
    ])
  )

  const workflow = Command.make("workflow").pipe(
    Command.withDescription("The workflows of this config"),
    Command.withSubcommands([
      Command.make("list", {}, () =>
        run(async (context) => (await import("./commands/Workflow.ts")).listWorkflows(context))
      ).pipe(Command.withDescription("List the workflows")),
      Command.make(
        "show",
        {
          workflow: id("workflow", "The workflow's id"),
          mermaid: switchFlag("mermaid", "Draw it as a Mermaid flowchart")
        },
        (args) =>
          run(async (context) =>
            (await import("./commands/Workflow.ts")).showWorkflow(context, args.workflow, args.mermaid)
          )
      ).pipe(Command.withDescription("Show a workflow's definition"))
    ])
  )

  const execution = Command.make("execution").pipe(
    Command.withDescription("Executions of workflows"),
    Command.withSubcommands([
      Command.make(
        "list",
        {
          workflow: text("workflow", "Only executions of this workflow"),
          status: text("status", "Only these statuses, separated by commas"),
          limit: count("limit", "How many (default 50, at most 500)"),
          cursor: text("cursor", "Where the previous page ended")
        },
        (args) =>
          run(async (context) =>
            (await import("./commands/Execution.ts")).listExecutions(context, {
              workflow: Option.getOrUndefined(args.workflow),
              status: Option.getOrUndefined(args.status),
              limit: Option.getOrUndefined(args.limit),
              cursor: Option.getOrUndefined(args.cursor)
            })
          )
      ).pipe(Command.withDescription("List executions, newest first")),
      Command.make(
        "get",
        {
          execution: id("execution", "The execution's id"),
          tasks: switchFlag("tasks", "Also its steps")
        },
        (args) =>
          run(async (context) =>
            (await import("./commands/Execution.ts")).getExecution(context, args.execution, args.tasks)
          )
      ).pipe(Command.withDescription("Show an execution")),
      Command.make("cancel", { execution: id("execution", "The execution's id") }, (args) =>
        run(async (context) =>
          (await import("./commands/Execution.ts")).cancelExecution(context, args.execution)
        )
      ).pipe(Command.withDescription("Ask an execution to stop")),
      Command.make(
        "signal",
        {
          execution: id("execution", "The execution's id"),
          signal: id("signal", "The signal's id"),
          payload: text("payload", "The payload as JSON"),
          values: Argument.variadic(
            Argument.withDescription(
              Argument.String("key=value"),
              "Fields of the payload, each read as JSON or text"
            )
          )
        },
        (args) =>
          run(async (context) =>
            (await import("./commands/Execution.ts")).signalExecution(context, {
              execution: args.execution,
              signal: args.signal,
              payload: Option.getOrUndefined(args.payload),
              values: args.values
            })
          )
      ).pipe(Command.withDescription("Send a signal to an execution"))
    ])
  )

  const config = Command.make("config").pipe(
    Command.withDescription("The config and where its values come from"),
    Command.withSubcommands([
      Command.make("show", { origin: switchFlag("origin", "Also where each value comes from") }, (args) =>
        run(async (context) => (await import("./commands/Config.ts")).showConfig(context, args.origin))
      ).pipe(Command.withDescription("Print every setting; secrets are hidden")),
      Command.make("validate", {}, () =>
        run(async (context) => (await import("./commands/Config.ts")).validateConfig(context))
      ).pipe(Command.withDescription("Check the config and report every problem")),
      Command.make("diagnostics", {}, () =>
        run(async (context) => (await import("./commands/Config.ts")).diagnoseConfig(context))
      ).pipe(Command.withDescription("Explain the effective modes, and warn"))
    ])
  )

  const migrate = Command.make("migrate").pipe(
    Command.withDescription("The database's schema"),
    Command.withSubcommands(
      (["up", "down", "status"] as const).map((action) =>
        Command.make(action, {}, () =>
          run(async (context) => (await import("./commands/Migrate.ts")).migrate(context, action))
        ).pipe(
          Command.withDescription(
            { up: "Apply what is missing", down: "Undo the newest migration", status: "List the migrations" }[
              action
            ]
          )
        )
      )
    )
  )

  const schema = Command.make("schema").pipe(
    Command.withDescription("JSON Schemas"),
    Command.withSubcommands([
      Command.make(
        "export",
        {
          name: Argument.optional(
            Argument.withDescription(
              Argument.Literals("name", ["config", "compozy", "workflow"]),
              "Which one; all of them without a name"
            )
          ),
          output: text("output", "A folder to write them into, instead of stdout")
        },
        (args) =>
          run(async (context) =>
            (await import("./commands/Schema.ts")).exportSchemas(
              context,
              Option.getOrUndefined(args.name),
              Option.getOrUndefined(args.output)
            )
          )
      ).pipe(Command.withDescription("Print the JSON Schemas of configs and workflows"))
    ])
  )

  const embedded = Command.make("embedded").pipe(
    Command.withDescription("The embedded services alone, for other programs"),
    Command.withSubcommands([
      Command.make(
        "temporal",
        {
          file: text("db-filename", "The SQLite file that keeps everything; memory without it"),
          namespaces: many("namespace", "A further namespace; may be repeated"),
          searchAttributes: many("search-attribute", "A search attribute, NAME=TYPE; may be repeated"),
          auth: Flag.Literals("auth", ["key", "none"]).pipe(
            Flag.withDescription("Whether callers need a key: TEMPORAL_API_KEY, or one that is made up"),
            Flag.withDefault("key" as const)
          )
        },
        (args) =>
          run(async (context) =>
            (await import("./commands/EmbeddedTemporal.ts")).serveTemporal(context, {
              file: Option.getOrUndefined(args.file),
              namespaces: args.namespaces,
              searchAttributes: args.searchAttributes,
              auth: args.auth
            })
          )
      ).pipe(
        Command.withDescription("Serve Temporal on 127.0.0.1:7233, or on --host, --port (with --expose)"),
        Command.withExamples([
          {
            command: "compozy embedded temporal --db-filename temporal.sqlite --auth none",
            description: "For the official temporal CLI and any SDK on this machine"
          }
        ])
      ),
      Command.make(
        "redis",
        {
          dir: text("dir", "The folder that keeps the data; memory without it"),
          password: text("password", "What clients must AUTH with; a random one without it"),
          auth: Flag.Literals("auth", ["password", "none"]).pipe(
            Flag.withDescription("Whether clients need a password"),
            Flag.withDefault("password" as const)
          ),
          unixSocket: text("unixsocket", "A Unix socket to listen on too, for its owner only"),
          appendfsync: Flag.Literals("appendfsync", ["always", "everysec", "no"]).pipe(
            Flag.withDescription("When changes are made safe against power loss"),
            Flag.withDefault("everysec" as const)
          ),
          repair: switchFlag(
            "repair",
            "Make a damaged --dir loadable again, and keep what was there beside it"
          )
        },
        (args) =>
          run(async (context) =>
            (await import("./commands/EmbeddedRedis.ts")).serveRedis(context, {
              dir: Option.getOrUndefined(args.dir),
              password: Option.getOrUndefined(args.password),
              auth: args.auth,
              unixSocket: Option.getOrUndefined(args.unixSocket),
              appendfsync: args.appendfsync,
              repair: args.repair
            })
          )
      ).pipe(
        Command.withDescription("Serve Redis on 127.0.0.1:6379, or on --host, --port (with --expose)"),
        Command.withExamples([
          {
            command: "compozy embedded redis --port 0 --dir data/redis",
            description: "On a free port, kept in a folder, with a password that is printed"
          },
          {
            command: "compozy embedded redis --dir data/redis --repair",
            description: "Make a damaged folder loadable again"
          }
        ])
      )
    ])
  )

  const completions = Command.make(
    "completions",
    {
      shell: Argument.withDescription(
        Argument.Literals("shell", ["bash", "zsh", "fish", "powershell"]),
        "The shell"
      )
    },
    (args) =>
      Effect.gen(function* () {
        const { fromCommand, generate } = yield* Effect.promise(() => import("effect/cli/Completions"))
        options.terminal.out(`${generate("compozy", args.shell, fromCommand(all))}\n`)
        options.finish(ExitCode.ok)
      })
  ).pipe(Command.withDescription("Print the completion script of a shell"))

  const tree = root.pipe(
    Command.withSubcommands([
      start,
      runWorkflow,
      workflow,
      execution,
      config,
      migrate,
      schema,
      embedded,
      completions
    ])
  )
  const all: Command.Command.Any = tree
  return tree
}
