/** From a config and its surroundings to settings: everything checked, every problem at once. */
import { basename, join } from "node:path"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { AnyWorkflow } from "../workflow/Workflow.ts"
import { assemble } from "./Assemble.ts"
import { checkAll } from "./Checks.ts"
import { checkCode } from "./Code.ts"
import { connectDatabase, connectRedis, connectTemporal } from "./Connection.ts"
import { type ModeDefinition, isModeDefinition, modeFormat, ModeTypeId } from "./Definition.ts"
import { type Declared, type EffectiveModes, effectiveModes } from "./EffectiveMode.ts"
import { readVariables } from "./Environment.ts"
import type { GlobalMode, Key } from "./Key.ts"
import { keyByPath, keys, optionalGroups } from "./Keys.ts"
import { type Literal, isRecord, readLiteral } from "./Literal.ts"
import type { Environment, Services } from "./ModeConfig.ts"
import { type ConfigProblem, type Place, ConfigInvalid } from "./Problem.ts"
import { type Gathered, type ResolvedValue, type SetAside, gathered, readKey, readKeys } from "./Reading.ts"
import type { Settings } from "./Settings.ts"
import type { FlagValues, Sources } from "./Sources.ts"
import type { Finding } from "./Wording.ts"

/** Where a config stands and what may override it. */
export interface ResolveOptions {
  /** The folder that relative paths start from: the config file's. Absolute. */
  readonly root: string
  /** The config file, if the config came from one: problems point into it. Absolute. */
  readonly file?: string
  /** The variables of the process. Default: none. */
  readonly env?: Environment
  /** The `.env` file, from `root`. Default: `.env`, where there is one. */
  readonly envFile?: string
  /** What flags set, by the path of the key. */
  readonly flags?: FlagValues
}

/** A config, resolved. */
export interface ResolvedConfig {
  readonly settings: Settings
  readonly workflows: ReadonlyArray<AnyWorkflow>
  /** Gives the services that the workflows list. */
  readonly layer: Layer.Layer<never, unknown, Services> | undefined
  /** Every key with its value and where that comes from. */
  readonly values: ReadonlyArray<ResolvedValue>
  readonly modes: EffectiveModes
  /** What some source says and does not count. */
  readonly setAside: ReadonlyArray<SetAside>
  readonly warnings: ReadonlyArray<ConfigProblem>
}

const globalModes: ReadonlySet<string> = new Set(["memory", "persistent", "distributed"])
const isGlobalMode = (value: unknown): value is GlobalMode =>
  typeof value === "string" && globalModes.has(value)

const problem = (code: ConfigProblem["code"], key: string, message: string, fix: string): Finding => ({
  problem: { code, key, message, fix }
})

/** The object that a definition holds: called, where it is a function of the environment. */
const open = (
  definition: ModeDefinition | undefined,
  environment: Environment,
  into: Gathered
): { readonly [name: string]: unknown } => {
  if (definition === undefined) return {}
  const { format } = definition[ModeTypeId]
  if (format !== modeFormat) {
    into.findings.push(
      problem(
        "COMPOZY_CONFIG_NOT_AN_OBJECT",
        "(config)",
        `The config was made by a newer version of compozy (format ${format}; this one reads ${modeFormat}).`,
        "run the compozy of the project: npx compozy"
      )
    )
    return {}
  }
  let { config } = definition
  if (typeof config === "function") {
    try {
      config = config(environment)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      into.findings.push(
        problem(
          "COMPOZY_CONFIG_FUNCTION_THREW",
          "(config)",
          `The function given to defineMode threw: ${message}`,
          "correct the function; it gets the environment and returns a config"
        )
      )
      return {}
    }
  }
  if (isModeDefinition(config)) config = config.config
  if (isRecord(config)) return config
  const what =
    config instanceof Promise ? "a Promise: the function given to defineMode must not be async" : "no object"
  into.findings.push(
    problem(
      "COMPOZY_CONFIG_NOT_AN_OBJECT",
      "(config)",
      `The config is ${what}.`,
      "give defineMode an object, or a function that returns one"
    )
  )
  return {}
}

