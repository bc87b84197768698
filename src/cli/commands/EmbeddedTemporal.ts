/** `compozy embedded temporal`: the workflow engine alone, for any SDK and for the official `temporal` CLI. */
import { randomBytes } from "node:crypto"
import { resolve } from "node:path"
import * as Effect from "effect/Effect"
import { type ExitCode, ExitCode as Code } from "../ExitCode.ts"
import { UsageError } from "../Report.ts"
import { type CommandContext, paint } from "../Terminal.ts"
import { levels, portOf } from "./EmbeddedFlags.ts"

/** What the command is given besides the settings that it shares with others: `--host`, `--port`, `--expose`. */
export interface EmbeddedTemporalArguments {
  /** The SQLite file; memory without one. */
  readonly file: string | undefined
  /** Namespaces besides `default`. */
  readonly namespaces: ReadonlyArray<string>
  /** `Name=Type`. */
  readonly searchAttributes: ReadonlyArray<string>
  readonly auth: "none" | "key"
}

const attributeTypes = ["Text", "Keyword", "Int", "Double", "Bool", "Datetime", "KeywordList"] as const
type AttributeType = (typeof attributeTypes)[number]

/** The port of the official server. */
const defaultPort = 7233

const attributesOf = (
  pairs: ReadonlyArray<string>
): Effect.Effect<Readonly<Record<string, AttributeType>>, UsageError> =>
  Effect.map(
    Effect.forEach(pairs, (pair) => {
      const at = pair.indexOf("=")
      const type = attributeTypes.find((each) => each.toLowerCase() === pair.slice(at + 1).toLowerCase())
      return at > 0 && type !== undefined
        ? Effect.succeed([pair.slice(0, at), type] as const)
        : Effect.fail(
            new UsageError({
              message: `${pair} is no search attribute: NAME=TYPE, with one of ${attributeTypes.join(", ")}.`
            })
          )
    }),
    (entries) => Object.fromEntries(entries)
  )

/** The key that callers have to bring: the one that the official CLI and the SDKs read too, or one of its own. */
const keyOf = (context: CommandContext): { readonly key: string; readonly isGiven: boolean } => {
  const given = context.terminal.env["TEMPORAL_API_KEY"]
  return given === undefined || given === ""
    ? { key: randomBytes(24).toString("base64url"), isGiven: false }
    : { key: given, isGiven: true }
}

/** Serves until it is asked to stop. */
export const serveTemporal = Effect.fnUntraced(function* (
  context: CommandContext,
  args: EmbeddedTemporalArguments
): Effect.fn.Return<ExitCode, unknown> {
  const { flags, terminal } = context
  const port = yield* portOf(flags["port"], defaultPort)
  const searchAttributes = yield* attributesOf(args.searchAttributes)
  const { key, isGiven } = keyOf(context)
  const least = levels.findIndex((level) => level === (flags["log-level"] ?? "warn"))
  const { openEmbeddedTemporal } = yield* Effect.promise(
    () => import("../../layers/temporal/EmbeddedEngine.ts")
  )
  yield* Effect.scoped(
    Effect.gen(function* () {
      const server = yield* openEmbeddedTemporal({
        ...(args.file === undefined ? {} : { file: resolve(terminal.cwd, args.file) }),
        namespaces: args.namespaces,
        searchAttributes,
        host: flags["host"] ?? "127.0.0.1",
        port,
        expose: flags["expose"] === "true",
        auth: args.auth === "none" ? "none" : { key },
        logger: (level, message, attributes) => {
          if (levels.indexOf(level) < least) return
          const entry = { time: new Date().toISOString(), level, message, ...attributes }
          terminal.err(`${JSON.stringify(entry)}\n`)
        }
      })
      const shown = args.auth === "key" && !isGiven ? server.apiKey : undefined
      if (context.json)
        terminal.out(
          `${JSON.stringify({ event: "ready", address: server.address, namespaces: ["default", ...args.namespaces], ...(shown === undefined ? {} : { apiKey: shown }), pid: process.pid })}\n`
        )
      else {
        terminal.out(`Temporal listens on ${server.address}\n`)
        if (args.auth === "key")
          terminal.err(
            `${shown === undefined ? "Callers need the key in TEMPORAL_API_KEY." : `Callers need the key ${paint(terminal.color.err, "bold", shown)}`}
  temporal --address ${server.address} --tls=false --api-key ${shown ?? '"$TEMPORAL_API_KEY"'} workflow list
`
          )
      }
      yield* Effect.raceFirst(
        context.stopRequested,
        Effect.flatMap(
          Effect.promise(() => server.failure),
          (error) => Effect.fail(error)
        )
      )
    })
  )
  return Code.ok
})
