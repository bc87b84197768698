/**
 * How a command finds the running server of its very config.
 *
 * A server leaves its address, pid and a random key in a file that only its user can read: under `.compozy/` where the
 * project keeps state there, and otherwise in the user's runtime folder, keyed by the config's path. A command proves
 * the server before it says anything to it: the server must answer a random challenge with the key, so that another
 * program on that port, or the server of another config, is never used.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto"
import { open, readFile, rename, rm, stat } from "node:fs/promises"
import { tmpdir, userInfo } from "node:os"
import { dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Settings } from "../config/Settings.ts"
import { type DataDirectoryFailed, makeDataDirectory, makePrivateDirectory } from "./DataDirectory.ts"

/** The path that answers the challenge. */
export const challengePath = "/.well-known/compozy"

/** What the file says. */
export const ServerRecord = Schema.Struct({
  format: Schema.Literal(1),
  pid: Schema.Int,
  url: Schema.String.check(
    Schema.isPattern(/^http:\/\/(127\.\d+\.\d+\.\d+|\[::1\]|\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+\]):\d+$/)
  ),
  key: Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/)),
  /** The config file, or the folder where there is none. */
  project: Schema.String,
  mode: Schema.String,
  startedAt: Schema.String
})
/** What the file says. */
export type ServerRecord = typeof ServerRecord.Type

const Text = Schema.fromJsonString(ServerRecord)

/** What identifies a project: its config file, or its folder where there is none. */
export const projectOf = (settings: Pick<Settings, "file" | "root">): string => settings.file ?? settings.root

/** The folder for files that live as long as the user is logged in. */
export const runtimeDirectory = (
  environment: Readonly<Record<string, string | undefined>> = process.env
): string => {
  const given = environment["XDG_RUNTIME_DIR"]
  if (given !== undefined && given !== "") return join(given, "compozy")
  const uid = process.getuid?.()
  return join(tmpdir(), `compozy-${uid === undefined ? userInfo().username : uid}`)
}

const keepsState = (settings: Settings): boolean =>
  settings.database.mode === "persistent" ||
  settings.redis.mode === "persistent" ||
  settings.temporal.mode === "persistent"

const runtimeFile = (settings: Settings) =>
  join(
    runtimeDirectory(),
    `${createHash("sha256").update(projectOf(settings)).digest("hex").slice(0, 32)}.json`
  )

const dataFile = (settings: Settings) => join(settings.dataDir, "server.json")

/** The answer to a challenge: proves that one has the key, for this project and this nonce only. */
export const answerChallenge = (key: string, project: string, nonce: string): string =>
  createHmac("sha256", Buffer.from(key, "hex")).update(`compozy\0${project}\0${nonce}`).digest("hex")

/** A nonce as `answerChallenge` and the server accept it. */
export const isNonce = (text: string): boolean => /^[0-9a-f]{32,128}$/.test(text)

const write = async (path: string, record: ServerRecord): Promise<void> => {
  const temporary = `${path}.${process.pid}`
  const file = await open(temporary, "w", 0o600)
  try {
    await file.chmod(0o600)
    await file.writeFile(JSON.stringify(record))
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}

const readRecord = (path: string): Effect.Effect<ServerRecord | undefined> =>
  Effect.tryPromise(async () => {
    const info = await stat(path)
    const uid = process.getuid?.()
    if (uid !== undefined && (info.uid !== uid || (info.mode & 0o077) !== 0)) throw new Error("not private")
    return readFile(path, "utf8")
  }).pipe(
    Effect.flatMap(Schema.decodeUnknownEffect(Text)),
    Effect.orElseSucceed(() => undefined)
  )

const remove = (path: string) => Effect.ignore(Effect.tryPromise(() => rm(path, { force: true })))

/**
 * Announces a server until the scope closes.
 *
 * @param settings whose server it is
 * @param url its address
 * @returns the key that its challenges are answered with
 */
export const announceServer: (
  settings: Settings,
  url: string
) => Effect.Effect<ServerRecord, DataDirectoryFailed, Scope.Scope> = Effect.fnUntraced(
  function* (settings, url) {
    const path = keepsState(settings) ? dataFile(settings) : runtimeFile(settings)
    yield* keepsState(settings) ? makeDataDirectory(settings.dataDir) : makePrivateDirectory(dirname(path))
    const record: ServerRecord = {
      format: 1,
      pid: process.pid,
      url,
      key: randomBytes(32).toString("hex"),
      project: projectOf(settings),
      mode: settings.mode,
      startedAt: new Date().toISOString()
    }
    yield* Effect.acquireRelease(Effect.ignore(Effect.tryPromise(() => write(path, record))), () =>
      // Another server of this config may have put its own file there since.
      Effect.flatMap(readRecord(path), (current) =>
        current?.key === record.key ? remove(path) : Effect.void
      )
    )
    return record
  }
)

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return cause instanceof Error && "code" in cause && cause.code === "EPERM"
  }
}

const Proof = Schema.Struct({ proof: Schema.String })

const prove = (record: ServerRecord, timeout: number): Effect.Effect<boolean> =>
  Effect.tryPromise(async (signal) => {
    const nonce = randomBytes(32).toString("hex")
    const response = await fetch(`${record.url}${challengePath}?nonce=${nonce}`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
      redirect: "error"
    })
    const body = Schema.decodeUnknownSync(Proof)(await response.json())
    const expected = Buffer.from(answerChallenge(record.key, record.project, nonce))
    const given = Buffer.from(body.proof)
    return given.length === expected.length && timingSafeEqual(given, expected)
  }).pipe(Effect.orElseSucceed(() => false))

/**
 * Finds the running server of a config.
 *
 * @param settings of the config
 * @param options `timeout` in milliseconds for the server's proof (default 2,000)
 * @returns its record, or `undefined` when there is none; a stale file is removed
 */
export const findServer: (
  settings: Settings,
  options?: { readonly timeout?: number }
) => Effect.Effect<ServerRecord | undefined> = Effect.fnUntraced(function* (settings, options) {
  for (const path of [dataFile(settings), runtimeFile(settings)]) {
    const record = yield* readRecord(path)
    if (record === undefined || record.project !== projectOf(settings)) continue
    if (!isAlive(record.pid)) {
      yield* remove(path)
      continue
    }
    if (yield* prove(record, options?.timeout ?? 2000)) return record
  }
  return undefined
})
