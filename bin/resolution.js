/**
 * Node asks the disk about each import: does the file exist, where does it really lie, what does the package.json above
 * it say. The command line and effect import each other 1,250 times before anything runs, which is half of what loading
 * them costs. Both are ES modules that name their files in full, so joining the two paths gives the same answer.
 */
import { createRequire, registerHooks } from "node:module"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"

/** Under which `src/config/Hooks.ts` finds the hook to take it away, before packages are loaded that it only slows. */
const key = Symbol.for("compozy/QuickResolution")

const folderUrl = (path) => `${pathToFileURL(path).href}/`

/** Where the effect of this package lies, by its real path, as Node will name it. */
const effectFolder = (root) => {
  try {
    return dirname(createRequire(join(root, "package.json")).resolve("effect"))
  } catch {
    return undefined
  }
}

/**
 * Answers the imports of a built copy of this package and of its effect without a look at the disk.
 *
 * @param {string} root the real path of the package
 */
export const resolveQuickly = (root) => {
  const effect = effectFolder(root)
  const folders = [join(root, "dist"), ...(effect === undefined ? [] : [effect])].map(folderUrl)
  const packages = new Map()
  const hook = registerHooks({
    resolve(specifier, context, next) {
      const parent = context.parentURL
      if (parent === undefined || !folders.some((folder) => parent.startsWith(folder))) {
        return next(specifier, context)
      }
      if (specifier.startsWith("./") || specifier.startsWith("../")) {
        if (!specifier.endsWith(".js") || context.conditions?.includes("require"))
          return next(specifier, context)
        return { url: new URL(specifier, parent).href, format: "module", shortCircuit: true }
      }
      if (!specifier.startsWith("effect/")) return next(specifier, context)
      let found = packages.get(specifier)
      if (found === undefined) {
        found = { ...next(specifier, context), shortCircuit: true }
        packages.set(specifier, found)
      }
      return found
    }
  })
  globalThis[key] = hook
}
