/** Which mode each component is in: component > global > memory. */
import type { Component, ComponentMode, GlobalMode, Key } from "./Key.ts"
import type { Origin } from "./Origin.ts"

/** The effective mode of a component, and what decided it. */
export interface EffectiveMode {
  readonly mode: ComponentMode
  readonly origin: Origin
  /** Whether it follows the mode of the process. */
  readonly inherited: boolean
}

/** The effective modes of a process. */
export interface EffectiveModes {
  readonly global: { readonly mode: GlobalMode; readonly origin: Origin }
  readonly database: EffectiveMode
  readonly redis: EffectiveMode
  readonly temporal: EffectiveMode
}

/** What the components say of themselves, in one or in all sources. */
export interface Declared {
  readonly driver: { readonly value: string; readonly origin: Origin } | undefined
  readonly hasPath: boolean
  readonly redis: { readonly value: string; readonly origin: Origin } | undefined
  readonly temporal: { readonly value: string; readonly origin: Origin } | undefined
}

const componentModeNames: ReadonlySet<string> = new Set(["memory", "persistent", "distributed", "remote"])
const isComponentMode = (value: string): value is ComponentMode => componentModeNames.has(value)

const databaseMode = (global: GlobalMode, driver: string | undefined, hasPath: boolean): ComponentMode => {
  if (driver === "postgres") return "distributed"
  if (driver !== "sqlite") return global
  // SQLite by name is a file wherever there is one to keep, so that nothing is lost without being asked for.
  return global === "memory" && !hasPath ? "memory" : "persistent"
}

/** Resolves the modes of all components. */
export const effectiveModes = (global: EffectiveModes["global"], declared: Declared): EffectiveModes => {
  const { driver, redis, temporal } = declared
  const inherited = { origin: global.origin, inherited: true }
  const own = (origin: Origin) => ({ origin, inherited: false })
  return {
    global,
    database: {
      mode: databaseMode(global.mode, driver?.value, declared.hasPath),
      ...(driver === undefined ? inherited : own(driver.origin))
    },
    redis:
      redis !== undefined && isComponentMode(redis.value)
        ? { mode: redis.value, ...own(redis.origin) }
        : { mode: global.mode, ...inherited },
    temporal:
      temporal !== undefined && isComponentMode(temporal.value)
        ? { mode: temporal.value, ...own(temporal.origin) }
        : { mode: global.mode === "distributed" ? "remote" : global.mode, ...inherited }
  }
}

/** The mode that decides about a key: its component's, else the mode of the process. */
export const modeOf = (modes: EffectiveModes, component: Component | undefined): ComponentMode =>
  component === undefined ? modes.global.mode : modes[component].mode

/** The mode of a key's component. */
export const modeOfKey = (modes: EffectiveModes, key: Key): ComponentMode => modeOf(modes, key.component)
