/** Names in a config that are no keys: what was meant, or what became of a setting of the original. */
import { keys } from "./Keys.ts"
import { type UnknownName, isRecord } from "./Literal.ts"
import { type Original, originalExtras, originals } from "./Originals.ts"
import { nearest } from "./Suggest.ts"
import type { Finding } from "./Wording.ts"

const byPath: ReadonlyMap<string, Original> = new Map(
  [...originals, ...originalExtras].map((original) => [original[0], original])
)
const originalPaths = [...byPath.keys()]

const ofOriginal = ([path, fate, now]: Original, name: UnknownName): Finding =>
  fate === "renamed" || fate === "kept"
    ? {
        problem: {
          code: "COMPOZY_CONFIG_RENAMED_KEY",
          key: name.path,
          message: `${path} is called ${now} here.`,
          fix: `write ${now}`
        },
        at: name.at,
        target: "name"
      }
    : {
        problem: {
          code: "COMPOZY_CONFIG_DROPPED_KEY",
          key: name.path,
          message: fate === "later" ? `${path} is not a setting yet.` : `${path} is not a setting any more.`,
          fix: `remove it: ${now}`
        },
        at: name.at,
        target: "name"
      }

const siblings = (path: string): ReadonlyArray<string> => {
  const at = path.lastIndexOf(".")
  const prefix = at < 0 ? "" : path.slice(0, at + 1)
  const names = keys
    .filter((key) => key.path.startsWith(prefix))
    .map((key) => key.path.slice(prefix.length).split(".")[0] ?? "")
  return [...new Set(prefix === "" ? [...names, "workflows", "layer", "modes"] : names)]
}

const unknown = (name: UnknownName): Finding => {
  const at = name.path.lastIndexOf(".")
  const own = name.path.slice(at + 1)
  const prefix = name.path.slice(0, at + 1)
  const names = siblings(name.path)
  const near = nearest(own, names)
  // A key of another section, written one level too high or too low.
  const elsewhere = near === undefined ? keys.find((key) => key.path.endsWith(`.${own}`))?.path : undefined
  return {
    problem: {
      code: "COMPOZY_CONFIG_UNKNOWN_KEY",
      key: name.path.slice(0, 200),
      message: `There is no setting ${name.path.slice(0, 200)}.`,
      fix:
        near !== undefined
          ? `did you mean ${prefix}${near}?`
          : elsewhere !== undefined
            ? `did you mean ${elsewhere}?`
            : names.length === 0
              ? "remove it"
              : `remove it; there are ${names.join(", ")}`
    },
    at: name.at,
    target: "name"
  }
}

/** What is known of a name that is no key: a section of the original is reported setting by setting. */
export const unknownName = (name: UnknownName, depth = 0): ReadonlyArray<Finding> => {
  const original = byPath.get(name.path)
  if (original !== undefined) return [ofOriginal(original, name)]
  if (depth < 4 && isRecord(name.value) && originalPaths.some((path) => path.startsWith(`${name.path}.`))) {
    return Object.entries(name.value)
      .filter(([, value]) => value !== undefined)
      .slice(0, 100)
      .flatMap(([own, value]) =>
        unknownName({ path: `${name.path}.${own}`, at: [...name.at, own], value }, depth + 1)
      )
  }
  return [unknown(name)]
}
