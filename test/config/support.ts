/** A temporary project for each test, loaded as the CLI loads it: by Node itself (`vitest.config.ts` says so). */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { onTestFinished } from "vitest"

const repository = fileURLToPath(new URL("../../", import.meta.url))

export * as config from "../../src/Config.ts"

/**
 * The built package, as a project's own copy is. Node does not load `src` in a test: coverage tells scripts apart by
 * their URL only, and a file loaded both by the runner and by Node would count lines of neither.
 */
export const builtPackage = join(repository, "dist/index.js")

/** The files of a project by their paths; the value is the content. */
export type Files = { readonly [path: string]: string }

/** A folder that is removed when the test ends. */
export const temporaryFolder = (): string => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "compozy-config-")))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes files into a folder of their own; `compozy` and `effect` are installed in it unless `packages` says else. */
export const project = (
  files: Files,
  packages: ReadonlyArray<"compozy" | "effect"> = ["compozy", "effect"]
): string => {
  const root = temporaryFolder()
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const modules = join(root, "node_modules")
  mkdirSync(modules, { recursive: true })
  if (packages.includes("effect"))
    symlinkSync(join(repository, "node_modules/effect"), join(modules, "effect"))
  if (packages.includes("compozy")) {
    mkdirSync(join(modules, "compozy"))
    writeFileSync(
      join(modules, "compozy/package.json"),
      `{ "name": "compozy", "type": "module", "exports": "./index.js" }`
    )
    writeFileSync(join(modules, "compozy/index.js"), `export * from "${pathToFileURL(builtPackage).href}"\n`)
  }
  return root
}

/** Hides what differs from run to run: the folder of the project. */
export const anonymous = (text: string, root: string): string => text.replaceAll(root, "<project>")

/** The message of what an effect fails with. */
export const failure = async (
  effect: Effect.Effect<unknown, { readonly message: string }>,
  root: string
): Promise<string> => {
  const result = await Effect.runPromise(Effect.result(effect))
  if (Result.isSuccess(result)) throw new Error("It was expected to fail, and did not.")
  return anonymous(result.failure.message, root)
}
