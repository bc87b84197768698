/** All values that the sources have for a key, strongest first, and the one that counts. */
import { isAbsolute, resolve } from "node:path"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { type Variables, readBounded, readEnvironment } from "./Environment.ts"
import type { Found } from "./Found.ts"
import type { Key } from "./Key.ts"
import type { Literal } from "./Literal.ts"
import type { Environment } from "./ModeConfig.ts"
import type { Origin } from "./Origin.ts"

/** What flags set: a key's path and its text, or the value that the flag's parser made of it. */
export type FlagValues = {
  readonly [path: string]: string | number | boolean | ReadonlyArray<string> | undefined
}

/** The sources of one resolution. */
export interface Sources {
  readonly flags: FlagValues
  readonly variables: Variables
  /** The overlay of the effective mode, over the literal itself. */
  readonly literals: ReadonlyArray<Literal>
}

/** The candidates for a key, strongest first. */
export const candidates = (key: Key, sources: Sources): ReadonlyArray<Found> => {
  const found: Array<Found> = []
  const flag = sources.flags[key.path]
  if (flag !== undefined) {
    const origin: Origin = { kind: "flag", name: key.flag ?? key.path }
    found.push({ kind: "value", origin, value: flag })
  }
  found.push(...readEnvironment(key, sources.variables))
  for (const literal of sources.literals) {
    const entry = literal.entries.get(key.path)
    if (entry !== undefined)
      found.push({ kind: "value", origin: { kind: "file", at: entry.at }, value: entry.value })
  }
  return found
}

/** A provider over the merged environment that notes what is asked for, and reads `NAME_FILE` where `NAME` is missing. */
const provider = (
  environment: Environment,
  root: string,
  asked: Array<string>
): ConfigProvider.ConfigProvider => {
  const variables = ConfigProvider.fromEnvRecord({ ...environment })
  return ConfigProvider.make((path) => {
    const name = path.join("_")
    asked.push(name)
    const file = environment[`${name}_FILE`]
    if ((environment[name] ?? "") === "" && file !== undefined && file !== "") {
      const content = readBounded(isAbsolute(file) ? file : resolve(root, file), 65_536)
      if ("text" in content)
        return Effect.succeed(ConfigProvider.makeValue(content.text.replace(/\r?\n$/u, "")))
    }
    return variables.load(path)
  })
}

/** Reads an Effect `Config` that stands in the literal; every other value is given back as it is. */
export const readConfig = Effect.fnUntraced(function* (
  found: Found,
  variables: Variables
): Effect.fn.Return<Found> {
  if (found.kind !== "value" || !Config.isConfig(found.value)) return found
  const asked: Array<string> = []
  const exit = yield* Effect.exit(found.value.parse(provider(variables.merged, variables.root, asked)))
  const names = [...new Set(asked)].filter((name) => name !== "")
  const present = names.filter(
    (name) => (variables.merged[name] ?? "") !== "" || (variables.merged[`${name}_FILE`] ?? "") !== ""
  )
  const origin: Origin =
    found.origin.kind === "file" && names.length > 0
      ? { ...found.origin, variable: present[0] ?? names[0] ?? "" }
      : found.origin
  if (Exit.isSuccess(exit)) return { kind: "value", origin, value: exit.value }
  const wants =
    present.length === 0
      ? `needs the environment variable ${names.join(" or ")}, which is not set`
      : `cannot be read from ${present.join(" and ")}: the variable does not have the form that its Config asks for`
  return {
    kind: "variable",
    origin,
    wants,
    names: present.length === 0 ? names : present,
    present: present.length > 0
  }
})
