/** Finds the config file. */
import { statSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import { ConfigFileError } from "./FileError.ts"

/** The names of a config file; the first one in a folder counts. */
export const configFileNames = [
  "compozy.config.ts",
  "compozy.config.mts",
  "compozy.config.js",
  "compozy.config.mjs"
] as const

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false

const inFolder = (folder: string): string | undefined =>
  configFileNames.map((name) => join(folder, name)).find(isFile)

/**
 * The config file: `file` where it is given (a file or its folder, from `cwd`), else the nearest one in `cwd` or a
 * folder above.
 *
 * @returns The absolute path; none where no folder up to the root has one.
 * Fails with `ConfigFileError` where `file` is given and is not there.
 * @example
 * ```ts
 * import { findConfig } from "compozy"
 *
 * const program = findConfig({ cwd: process.cwd() })
 * ```
 */
export const findConfig = (options: {
  readonly cwd: string
  readonly file?: string
}): Effect.Effect<Option.Option<string>, ConfigFileError> =>
  Effect.suspend(() => {
    if (options.file !== undefined) {
      const path = resolve(options.cwd, options.file)
      const found = isFile(path) ? path : inFolder(path)
      return found === undefined
        ? Effect.fail(
            new ConfigFileError({
              code: "COMPOZY_CONFIG_FILE_NOT_FOUND",
              file: path,
              problem: "There is no config file at this path.",
              fix: `correct the path, or leave --config out to search for ${configFileNames[0]} from the current folder upwards`
            })
          )
        : Effect.succeedSome(found)
    }
    let folder = resolve(options.cwd)
    for (;;) {
      const found = inFolder(folder)
      if (found !== undefined) return Effect.succeedSome(found)
      const parent = dirname(folder)
      if (parent === folder) return Effect.succeedNone
      folder = parent
    }
  })
