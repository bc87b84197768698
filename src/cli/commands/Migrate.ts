/** `compozy migrate up`, `down` and `status`. */
import * as Effect from "effect/Effect"
import type { DatabaseSettings } from "../../config/Settings.ts"
import { makeDataDirectory } from "../../runtime/DataDirectory.ts"
import { lockProject } from "../../runtime/ProjectLock.ts"
import { type ExitCode, ExitCode as Code } from "../ExitCode.ts"
import { loadProject } from "../Project.ts"
import { UsageError } from "../Report.ts"
import { type CommandContext, printJson, printTable } from "../Terminal.ts"

/** What to do with the schema. */
export type MigrateAction = "up" | "down" | "status"

const migratorOf = (settings: DatabaseSettings) =>
  Effect.gen(function* () {
    switch (settings.mode) {
      case "memory":
        return yield* new UsageError({
          message:
            "In memory mode the database begins empty with the newest schema at every start; there is nothing to migrate. Add --mode persistent or --mode distributed."
        })
      case "persistent": {
        const { migrator } = yield* Effect.promise(() => import("../../layers/database/persistent.ts"))
        return yield* migrator(settings)
      }
      case "distributed": {
        const { migrator } = yield* Effect.promise(() => import("../../layers/database/distributed.ts"))
        return yield* migrator(settings)
      }
    }
  })

/** Migrates the database of the config; nothing else may use a file meanwhile. */
export const migrate = (context: CommandContext, action: MigrateAction): Effect.Effect<ExitCode, unknown> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { settings } = yield* loadProject(context)
      if (settings.database.mode === "persistent") {
        yield* makeDataDirectory(settings.dataDir)
        yield* lockProject(settings.dataDir)
      }
      const migrator = yield* migratorOf(settings.database)
      const done = yield* action === "up"
        ? migrator.up
        : action === "down"
          ? migrator.down()
          : migrator.status
      const { terminal } = context
      if (context.json) {
        const migrations = done.map(({ appliedAt, ...rest }) => ({
          ...rest,
          appliedAt: appliedAt === null ? null : new Date(appliedAt).toISOString()
        }))
        printJson(terminal, { action, migrations })
      } else if (done.length === 0) {
        terminal.err(action === "up" ? "The schema is up to date.\n" : "There is nothing to undo.\n")
      } else {
        printTable(
          terminal,
          ["ID", "NAME", "APPLIED"],
          done.map(({ id, name, appliedAt }) => [
            String(id),
            name,
            appliedAt === null
              ? action === "down"
                ? "undone"
                : "pending"
              : new Date(appliedAt).toISOString()
          ])
        )
      }
      return Code.ok
    })
  )
