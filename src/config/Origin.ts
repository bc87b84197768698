/** Where a value comes from. */
import type { ComponentMode } from "./Key.ts"

/** Where a value comes from. One precedence holds for every key, lowest first, in the order of {@link rank}. */
export type Origin =
  | { readonly kind: "default" }
  /** A default that depends on the effective mode. */
  | { readonly kind: "mode"; readonly mode: ComponentMode }
  /** Follows from another setting. */
  | { readonly kind: "derived"; readonly from: string }
  /** The config file; `at` is the path in its literal, `variable` the one that an Effect `Config` there read. */
  | { readonly kind: "file"; readonly at: ReadonlyArray<string>; readonly variable?: string }
  /** The `.env` file beside the config; with `file`, read from the file that `NAME_FILE` names. */
  | { readonly kind: "dotenv"; readonly name: string; readonly file?: string }
  /** The environment of the process; with `file`, read from the file that `NAME_FILE` names. */
  | { readonly kind: "environment"; readonly name: string; readonly file?: string }
  | { readonly kind: "flag"; readonly name: string }

const ranks: { readonly [K in Origin["kind"]]: number } = {
  default: 0,
  derived: 0,
  mode: 1,
  file: 2,
  dotenv: 3,
  environment: 4,
  flag: 5
}

/** How strong an origin is: defaults < the mode's defaults < the config file < .env < the environment < flags. */
export const rank = (origin: Origin): number => ranks[origin.kind]

/** An origin in a few words: `--port`, `DB_PORT in .env`, `compozy.config.ts`. */
export const describeOrigin = (origin: Origin): string => {
  switch (origin.kind) {
    case "default":
      return "default"
    case "mode":
      return `default of ${origin.mode} mode`
    case "derived":
      return `from ${origin.from}`
    case "file":
      return origin.variable === undefined ? "config file" : `config file, ${origin.variable}`
    case "dotenv":
      return `${origin.name} in .env`
    case "environment":
      return origin.name
    case "flag":
      return `--${origin.name}`
  }
}
