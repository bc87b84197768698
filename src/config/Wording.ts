/** Problems that are reported from more than one place, in the same words. */
import type { Component, ComponentMode, Key } from "./Key.ts"
import type { ConfigProblem } from "./Problem.ts"
import { nearest } from "./Suggest.ts"
import { displayRaw } from "./Value.ts"

/** A problem without its place; `at` is where to look for it in the literal of the config file. */
export interface Finding {
  readonly problem: ConfigProblem
  readonly at?: ReadonlyArray<string>
  /** Whether the place is the name, the value, or the object that lacks it. */
  readonly target?: "name" | "value" | "missing"
}

const guide = "see docs/migration.md"

const shownValue = (key: Key | undefined, value: unknown): { readonly value?: string } => {
  const text = displayRaw(key, value)
  return text === undefined ? {} : { value: text }
}

/** A mode that does not exist, in `mode`, `redis.mode` or `temporal.mode`. */
export const badMode = (key: Key, value: unknown, allowed: ReadonlyArray<string>): ConfigProblem => {
  const name = typeof value === "string" ? value.trim().toLowerCase() : ""
  if (name === "standalone") {
    return {
      code: "COMPOZY_CONFIG_MODE_RETIRED",
      key: key.path,
      ...shownValue(key, value),
      message: `${key.path} "standalone" has been replaced by "memory" and "persistent".`,
      fix: `write "memory" to keep nothing after exit, or "persistent" to keep everything in files under .compozy; ${guide}`
    }
  }
  const translated =
    name === "distributed" && allowed.includes("remote")
      ? "remote"
      : name === "remote" && allowed.includes("distributed")
        ? "distributed"
        : nearest(name, allowed)
  return {
    code: "COMPOZY_CONFIG_MODE_UNKNOWN",
    key: key.path,
    ...shownValue(key, value),
    message: `${key.path} must be ${allowed.slice(0, -1).join(", ")} or ${allowed.at(-1)}.`,
    fix:
      translated === undefined
        ? `write "memory" if nothing has to survive the process`
        : `did you mean "${translated}"?`
  }
}

/** A value that a key cannot take. */
export const badValue = (
  key: Key,
  value: unknown,
  wants: string,
  fix: string | undefined
): ConfigProblem => ({
  code: "COMPOZY_CONFIG_INVALID_VALUE",
  key: key.path,
  ...shownValue(key, value),
  message: `${key.path} must be ${wants}.`,
  fix:
    fix ?? (key.default === undefined ? "correct the value" : `the default is ${JSON.stringify(key.default)}`)
})

const words: { readonly [C in Component]: string } = {
  database: "the database",
  redis: "Redis",
  temporal: "Temporal"
}

/** How a component is brought into a mode, in the config file and by a flag. */
const enter = (
  component: Component,
  mode: ComponentMode
): { readonly key: string; readonly flag: string } => {
  if (component !== "database")
    return { key: `${component}.mode: "${mode}"`, flag: `--${component}-mode ${mode}` }
  const driver = mode === "distributed" ? "postgres" : "sqlite"
  return { key: `database.driver: "${driver}"`, flag: `--db-driver ${driver}` }
}

/** A key that means nothing in the mode of its component; `flag` where a flag set it. */
export const keyOfOtherMode = (
  key: Key,
  component: Component,
  mode: ComponentMode,
  flag: string | undefined
): ConfigProblem => {
  const owners = key.modes ?? []
  const owner = owners.at(-1) ?? "persistent"
  const whole = owner === "remote" ? "distributed" : owner
  const way = enter(component, owner)
  return {
    code: "COMPOZY_CONFIG_KEY_OF_OTHER_MODE",
    key: key.path,
    message: `${key.path} belongs to ${owners.join(" and ")} mode, but ${words[component]} is in ${mode} mode.`,
    fix:
      flag === undefined
        ? `remove it, set mode: "${whole}" or ${way.key}, or move it under modes.${whole}`
        : `leave --${flag} out, or add --mode ${whole} or ${way.flag}`
  }
}
