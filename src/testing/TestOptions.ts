/** How a test's stack is set up: its mode, its folder, and what keeps it apart from every other one. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { keys } from "../config/Keys.ts"
import type { ModeDefinition } from "../config/Definition.ts"
import type { Services } from "../config/ModeConfig.ts"
import type { ConfigInvalid } from "../config/Problem.ts"
import { resolveConfig, type ResolvedConfig } from "../config/Resolve.ts"
import type { LayerError } from "../layers/LayerError.ts"
import { Mode } from "../Mode.ts"
import { type DataDirectoryFailed, makeDataDirectory } from "../runtime/DataDirectory.ts"
import { isolationOf } from "./Isolation.ts"

/** How to set up a test's stack. */
export interface TestOptions {
  /**
   * Where state lives. Default: `COMPOZY_TEST_MODE`, else `memory`. In `distributed` mode the connections come from the
   * environment (`COMPOZY_DATABASE_URL`, `REDIS_URL`, `TEMPORAL_HOST_PORT` ...) or the config.
   */
  readonly mode?: Mode
  /**
   * The folder that the state belongs to: a second stack with the same one finds what the first one left. In persistent
   * mode its files are there; in distributed mode its path names what is kept in the services. Default: a folder of
   * its own, deleted with all state when the stack is closed.
   */
  readonly directory?: string
  /**
   * Whether tasks that sleep, retry or wait until a timeout take no time: the engine's clock is put forward while a
   * result is waited for and nothing runs. In memory and persistent mode. Default: false, real time.
   */
  readonly timeSkipping?: boolean
  /** Gives the services that the workflows list, in place of the config's `layer`. */
  readonly layer?: Layer.Layer<never, unknown, Services>
}

/** `COMPOZY_TEST_MODE` names no mode. */
export class TestModeInvalid extends Schema.TaggedError<TestModeInvalid>()("TestModeInvalid", {
  value: Schema.String
}) {
  readonly code = "COMPOZY_TEST_MODE_INVALID"
  readonly isRetryable = false
  override get message(): string {
    return `COMPOZY_TEST_MODE is "${this.value}"; it has to be memory, persistent or distributed, or not set.`
  }
}

/** What setting up a test's stack may fail with, before anything is started. */
export type TestSetupError = ConfigInvalid | DataDirectoryFailed | LayerError | TestModeInvalid

const isMode = Schema.is(Mode)

const modeOf = (options: TestOptions): Effect.Effect<Mode, TestModeInvalid> => {
  if (options.mode !== undefined) return Effect.succeed(options.mode)
  const value = process.env["COMPOZY_TEST_MODE"]
  if (value === undefined || value === "") return Effect.succeed("memory")
  return isMode(value) ? Effect.succeed(value) : Effect.fail(new TestModeInvalid({ value }))
}

const own = new Set(keys.flatMap((key) => key.env.map((variable) => variable.name)))

/** The environment without what sets up Compozy: a shell that works with a server must not change a test. */
const withoutSettings = (): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !own.has(name) && !own.has(name.replace(/_FILE$/, "")))
  )

const temporaryFolder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "compozy-test-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

/** Resolves a config for a test, in a folder of its own or the given one. */
export const setup: (
  config: ModeDefinition | undefined,
  options: TestOptions
) => Effect.Effect<ResolvedConfig, TestSetupError, Scope.Scope> = Effect.fnUntraced(
  function* (config, options) {
    const mode = yield* modeOf(options)
    const root = options.directory ?? (yield* temporaryFolder)
    const isolation = isolationOf(mode === "distributed", options.directory)
    const resolved = yield* resolveConfig(config, {
      root,
      env: mode === "distributed" ? process.env : withoutSettings(),
      flags: { mode, ...isolation.flags }
    })
    if (mode === "persistent") yield* makeDataDirectory(resolved.settings.dataDir)
    const settings = yield* isolation.apply(resolved.settings)
    return { ...resolved, settings }
  }
)
