/** Where the workflow bundle is that was built with the package. */
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const isPackageRoot = (folder: string): boolean => {
  const file = join(folder, "package.json")
  if (!existsSync(file)) return false
  const content: unknown = JSON.parse(readFileSync(file, "utf8"))
  return typeof content === "object" && content !== null && "name" in content && content.name === "compozy"
}

/**
 * The path of `dist/workflow-bundle.js`, found upwards from this file.
 *
 * @throws Error when the package is not built
 *
 * @example
 * ```ts
 * import { workflowBundlePath } from "./WorkflowBundle.ts"
 *
 * workflowBundlePath().endsWith("workflow-bundle.js") // => true
 * ```
 */
export const workflowBundlePath = (): string => {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!isPackageRoot(folder)) {
    const parent = dirname(folder)
    if (parent === folder) throw new Error("the package compozy was not found around its own files")
    folder = parent
  }
  const path = join(folder, "dist", "workflow-bundle.js")
  if (!existsSync(path)) throw new Error(`${path} is missing: build the package (npm run build)`)
  return path
}
