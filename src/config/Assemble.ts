/** Builds the settings from the resolved values of the single keys. */
import { type EffectiveModes, modeOf } from "./EffectiveMode.ts"
import { appliesIn } from "./Key.ts"
import { keys, optionalGroups, sections } from "./Keys.ts"
import type { ResolvedValue } from "./Reading.ts"
import type { Settings } from "./Settings.ts"

interface Tree {
  [name: string]: unknown
}

const groupOf = (path: string): string => path.slice(0, path.lastIndexOf("."))

const place = (tree: Tree, path: string, value: unknown): void => {
  const parts = path.split(".")
  const last = parts.pop() ?? ""
  let node: Tree = tree
  for (const part of parts) {
    node[part] ??= {}
    // Every prefix of a key is a group: the registry has no key that is another's prefix.
    node = node[part] as Tree
  }
  node[last] = value
}

/** Builds the settings: one object a section, the members of the unions by the effective modes. */
export const assemble = (
  values: ReadonlyMap<string, ResolvedValue>,
  modes: EffectiveModes,
  project: {
    readonly name: string
    readonly root: string
    readonly file: string | undefined
    readonly dataDir: string
  }
): Settings => {
  const { file, ...always } = project
  const tree: Tree = { mode: modes.global.mode, ...always, ...(file === undefined ? {} : { file }) }
  for (const { name } of sections) tree[name] = {}
  for (const component of ["database", "redis", "temporal"] as const) {
    place(tree, `${component}.mode`, modes[component].mode)
  }
  place(tree, "database.driver", modes.database.mode === "distributed" ? "postgres" : "sqlite")
  const settled = new Set(["mode", "name", "database.driver", "redis.mode", "temporal.mode"])
  for (const key of keys) {
    const resolved = values.get(key.path)
    if (settled.has(key.path) || resolved === undefined || !appliesIn(key, modeOf(modes, key.component)))
      continue
    const activator = optionalGroups.get(groupOf(key.path))
    if (activator === undefined || values.has(activator)) place(tree, key.path, resolved.value)
  }
  // The type is made from the registry that this loop walks, and every value was read in the form of its key.
  return tree as unknown as Settings
}