/** What the components say of themselves in these sources. Problems are noted into `into`. */
const declaredBy = Effect.fnUntraced(function* (sources: Sources, into: Gathered) {
  const read = Effect.fnUntraced(function* (path: string) {
    const key = keyByPath.get(path)
    const resolved = key === undefined ? undefined : yield* readKey(key, sources, into)
    if (resolved === undefined || typeof resolved.value !== "string") return undefined
    into.values.set(path, resolved)
    return { value: resolved.value, origin: resolved.origin }
  })
  const path = keyByPath.get("database.path")
  // Only whether there is one matters here; it is read with the other keys.
  const hasPath = path !== undefined && (yield* readKey(path, sources, gathered())) !== undefined
  return {
    driver: yield* read("database.driver"),
    redis: yield* read("redis.mode"),
    temporal: yield* read("temporal.mode"),
    hasPath
  } satisfies Declared
})

const noteNames = Effect.fnUntraced(function* (literal: Literal, into: Gathered) {
  for (const { path, at } of literal.notObjects) {
    into.findings.push({
      problem: {
        code: "COMPOZY_CONFIG_NOT_AN_OBJECT",
        key: path,
        message: `${path} must be an object of settings.`,
        fix: `write ${path}: { ... }`
      },
      at,
      target: "value"
    })
  }
  if (literal.unknown.length === 0) return
  const { unknownName } = yield* Effect.promise(() => import("./UnknownName.ts"))
  for (const name of literal.unknown) into.findings.push(...unknownName(name))
})

const overlaysOf = (
  config: { readonly [name: string]: unknown },
  into: Gathered
): ReadonlyMap<string, Literal> => {
  const overlays = new Map<string, Literal>()
  const { modes } = config
  if (modes === undefined) return overlays
  for (const [name, overlay] of isRecord(modes) ? Object.entries(modes) : [["", modes] as const]) {
    const at = name === "" ? ["modes"] : ["modes", name]
    if (overlay === undefined) continue
    if (isGlobalMode(name) && isRecord(overlay)) overlays.set(name, readLiteral(overlay, at))
    else {
      into.findings.push({
        problem: {
          code: "COMPOZY_CONFIG_NOT_AN_OBJECT",
          key: at.join("."),
          message: `${at.join(".")} is not the settings of a mode.`,
          fix: "write modes: { memory: { ... }, persistent: { ... }, distributed: { ... } }, with those that are needed"
        },
        at,
        target: "name"
      })
    }
  }
  return overlays
}

const inFile = (finding: Finding, file: string): ConfigProblem =>
  finding.at === undefined ? finding.problem : { ...finding.problem, source: basename(file) }

/** In the order of the source; what has no place comes last. */
const byPlace = (a: Place | undefined, b: Place | undefined): number => {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  return a.line - b.line || a.column - b.column
}

/** Gives findings their places in the source. Loads a parser, so only where there is something to place. */
const placed = Effect.fnUntraced(function* (findings: ReadonlyArray<Finding>, file: string | undefined) {
  if (file === undefined) return findings.map((finding) => finding.problem)
  if (findings.every((finding) => finding.at === undefined))
    return findings.map((finding) => inFile(finding, file))
  const { locate } = yield* Effect.promise(() => import("./Locate.ts"))
  const places = locate(file, findings)
  return findings
    .map((finding, index): ConfigProblem => {
      const place = places[index]
      return { ...inFile(finding, file), ...(place === undefined ? {} : { place }) }
    })
    .toSorted((a, b) => byPlace(a.place, b.place))
})

/** Adds what follows from other settings: the modes that are inherited, and the project's name. */
const addDerived = (into: Gathered, modes: EffectiveModes, root: string): void => {
  const derived: ReadonlyArray<readonly [path: string, value: string, from: string]> = [
    ["name", basename(root) || "compozy", "the folder"],
    ["database.driver", modes.database.mode === "distributed" ? "postgres" : "sqlite", "mode"],
    ["redis.mode", modes.redis.mode, "mode"],
    ["temporal.mode", modes.temporal.mode, "mode"]
  ]
  for (const [path, value, from] of derived) {
    const key = keyByPath.get(path)
    if (key === undefined || into.values.has(path)) continue
    into.values.set(path, { key, value, origin: { kind: "derived", from } })
  }
}

