/** What `compozy config diagnostics` says: the effective modes, what is set aside, what is unsupported or doubtful. */
import type { EffectiveModes } from "./EffectiveMode.ts"
import type { ComponentMode } from "./Key.ts"
import { describeOrigin } from "./Origin.ts"
import { type ConfigProblem, formatPlace } from "./Problem.ts"
import type { ResolvedConfig } from "./Resolve.ts"

/** The effective mode of the process or of one component. */
export interface ModeDiagnostic {
  readonly component: "process" | "database" | "redis" | "temporal"
  readonly mode: ComponentMode
  /** What decided it: `--mode`, `REDIS_MODE`, `config file`, `default`. */
  readonly source: string
  /** Whether it follows the mode of the process. */
  readonly inherited: boolean
  /** What stands behind it: `SQLite in memory`, `PostgreSQL at db:5432/compozy`. */
  readonly service: string
}

/** What `config diagnostics` says. */
export interface ConfigDiagnostics {
  /** The config file, if there is one. */
  readonly file: string | null
  readonly root: string
  readonly modes: ReadonlyArray<ModeDiagnostic>
  /** The precedence of sources, weakest first: the same for every key. */
  readonly precedence: ReadonlyArray<string>
  /** Whether all components are in the mode of the process. */
  readonly supported: boolean
  readonly setAside: ReadonlyArray<{ readonly key: string; readonly source: string; readonly reason: string }>
  readonly warnings: ReadonlyArray<ConfigProblem>
}

const precedence = ["defaults", "defaults of the mode", "config file", ".env", "environment", "flags"]

const services = ({
  settings
}: ResolvedConfig): { readonly [C in "database" | "redis" | "temporal"]: string } => {
  const { database, redis, temporal } = settings
  const engine =
    temporal.mode === "remote"
      ? ""
      : temporal.engine === "embedded"
        ? "embedded Temporal"
        : "Temporal dev server"
  return {
    database:
      database.mode === "distributed"
        ? `PostgreSQL at ${database.host}:${database.port}/${database.name}`
        : database.mode === "persistent"
          ? `SQLite in ${database.path}`
          : "SQLite in memory",
    redis:
      redis.mode === "distributed"
        ? redis.sentinel !== undefined
          ? `Redis "${redis.sentinel.name}" behind ${redis.sentinel.nodes.length} sentinels`
          : redis.cluster !== undefined
            ? `a Redis cluster, ${redis.cluster.nodes.length} nodes named`
            : `Redis at ${redis.host ?? ""}:${redis.port}`
        : redis.mode === "persistent"
          ? `embedded Redis in ${redis.persistence.dataDir}`
          : "embedded Redis in memory",
    temporal:
      temporal.mode === "remote"
        ? `Temporal at ${temporal.address}, namespace ${temporal.namespace}`
        : temporal.mode === "persistent"
          ? `${engine} in ${temporal.file}`
          : `${engine} in memory`
  }
}

const modesOf = (modes: EffectiveModes, config: ResolvedConfig): ReadonlyArray<ModeDiagnostic> => {
  const service = services(config)
  const source = describeOrigin(modes.global.origin)
  return [
    { component: "process", mode: modes.global.mode, source, inherited: false, service: "" },
    ...(["database", "redis", "temporal"] as const).map((component): ModeDiagnostic => {
      const { mode, origin, inherited } = modes[component]
      return {
        component,
        mode,
        source: inherited ? "the mode of the process" : describeOrigin(origin),
        inherited,
        service: service[component]
      }
    })
  ]
}

/**
 * Explains a resolved config.
 *
 * @param config - A resolved config.
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { diagnoseConfig, loadConfig } from "compozy"
 *
 * const program = Effect.map(loadConfig({ cwd: process.cwd() }), diagnoseConfig)
 * ```
 */
export const diagnoseConfig = (config: ResolvedConfig): ConfigDiagnostics => ({
  file: config.settings.file ?? null,
  root: config.settings.root,
  modes: modesOf(config.modes, config),
  precedence,
  supported: !config.warnings.some(({ code }) => code === "COMPOZY_CONFIG_MIXED_MODES"),
  setAside: config.setAside.map(({ key, origin, reason }) => ({
    key: key.path,
    source: describeOrigin(origin),
    reason
  })),
  warnings: config.warnings
})

/** A warning in a few lines. */
export const formatWarning = (warning: ConfigProblem): string =>
  [
    `- ${warning.message}`,
    ...(warning.place !== undefined
      ? [`  at ${formatPlace(warning.place)}`]
      : warning.source === undefined
        ? []
        : [`  at ${warning.source}`]),
    `  fix: ${warning.fix}`,
    `  [${warning.code}] ${warning.key}${warning.value === undefined ? "" : ` = ${warning.value}`}`
  ].join("\n")

/** The text of `config diagnostics`. */
export const formatDiagnostics = (diagnostics: ConfigDiagnostics): string => {
  const width = Math.max(...diagnostics.modes.map(({ component }) => component.length))
  const modeWidth = Math.max(...diagnostics.modes.map(({ mode }) => mode.length))
  const sourceWidth = Math.max(...diagnostics.modes.map(({ source }) => source.length))
  const { setAside, warnings } = diagnostics
  return [
    `Config file: ${diagnostics.file ?? `none in ${diagnostics.root} or above`}`,
    "",
    "Effective modes",
    ...diagnostics.modes.map(({ component, mode, source, service }) =>
      `  ${component.padEnd(width)}  ${mode.padEnd(modeWidth)}  ${source.padEnd(sourceWidth)}  ${service}`.trimEnd()
    ),
    "",
    `Precedence, weakest first: ${diagnostics.precedence.join(" < ")}`,
    ...(setAside.length === 0
      ? []
      : ["", "Set aside", ...setAside.map(({ key, source, reason }) => `  ${key} (${source}): ${reason}`)]),
    ...(warnings.length === 0 ? ["", "No warnings."] : ["", "Warnings", ...warnings.map(formatWarning)])
  ].join("\n")
}
