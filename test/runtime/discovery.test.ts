import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Scope } from "effect"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { resolveConfig } from "../../src/config/Resolve.ts"
import type { Settings } from "../../src/config/Settings.ts"
import {
  announceServer,
  answerChallenge,
  findServer,
  type ServerRecord
} from "../../src/runtime/Discovery.ts"

let folder: string
let before: string | undefined
let scope: Scope.Closeable
const servers: Array<Server> = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "compozy-discovery-"))
  before = process.env["XDG_RUNTIME_DIR"]
  process.env["XDG_RUNTIME_DIR"] = join(folder, "run")
  scope = await Effect.runPromise(Scope.make())
})

afterEach(async () => {
  await Effect.runPromise(Scope.close(scope, Exit.void))
  for (const server of servers.splice(0)) server.close().closeAllConnections()
  if (before === undefined) delete process.env["XDG_RUNTIME_DIR"]
  else process.env["XDG_RUNTIME_DIR"] = before
  await rm(folder, { recursive: true, force: true })
})

const settingsOf = (mode: string, project = "project"): Promise<Settings> =>
  Effect.runPromise(
    Effect.map(
      resolveConfig(undefined, { root: join(folder, project), flags: { mode } }),
      ({ settings }) => settings
    )
  )

/** Answers challenges as a server with that key and project would. */
const listen = async (record: () => Pick<ServerRecord, "key" | "project">) => {
  const server = createServer((request, response) => {
    const nonce = new URL(request.url ?? "", "http://x").searchParams.get("nonce") ?? ""
    const { key, project } = record()
    response.end(JSON.stringify({ proof: answerChallenge(key, project, nonce) }))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address() as AddressInfo
  return `http://127.0.0.1:${address.port}`
}

const announce = async (settings: Settings) => {
  let record: ServerRecord | undefined
  const url = await listen(() => record ?? { key: "", project: "" })
  record = await Effect.runPromise(Scope.provide(announceServer(settings, url), scope))
  return record
}

const find = (settings: Settings) => Effect.runPromise(findServer(settings))

describe("a running server", () => {
  it.each(["memory", "persistent"])("is found by commands of its config in %s mode", async (mode) => {
    const settings = await settingsOf(mode)
    const record = await announce(settings)
    expect(await find(settings)).toEqual(record)
  })

  it("is found whatever mode the command was started in", async () => {
    const record = await announce(await settingsOf("persistent"))
    expect(await find(await settingsOf("memory"))).toEqual(record)
  })

  it("is not found by another config", async () => {
    await announce(await settingsOf("memory"))
    expect(await find(await settingsOf("memory", "other"))).toBeUndefined()
  })

  it("tells its key to nobody but its user, and takes the file with it", async () => {
    const settings = await settingsOf("persistent")
    await announce(settings)
    const file = join(settings.dataDir, "server.json")
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    await Effect.runPromise(Scope.close(scope, Exit.void))
    await expect(stat(file)).rejects.toThrow("ENOENT")
  })

  it("keeps the file out of the project in memory mode", async () => {
    const settings = await settingsOf("memory")
    await announce(settings)
    expect(await readdir(join(folder, "run", "compozy"))).toHaveLength(1)
    await expect(stat(settings.dataDir)).rejects.toThrow("ENOENT")
  })
})

describe("a foreign server", () => {
  it("is not used when it cannot prove that it has the key", async () => {
    const settings = await settingsOf("persistent")
    const record = await announce(settings)
    const foreign = await listen(() => ({ key: "0".repeat(64), project: record.project }))
    const file = join(settings.dataDir, "server.json")
    await writeFile(file, JSON.stringify({ ...record, url: foreign }))
    expect(await find(settings)).toBeUndefined()
  })

  it("is not used when others can write the file", async () => {
    const settings = await settingsOf("persistent")
    await announce(settings)
    await chmod(join(settings.dataDir, "server.json"), 0o666)
    expect(await find(settings)).toBeUndefined()
  })
})

it("removes the file of a server that was killed", async () => {
  const settings = await settingsOf("persistent")
  const record = await announce(settings)
  const file = join(settings.dataDir, "server.json")
  const { spawnSync } = await import("node:child_process")
  const { pid } = spawnSync(process.execPath, ["-e", "0"])
  await writeFile(file, JSON.stringify({ ...record, pid }))
  expect(await find(settings)).toBeUndefined()
  await expect(readFile(file)).rejects.toThrow("ENOENT")
})
