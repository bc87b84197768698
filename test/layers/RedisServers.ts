/** Real Redis servers of a test's own, stopped when the scope closes. */
import { Effect } from "effect"
import { type ChildProcess, execFile } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { freePort, start, stop, untilListening } from "../../scripts/services/Process.ts"
import { temporaryFolder } from "./TemporaryFolder.ts"

/** A running server. */
export interface RedisServer {
  readonly host: string
  readonly port: number
  readonly process: ChildProcess
}

const launch = (port: number, args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const child = start("redis-server", args)
      await untilListening(child, port)
      return { host: "127.0.0.1", port, process: child }
    }),
    ({ process }) => Effect.promise(() => stop(process, "SIGKILL"))
  )

/** One server; `args` are further arguments of redis-server. */
export const redisServer = Effect.fnUntraced(function* (args: ReadonlyArray<string> = [], port?: number) {
  const folder = yield* temporaryFolder
  const chosen = port ?? (yield* Effect.promise(freePort))
  const common = ["--bind", "127.0.0.1", "--port", String(chosen), "--dir", folder, "--save", ""]
  return yield* launch(chosen, [...common, ...args])
})

/** A sentinel that watches `master` under the name `primary`. */
export const sentinelOf = Effect.fnUntraced(function* (master: RedisServer, password: string) {
  const folder = yield* temporaryFolder
  const port = yield* Effect.promise(freePort)
  const file = join(folder, "sentinel.conf")
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    `sentinel monitor primary ${master.host} ${master.port} 1`,
    `sentinel auth-pass primary ${password}`
  ]
  writeFileSync(file, `${lines.join("\n")}\n`)
  return yield* launch(port, [file, "--sentinel"])
})

const createCluster = Effect.gen(function* () {
  const nodes = yield* Effect.forEach([1, 2, 3], () =>
    Effect.flatMap(Effect.promise(freePort), (bus) =>
      redisServer(["--cluster-enabled", "yes", "--cluster-port", String(bus)])
    )
  )
  const addresses = nodes.map(({ host, port }) => `${host}:${port}`)
  yield* Effect.tryPromise(() =>
    promisify(execFile)("redis-cli", ["--cluster", "create", ...addresses, "--cluster-yes"], {
      timeout: 15_000
    })
  )
  return nodes
})

/** A cluster of three masters. A port that was free may be taken when a node wants it: then it is made anew. */
export const redisCluster = Effect.retry(createCluster, { times: 2 })
