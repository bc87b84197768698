/**
 * Lets Node load a user's TypeScript as it stands: as ES modules whatever the package's `type` says, with `./x`
 * and `./x.js` finding `./x.ts`. Only files outside node_modules are touched.
 */
import { readFileSync } from "node:fs"
import { registerHooks } from "node:module"
import { fileURLToPath } from "node:url"
import { withoutBarrel } from "./Barrel.ts"

const installed = Symbol.for("compozy/ModuleHooks")

const isOwn = (url: string | undefined): boolean =>
  url !== undefined && url.startsWith("file:") && !url.includes("/node_modules/")

/** What `./x`, `./x.js` and `./x.mjs` may also mean, in this order. */
const alternatives = (specifier: string): ReadonlyArray<string> => {
  if (/\.m?js$/u.test(specifier)) return [specifier.replace(/js$/u, "ts")]
  if (/\.(?:[cm]?ts|cjs|json|node|wasm)$/u.test(specifier)) return []
  const path = specifier.replace(/\/$/u, "")
  return [".ts", ".mts", ".js", ".mjs", "/index.ts", "/index.mts", "/index.js", "/index.mjs"].map(
    (end) => `${path}${end}`
  )
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  (error.code === "ERR_MODULE_NOT_FOUND" ||
    error.code === "MODULE_NOT_FOUND" ||
    error.code === "ERR_UNSUPPORTED_DIR_IMPORT")

const moduleSyntax = /^[ \t]*(?:import[\s{*"']|export[\s{*])/mu

const formatOf = (url: string, declared: string | null | undefined): string | undefined => {
  const path = url.replace(/[?#].*$/u, "")
  if (/\.m?ts$/u.test(path)) return "module-typescript"
  // npm init writes "type": "commonjs" into every new package; what is written as a module is loaded as one.
  if (
    path.endsWith(".js") &&
    declared === "commonjs" &&
    moduleSyntax.test(readFileSync(fileURLToPath(path), "utf8"))
  ) {
    return "module"
  }
  return undefined
}

type ModuleHooks = ReturnType<typeof registerHooks>

/** The hooks of this process, whichever copy of the package has installed them. */
interface Installed {
  handle: ModuleHooks
  readonly register: () => ModuleHooks
  /** How many want them away. */
  suspended: number
}

const isInstalled = (value: unknown): value is Installed =>
  typeof value === "object" && value !== null && "register" in value && "suspended" in value

const register = (): ModuleHooks =>
  registerHooks({
    resolve: (specifier, context, next) => {
      if (!/^\.{1,2}\//u.test(specifier) || !isOwn(context.parentURL)) return next(specifier, context)
      try {
        return next(specifier, context)
      } catch (error) {
        if (!isMissing(error)) throw error
        for (const alternative of alternatives(specifier)) {
          try {
            return next(alternative, context)
          } catch (other) {
            if (!isMissing(other)) throw other
          }
        }
        throw error
      }
    },
    load: (url, context, next) => {
      if (!isOwn(url)) return next(url, context)
      const format = formatOf(url, context.format)
      const loaded = next(url, format === undefined ? context : { ...context, format })
      const { source } = loaded
      if (loaded.format !== "module" && loaded.format !== "module-typescript") return loaded
      if (source === undefined || source === null) return loaded
      const text = typeof source === "string" ? source : new TextDecoder().decode(source)
      return { ...loaded, source: withoutBarrel(text, url) }
    }
  })

/** Installs the hooks, once a process, whichever copy of the package asks. They stay: tools may import later. */
export const installHooks = (): void => {
  if (Reflect.has(globalThis, installed)) return
  const value: Installed = { handle: register(), register, suspended: 0 }
  Reflect.defineProperty(globalThis, installed, { value })
}

/** The hook of `bin/resolution.js`. What it is for is loaded by now. */
const quickResolution = Symbol.for("compozy/QuickResolution")

const removeQuickResolution = (): void => {
  const hook: unknown = Reflect.get(globalThis, quickResolution)
  if (typeof hook !== "object" || hook === null || !("deregister" in hook)) return
  if (typeof hook.deregister === "function") hook.deregister()
  Reflect.deleteProperty(globalThis, quickResolution)
}

/**
 * Takes the hooks away while packages are loaded that need none: they make each `require` slower, by a third of what
 * loading the workflow engine's SDK costs.
 *
 * @returns A function that puts them back, to be called once.
 */
export const suspendHooks = (): (() => void) => {
  removeQuickResolution()
  const state: unknown = Reflect.get(globalThis, installed)
  if (!isInstalled(state)) return () => undefined
  state.suspended++
  if (state.suspended === 1) state.handle.deregister()
  return () => {
    state.suspended--
    if (state.suspended === 0) state.handle = state.register()
  }
}
