/** `compozy embedded redis`: the Redis alone, for any client and for `redis-cli`. */
import { resolve } from "node:path"
import * as Effect from "effect/Effect"
import * as Deferred from "effect/Deferred"
import * as Redacted from "effect/Redacted"
import { loadEngine } from "../../layers/redis/LoadEngine.ts"
import { type ExitCode, ExitCode as Code } from "../ExitCode.ts"
import { UsageError } from "../Report.ts"
import { type CommandContext, paint, printable } from "../Terminal.ts"
import { levels, portOf } from "./EmbeddedFlags.ts"

/** What the command is given besides the settings that it shares with others: `--host`, `--port`, `--expose`. */
export interface EmbeddedRedisArguments {
  /** The folder that keeps the data; memory without one. */
  readonly dir: string | undefined
  /** What clients must AUTH with; a random one without. */
  readonly password: string | undefined
  readonly auth: "none" | "password"
  /** The Unix socket to listen on too. */
  readonly unixSocket: string | undefined
  readonly appendfsync: "always" | "everysec" | "no"
  /** Repairs the folder instead of serving it. */
  readonly repair: boolean
}

/** The port of the official server. */
const defaultPort = 6379

const check = (args: EmbeddedRedisArguments): Effect.Effect<void, UsageError> => {
  if (args.auth === "none" && args.password !== undefined)
    return Effect.fail(new UsageError({ message: "--password and --auth none contradict each other." }))
  if (args.password === "") return Effect.fail(new UsageError({ message: "--password is empty." }))
  if (args.repair && args.dir === undefined)
    return Effect.fail(new UsageError({ message: "--repair needs --dir, the folder to repair." }))
  return Effect.void
}

const repairFolder = Effect.fnUntraced(function* (context: CommandContext, dir: string) {
  const { repair } = yield* loadEngine
  const { findings, keys, originals } = yield* Effect.tryPromise({
    try: () => repair(dir),
    catch: (error) => error
  })
  const { terminal } = context
  if (context.json) {
    terminal.out(
      `${JSON.stringify({ event: "repaired", dir, keys, originals: originals ?? null, findings })}\n`
    )
    return
  }
  if (findings.length === 0) {
    terminal.out(`Nothing is damaged in ${printable(dir)}.\n`)
    return
  }
  for (const { why, bytes } of findings) terminal.err(`${printable(why)} ${bytes} bytes were left out.\n`)
  terminal.out(
    `Repaired ${printable(dir)}: ${keys} keys are left. The damaged files are in ${printable(originals ?? "")}\n`
  )
})

/** Serves until it is asked to stop, by a signal or by SHUTDOWN. */
export const serveRedis = Effect.fnUntraced(function* (
  context: CommandContext,
  args: EmbeddedRedisArguments
): Effect.fn.Return<ExitCode, unknown> {
  const { flags, terminal } = context
  yield* check(args)
  const dir = args.dir === undefined ? undefined : resolve(terminal.cwd, args.dir)
  if (args.repair && dir !== undefined) {
    yield* repairFolder(context, dir)
    return Code.ok
  }
  const port = yield* portOf(flags["port"], defaultPort)
  const least = levels.findIndex((level) => level === (flags["log-level"] ?? "warn"))
  const { EmbeddedRedis } = yield* loadEngine
  const shutdown = yield* Deferred.make<void>()
  yield* Effect.scoped(
    Effect.gen(function* () {
      const server = yield* EmbeddedRedis.make({
        ...(dir === undefined ? {} : { persistence: { dir, fsync: args.appendfsync } }),
        onShutdown: () => void Deferred.doneUnsafe(shutdown, Effect.void),
        logger: (level, message) => {
          if (levels.indexOf(level) < least) return
          terminal.err(`${JSON.stringify({ time: new Date().toISOString(), level, message })}\n`)
        }
      })
      const tcp = yield* server.listen({
        host: flags["host"],
        port,
        expose: flags["expose"] === "true",
        password: args.auth === "none" ? false : args.password
      })
      const password = tcp.password === undefined ? undefined : Redacted.value(tcp.password)
      if (args.unixSocket !== undefined) {
        const unixSocket = resolve(terminal.cwd, args.unixSocket)
        yield* server.listen({ unixSocket, password: password ?? false })
      }
      const shown = args.password === undefined ? password : undefined
      if (context.json) {
        const event = {
          event: "ready",
          host: tcp.host,
          port: tcp.port,
          ...(args.unixSocket === undefined ? {} : { unixSocket: resolve(terminal.cwd, args.unixSocket) }),
          ...(shown === undefined ? {} : { password: shown }),
          pid: process.pid
        }
        terminal.out(`${JSON.stringify(event)}\n`)
      } else {
        const also =
          args.unixSocket === undefined ? "" : ` and ${printable(resolve(terminal.cwd, args.unixSocket))}`
        terminal.out(`Redis listens on ${tcp.host}:${tcp.port}${also}\n`)
        if (shown !== undefined) {
          terminal.err(
            `Clients need the password ${paint(terminal.color.err, "bold", shown)}\n  redis-cli -h ${tcp.host} -p ${tcp.port} -a ${shown}\n`
          )
        }
      }
      yield* Effect.raceFirst(context.stopRequested, Deferred.await(shutdown))
    })
  )
  return Code.ok
})
