/** Real Redis servers of a test's own, stopped when the scope closes. */
import { Effect, Schedule } from "effect"
import { Redis } from "ioredis"
import type { ChildProcess } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
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

const SLOTS = [
  [0, 5460],
  [5461, 10_922],
  [10_923, 16_383]
] as const

/** A cluster of three masters, put together by hand: `redis-cli --cluster create` takes seconds more. */
export const redisCluster = Effect.gen(function* () {
  const nodes = yield* Effect.forEach(SLOTS, (slots, index) =>
    Effect.gen(function* () {
      const bus = yield* Effect.promise(freePort)
      const server = yield* redisServer(["--cluster-enabled", "yes", "--cluster-port", String(bus)])
      const redis = yield* Effect.acquireRelease(
        Effect.sync(() => new Redis({ host: server.host, port: server.port, enableReadyCheck: false })),
        (redis) => Effect.sync(() => redis.disconnect())
      )
      yield* Effect.promise(async () => {
        await redis.call("CLUSTER", "SET-CONFIG-EPOCH", index + 1)
        await redis.call("CLUSTER", "ADDSLOTSRANGE", ...slots)
      })
      return { ...server, bus, redis }
    })
  )
  const [first, ...others] = nodes
  for (const { bus, host, port } of others) {
    yield* Effect.promise(async () => first?.redis.call("CLUSTER", "MEET", host, port, bus))
  }
  yield* Effect.forEach(nodes, ({ redis }) =>
    Effect.repeat(
      Effect.promise(() => redis.cluster("INFO")),
      {
        until: (info) => /cluster_state:ok/.test(info) && /cluster_slots_ok:16384/.test(info),
        schedule: Schedule.spaced(50)
      }
    )
  )
  return nodes
})
