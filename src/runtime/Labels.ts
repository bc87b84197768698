/** What metrics and logs say of their deployment. */
import type { Settings } from "../config/Settings.ts"
import type { DeploymentLabels } from "./Metrics.ts"

/** The labels of a deployment: its mode, and what is behind its store and its cache. */
export const labelsOf = (settings: Settings): DeploymentLabels => ({
  mode: settings.mode,
  store_driver: settings.database.driver,
  cache_driver: settings.redis.mode === "distributed" ? "redis" : `embedded-${settings.redis.mode}`
})
