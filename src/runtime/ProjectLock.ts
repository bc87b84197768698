/**
 * One process at a time works with a project's `.compozy/`.
 *
 * The lock is SQLite's exclusive lock on `.compozy/lock`: the system's own file lock underneath, which ends with the
 * process however it ends, so that nothing is left behind after `kill -9` and no pid can be mistaken for another
 * process that got the same number. `owner.json` beside it only tells who has it.
 */
import { chmodSync, closeSync, existsSync, openSync } from "node:fs"
import { readFile, rename, rm, writeFile } from "node:fs/promises"
import { hostname } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/** Another process has the folder. */
export class ProjectLocked extends Schema.TaggedError<ProjectLocked>()("ProjectLocked", {
  path: Schema.String,
  pid: Schema.NullOr(Schema.Number),
  host: Schema.NullOr(Schema.String)
}) {
  readonly code = "COMPOZY_PROJECT_LOCKED"
  readonly isRetryable = true
  override get message(): string {
    const where = this.host === null || this.host === hostname() ? "" : ` on ${this.host}`
    const who = this.pid === null ? "another process" : `process ${this.pid}${where}`
    return `${this.path} is in use by ${who}. Stop it first, or work with it: compozy run uses the server that has it.`
  }
}

/** The folder cannot be locked. */
export class ProjectLockFailed extends Schema.TaggedError<ProjectLockFailed>()("ProjectLockFailed", {
  path: Schema.String,
  reason: Schema.String
}) {
  readonly code = "COMPOZY_PROJECT_LOCK"
  readonly isRetryable = false
  override get message(): string {
    return `${this.path} cannot be locked: ${this.reason}.`
  }
}

const Owner = Schema.fromJsonString(
  Schema.Struct({ pid: Schema.Number, host: Schema.String, startedAt: Schema.String })
)

const ownerFile = (directory: string) => join(directory, "owner.json")

const readOwner = (directory: string) =>
  Effect.tryPromise(() => readFile(ownerFile(directory), "utf8")).pipe(
    Effect.flatMap(Schema.decodeUnknownEffect(Owner)),
    Effect.orElseSucceed(() => undefined)
  )

const writeOwner = async (directory: string): Promise<void> => {
  const owner = { pid: process.pid, host: hostname(), startedAt: new Date().toISOString() }
  const temporary = join(directory, `.owner-${process.pid}.json`)
  await writeFile(temporary, JSON.stringify(owner), { mode: 0o600 })
  await rename(temporary, ownerFile(directory))
}

/**
 * SQLite would make the file readable by everybody; its journal has the same permissions as the file. A file that is
 * there is not opened: closing it again would end the lock that this process may have on it.
 */
const makePrivate = (file: string): void => {
  if (existsSync(file)) chmodSync(file, 0o600)
  else closeSync(openSync(file, "a", 0o600))
}

const isBusy = (cause: unknown): boolean =>
  cause instanceof Error && /database is locked|SQLITE_BUSY/i.test(cause.message)

/**
 * Takes the lock of a project's folder until the scope closes.
 *
 * @param directory the folder, which exists
 * @returns fails with `ProjectLocked` (and the pid of the owner) when another process has it
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { lockProject } from "./ProjectLock.ts"
 *
 * const program = Effect.scoped(Effect.andThen(lockProject("/project/.compozy"), Effect.log("mine")))
 * ```
 */
export const lockProject: (
  directory: string
) => Effect.Effect<void, ProjectLocked | ProjectLockFailed, Scope.Scope> = Effect.fnUntraced(
  function* (directory) {
    const { DatabaseSync } = yield* Effect.promise(() => import("node:sqlite"))
    const acquire = Effect.try({
      try: () => {
        const file = join(directory, "lock")
        makePrivate(file)
        const database = new DatabaseSync(file, { timeout: 0 })
        try {
          database.exec("BEGIN EXCLUSIVE")
          return database
        } catch (cause) {
          database.close()
          throw cause
        }
      },
      catch: (cause) => cause
    }).pipe(
      Effect.catch((cause): Effect.Effect<never, ProjectLocked | ProjectLockFailed> =>
        isBusy(cause)
          ? Effect.flatMap(readOwner(directory), (owner) =>
              Effect.fail(
                new ProjectLocked({ path: directory, pid: owner?.pid ?? null, host: owner?.host ?? null })
              )
            )
          : Effect.fail(
              new ProjectLockFailed({
                path: directory,
                reason: cause instanceof Error ? cause.message : String(cause)
              })
            )
      )
    )
    yield* Effect.acquireRelease(
      Effect.tap(acquire, () => Effect.ignore(Effect.tryPromise(() => writeOwner(directory)))),
      (database) =>
        Effect.andThen(
          Effect.ignore(Effect.tryPromise(() => rm(ownerFile(directory), { force: true }))),
          Effect.sync(() => database.close())
        )
    )
  }
)
