/** A PostgreSQL server in a temporary folder. */
import { execFileSync } from "node:child_process"
import { chmodSync, chownSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import type { Certificates } from "./Certificates.ts"
import { freePort, MissingTool, output, type Service, start, stop, untilListening } from "./Process.ts"

const USER = "compozy"
const PASSWORD = "compozy-test"

/** Starts it with TLS, one user with a password, and one database. */
export const startPostgres = async (folder: string, certificates: Certificates): Promise<Service> => {
  const binaries = output("pg_config", "--bindir")
  if (binaries === undefined) {
    throw new MissingTool(
      "the PostgreSQL tests need PostgreSQL: apt-get install postgresql (pg_config names its folder)"
    )
  }
  // initdb and postgres refuse to run as root.
  const asRoot = process.getuid?.() === 0
  const as = (command: string, ...args: ReadonlyArray<string>): [string, ReadonlyArray<string>] =>
    asRoot ? ["runuser", ["-u", "postgres", "--", command, ...args]] : [command, args]
  const uid = asRoot ? Number(output("id", "-u", "postgres") ?? Number.NaN) : 0
  const gid = asRoot ? Number(output("id", "-g", "postgres") ?? Number.NaN) : 0
  if (Number.isNaN(uid))
    throw new MissingTool("root cannot run PostgreSQL and there is no user postgres to run it as")

  const home = join(folder, "postgres")
  const data = join(home, "data")
  const own = (path: string) => {
    if (asRoot) chownSync(path, uid, gid)
  }
  mkdirSync(home, { mode: 0o700 })
  own(home)
  const passwordFile = join(home, "password")
  writeFileSync(passwordFile, PASSWORD, { mode: 0o600 })
  own(passwordFile)
  for (const [from, to] of [
    [certificates.cert, "server.crt"],
    [certificates.key, "server.key"]
  ] as const) {
    copyFileSync(from, join(home, to))
    chmodSync(join(home, to), 0o600)
    own(join(home, to))
  }
  const run = (command: string, ...args: ReadonlyArray<string>) => {
    const [file, rest] = as(join(binaries, command), ...args)
    execFileSync(file, [...rest], { stdio: ["ignore", "ignore", "pipe"], cwd: "/" })
  }
  run(
    "initdb",
    "--no-sync",
    "-A",
    "scram-sha-256",
    "--pwfile",
    passwordFile,
    "-U",
    USER,
    "-E",
    "UTF8",
    "-D",
    data
  )

  const port = await freePort()
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: home,
    ssl: "on",
    ssl_cert_file: join(home, "server.crt"),
    ssl_key_file: join(home, "server.key")
  }
  const [file, args] = as(
    join(binaries, "postgres"),
    "-D",
    data,
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])
  )
  const child = start(file, args)
  const service: Service = {
    name: "PostgreSQL",
    environment: {
      COMPOZY_DATABASE_URL: `postgresql://${USER}:${PASSWORD}@127.0.0.1:${port}/compozy`,
      COMPOZY_SERVICES_POSTGRES_DATA: data
    },
    stop: async () => {
      if (child.exitCode === null) run("pg_ctl", "stop", "-D", data, "-m", "immediate")
      await stop(child)
    }
  }
  try {
    await untilListening(child, port)
    // It listens before it lets anybody in.
    while (output(join(binaries, "pg_isready"), "-h", "127.0.0.1", "-p", String(port)) === undefined) {
      if (child.exitCode !== null) throw new Error("PostgreSQL ended while it was starting")
      await delay(25)
    }
    execFileSync(join(binaries, "createdb"), ["-h", "127.0.0.1", "-p", String(port), "-U", USER, "compozy"], {
      env: { ...process.env, PGPASSWORD: PASSWORD },
      stdio: ["ignore", "ignore", "pipe"]
    })
  } catch (cause) {
    await service.stop()
    throw cause
  }
  return service
}