/** Whether a key stands in a group that is not there. */
const isIdle = (key: Key, into: Gathered): boolean => {
  const activator = optionalGroups.get(key.path.slice(0, key.path.lastIndexOf(".")))
  return activator !== undefined && !into.values.has(activator)
}

/**
 * Resolves a config: defaults < the mode's defaults < the config < `.env` < the environment < flags, for every key.
 * Without a definition it is memory mode without workflows, as far as the environment and flags do not say else.
 *
 * @param definition - What `defineMode` made, or `undefined` where there is no config.
 * @param options - Where the config stands, and what may override it.
 * @returns The settings, the code beside them, and where each value comes from.
 * Fails with `ConfigInvalid`, which lists every problem with its place.
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { defineMode, resolveConfig } from "compozy"
 *
 * const program = Effect.gen(function* () {
 *   const { settings } = yield* resolveConfig(defineMode({ name: "hello" }), { root: "/srv/hello" })
 *   return settings.server.port
 * })
 * ```
 */
export const resolveConfig = Effect.fn("resolveConfig")(function* (
  definition: ModeDefinition | undefined,
  options: ResolveOptions
) {
  const into = gathered()
  const { variables, unreadable } = readVariables(options.root, options.env ?? {}, options.envFile)
  if (unreadable !== undefined) {
    into.findings.push(
      problem(
        "COMPOZY_CONFIG_FILE_UNREADABLE",
        "(.env)",
        `${unreadable}.`,
        "correct its path or its permissions"
      )
    )
  }
  const config = open(definition, variables.merged, into)
  const base = readLiteral(config)
  const overlays = overlaysOf(config, into)
  yield* noteNames(base, into)
  for (const overlay of overlays.values()) yield* noteNames(overlay, into)

  const flags = options.flags ?? {}
  const modeKey = keyByPath.get("mode")
  const found =
    modeKey === undefined ? undefined : yield* readKey(modeKey, { flags, variables, literals: [base] }, into)
  const modeIsWrong = into.findings.some((finding) => finding.problem.key === "mode")
  const global: EffectiveModes["global"] =
    found !== undefined && isGlobalMode(found.value)
      ? { mode: found.value, origin: found.origin }
      : { mode: "memory", origin: { kind: "default" } }
  const overlay = overlays.get(global.mode)
  const sources: Sources = { flags, variables, literals: overlay === undefined ? [base] : [overlay, base] }
  const modes = effectiveModes(global, yield* declaredBy(sources, into))

  if (modeIsWrong) {
    // What belongs to which mode cannot be said; the rest can.
    yield* readKeys(
      keys.filter((key) => key.component === undefined && key.path !== "mode"),
      sources,
      modes,
      modes,
      into
    )
  } else {
    const fileOnly: Sources = {
      flags: {},
      variables: { ...variables, process: {}, dotenv: {} },
      literals: [base]
    }
    const ownMode = modeKey === undefined ? undefined : yield* readKey(modeKey, fileOnly, gathered())
    const fileMode = ownMode?.value
    const fileModes = effectiveModes(
      { mode: isGlobalMode(fileMode) ? fileMode : "memory", origin: { kind: "default" } },
      yield* declaredBy(fileOnly, gathered())
    )
    if (modeKey !== undefined)
      into.values.set("mode", { key: modeKey, value: global.mode, origin: global.origin })
    yield* readKeys(keys, sources, modes, fileModes, into)
    connectDatabase(into, modes)
    connectRedis(into, modes)
    connectTemporal(into, modes)
    checkAll(into, modes, variables.merged)
    addDerived(into, modes, options.root)
  }
  const code = checkCode(config, into)

  const problems = yield* placed(into.findings, options.file)
  const [first, ...rest] = problems
  if (first !== undefined) return yield* new ConfigInvalid({ problems: [first, ...rest] })
  const name = into.values.get("name")?.value
  const resolved: ResolvedConfig = {
    settings: assemble(into.values, modes, {
      name: typeof name === "string" ? name : "compozy",
      root: options.root,
      file: options.file,
      dataDir: join(options.root, ".compozy")
    }),
    ...code,
    values: keys.flatMap((key) => (isIdle(key, into) ? [] : (into.values.get(key.path) ?? []))),
    modes,
    setAside: into.setAside,
    warnings: yield* placed(into.warnings, options.file)
  }
  return resolved
})
