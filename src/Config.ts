/**
 * The configuration: found, loaded, resolved from all sources with one precedence, and explained.
 * Configs are written with `src/Mode.ts`.
 */
export {
  type ConfigDiagnostics,
  diagnoseConfig,
  formatDiagnostics,
  formatWarning,
  type ModeDiagnostic
} from "./config/Diagnostics.ts"
export { ConfigFileError, ConfigFileErrorCode } from "./config/FileError.ts"
export { configFileNames, findConfig } from "./config/Find.ts"
export { type ConfigFlag, configFlags } from "./config/Flags.ts"
export { loadConfig, loadDefinition, type LoadOptions } from "./config/Load.ts"
export { ConfigInvalid, ConfigProblem, ConfigProblemCode, Place } from "./config/Problem.ts"
export type { Origin } from "./config/Origin.ts"
export type { ResolvedValue, SetAside } from "./config/Reading.ts"
export { resolveConfig, type ResolvedConfig, type ResolveOptions } from "./config/Resolve.ts"
export type { FlagValues } from "./config/Sources.ts"
export type {
  Address,
  DatabaseSettings,
  LogSettings,
  RedisSettings,
  ServerSettings,
  Settings,
  TemporalSettings,
  WorkerSettings
} from "./config/Settings.ts"
export { formatConfig, showConfig, showConfigJson, type ShownValue } from "./config/Show.ts"
export { validateConfig } from "./config/Validate.ts"
