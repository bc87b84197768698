/**
 * Reads the plain forms of `compozy start` and `compozy run`, which people wait for, without `effect/cli`: loading it is
 * a tenth of a start. Whatever is not plain (an unknown flag, a switch, help, an empty or doubled value) is left to it.
 */
import type { Key } from "../config/Key.ts"
import type { RunArguments } from "./commands/Run.ts"
import type { SharedFlags } from "./Invocation.ts"

/** What was read. */
export type QuickArguments =
  | { readonly command: "start"; readonly shared: SharedFlags }
  | { readonly command: "run"; readonly shared: SharedFlags; readonly run: RunArguments }

const runFlags = ["input", "input-file", "idempotency-key"] as const

/** The text of a flag: not empty, and nothing that could be meant as a flag. */
const isText = (text: string | undefined): text is string =>
  text !== undefined && text !== "" && !text.startsWith("-")

interface Read {
  readonly positionals: ReadonlyArray<string>
  readonly texts: ReadonlyMap<string, string>
  readonly json: boolean
}

const read = (args: ReadonlyArray<string>, takesText: ReadonlySet<string>): Read | undefined => {
  const positionals: Array<string> = []
  const texts = new Map<string, string>()
  let json = false
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ""
    if (arg === "--json" && !json) {
      json = true
    } else if (arg.startsWith("--")) {
      const equals = arg.indexOf("=")
      const name = equals < 0 ? arg.slice(2) : arg.slice(2, equals)
      const value = equals < 0 ? args[++i] : arg.slice(equals + 1)
      if (!takesText.has(name) || texts.has(name) || !isText(value)) return undefined
      texts.set(name, value)
    } else if (isText(arg)) {
      positionals.push(arg)
    } else {
      return undefined
    }
  }
  return { positionals, texts, json }
}

/**
 * Reads arguments, if they are plain.
 *
 * @param args without `node` and the script
 * @param keys the keys of the config, whose flags every command takes
 * @returns nothing where `effect/cli` has to read them
 */
export const quickArguments = (
  args: ReadonlyArray<string>,
  keys: ReadonlyArray<Key>
): QuickArguments | undefined => {
  const [command, ...rest] = args
  if (command !== "start" && command !== "run") return undefined
  const settings = keys.flatMap(({ flag, type }) =>
    flag === undefined || type.kind === "boolean" ? [] : [flag]
  )
  const found = read(rest, new Set(["config", ...settings, ...(command === "run" ? runFlags : [])]))
  if (found === undefined) return undefined
  const { json, positionals, texts } = found
  const flags: Record<string, string> = {}
  for (const name of settings) {
    const value = texts.get(name)
    if (value !== undefined) flags[name] = value
  }
  const shared: SharedFlags = { flags, config: texts.get("config"), json }
  if (command === "start") return positionals.length === 0 ? { command, shared } : undefined
  const [workflow, ...values] = positionals
  if (workflow === undefined) return undefined
  return {
    command,
    shared,
    run: {
      workflow,
      input: texts.get("input"),
      inputFile: texts.get("input-file"),
      idempotencyKey: texts.get("idempotency-key"),
      values
    }
  }
}
