/**
 * Starts real PostgreSQL, Redis and Temporal on free ports of 127.0.0.1, in a temporary folder, runs a command with
 * their addresses in its environment, and stops everything when it ends, however it ends.
 *
 *     node scripts/services.ts                    runs the tests that need them
 *     node scripts/services.ts test/layers/x      ... only these
 *     node scripts/services.ts -- <command>       runs any command
 *
 * COMPOZY_SERVICES=postgres,redis narrows it on purpose; COMPOZY_SERVICES_CACHE is the folder that a Temporal CLI is
 * kept in (default node_modules/.cache/compozy-services).
 */
import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { makeCertificates } from "./services/Certificates.ts"
import { startPostgres } from "./services/Postgres.ts"
import { MissingTool, type Service } from "./services/Process.ts"
import { startRedis } from "./services/Redis.ts"
import { startTemporal } from "./services/Temporal.ts"

const NAMES = ["postgres", "redis", "temporal"] as const
type Name = (typeof NAMES)[number]

const isName = (name: string): name is Name => NAMES.some((known) => known === name)

const root = fileURLToPath(new URL("..", import.meta.url))
const say = (text: string) => process.stderr.write(`services: ${text}\n`)

const wantedServices = (): ReadonlyArray<Name> => {
  const value = process.env["COMPOZY_SERVICES"]
  if (value === undefined || value.trim() === "") return NAMES
  return value.split(",").map((name) => {
    const trimmed = name.trim()
    if (isName(trimmed)) return trimmed
    throw new Error(`COMPOZY_SERVICES names "${trimmed}"; it takes ${NAMES.join(", ")}`)
  })
}

const commandOf = (args: ReadonlyArray<string>): readonly [string, ReadonlyArray<string>] => {
  const [first, command, ...rest] = args
  if (first === "--") {
    if (command === undefined) throw new Error("there is no command after --")
    return [command, rest]
  }
  return [
    process.execPath,
    [join(root, "node_modules/vitest/vitest.mjs"), "run", "-c", "vitest.services.config.ts", ...args]
  ]
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const

const main = async (): Promise<number> => {
  const wanted = wantedServices()
  const [command, args] = commandOf(process.argv.slice(2))
  const folder = mkdtempSync(join(tmpdir(), "compozy-services-"))
  // PostgreSQL runs as a user of its own below it.
  chmodSync(folder, 0o711)
  const services: Array<Service> = []
  let child: ChildProcess | undefined
  let stopped = false
  const onSignal = (signal: NodeJS.Signals) => {
    stopped = true
    child?.kill(signal)
  }
  for (const signal of signals) process.on(signal, onSignal)
  try {
    const certificates = makeCertificates(folder)
    const cache = process.env["COMPOZY_SERVICES_CACHE"] ?? join(root, "node_modules/.cache/compozy-services")
    const starts = {
      postgres: () => startPostgres(folder, certificates),
      redis: () => startRedis(folder, certificates),
      temporal: () => startTemporal(cache, say)
    }
    const results = await Promise.allSettled(wanted.map((name) => starts[name]()))
    let failed = false
    for (const result of results) {
      if (result.status === "fulfilled") {
        services.push(result.value)
        say(`${result.value.name} is ready`)
      } else {
        failed = true
        const { reason } = result
        say(reason instanceof MissingTool ? `cannot run: ${reason.message}` : String(reason))
      }
    }
    if (failed) {
      say(
        `COMPOZY_SERVICES leaves some out on purpose, e.g. COMPOZY_SERVICES=${services.length > 0 ? services.map(({ name }) => name.toLowerCase().replace("postgresql", "postgres")).join(",") : "redis"}`
      )
      return 1
    }
    if (stopped) return 130
    const environment = Object.assign({}, ...services.map((service) => service.environment), {
      COMPOZY_SERVICES: wanted.join(","),
      COMPOZY_SERVICES_CA: certificates.ca
    })
    child = spawn(command, [...args], {
      cwd: process.cwd(),
      stdio: "inherit",
      env: { ...process.env, ...environment }
    })
    const [code, signal] = await once(child, "exit")
    return typeof code === "number" ? code : signal === "SIGINT" ? 130 : 1
  } finally {
    await Promise.allSettled(services.map((service) => service.stop()))
    rmSync(folder, { recursive: true, force: true })
    for (const signal of signals) process.off(signal, onSignal)
  }
}

try {
  process.exitCode = await main()
} catch (cause) {
  say(cause instanceof Error ? cause.message : String(cause))
  process.exitCode = 1
}
