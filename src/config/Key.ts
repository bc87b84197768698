/**
 * The form in which every setting is declared once. Flags, the environment reader, the types that
 * `defineMode` accepts, the resolved `Settings`, the JSON Schemas and the reference page are all made from it.
 */

/** The effective mode of the whole process. */
export type GlobalMode = "memory" | "persistent" | "distributed"
/** The effective mode of one component; `remote` is Temporal's word for distributed. */
export type ComponentMode = GlobalMode | "remote"
/** The components that have a mode of their own. */
export type Component = "database" | "redis" | "temporal"

/** How a value is written, checked and resolved. */
export type KeyType =
  /** Text. `pattern` is a JSON Schema pattern, `describe` says in words what it wants. */
  | {
      readonly kind: "text"
      readonly pattern?: string
      readonly describe?: string
      readonly maxLength?: number
    }
  /** Text that is never printed. Resolved as `Redacted`. */
  | { readonly kind: "secret" }
  | { readonly kind: "boolean" }
  | { readonly kind: "integer"; readonly minimum: number; readonly maximum: number }
  | { readonly kind: "number"; readonly minimum: number; readonly maximum: number }
  /** A time span: milliseconds, or `"30 seconds"`, `"30s"`, `"1h30m"`, or Effect's `Duration`. Resolved in milliseconds. */
  | { readonly kind: "duration"; readonly minimum: number; readonly maximum: number }
  /** A size: bytes, or `"10 MiB"`. Resolved in bytes. */
  | { readonly kind: "size"; readonly minimum: number; readonly maximum: number }
  | { readonly kind: "choice"; readonly values: ReadonlyArray<string> }
  /** A file or folder, relative to the config file's folder. Resolved as an absolute path. */
  | { readonly kind: "path" }
  /** A PEM file, or the PEM text itself. Resolved as the text; `private` ones as `Redacted`. */
  | { readonly kind: "pem"; readonly private: boolean }
  /** A URL of one of these protocols. `secret` ones may hold a password and are resolved as `Redacted`. */
  | { readonly kind: "url"; readonly protocols: ReadonlyArray<string>; readonly secret: boolean }
  /** `host:port`. Resolved as that text. */
  | { readonly kind: "address"; readonly port: number }
  /** A list of `host:port`. Resolved as `{ host, port }`. */
  | { readonly kind: "addresses"; readonly port: number }
  | { readonly kind: "texts" }
  /** Names and values, e.g. HTTP headers; the values are secret. */
  | { readonly kind: "headers" }

/** A default: plain JSON, in the form in which a user would write it. */
export type DefaultValue = string | number | boolean | ReadonlyArray<string>

/** One environment variable that sets a key. `part` takes the host or the port of a `host:port` variable. */
export interface KeyVariable {
  readonly name: string
  readonly part?: "host" | "port"
}

/** One setting. */
export interface Key {
  /** Dotted path, as in the config file. */
  readonly path: string
  readonly type: KeyType
  /** One sentence: what it is, in which unit. */
  readonly help: string
  /** The variables that set it; the first one set wins. */
  readonly env: ReadonlyArray<KeyVariable>
  /** The flag's name without dashes. Secrets have none: other processes can read an argument list. */
  readonly flag: string | undefined
  /** Shown by `compozy start --help`; the rest by the reference page. */
  readonly common: boolean
  /** The default where the key applies. */
  readonly default: DefaultValue | undefined
  /** Defaults that depend on the effective mode; they win over `default`. */
  readonly modeDefaults: { readonly [M in ComponentMode]?: DefaultValue }
  /** What to show where the default is computed. */
  readonly defaultText: string | undefined
  /** The modes of its component in which it means something; `undefined` in all. */
  readonly modes: ReadonlyArray<ComponentMode> | undefined
  /** The component whose effective mode decides, where there is one. */
  readonly component: Component | undefined
}

/** Whether a key's value must never be printed. */
export const isSecret = (key: Key): boolean =>
  key.type.kind === "secret" ||
  key.type.kind === "headers" ||
  (key.type.kind === "url" && key.type.secret) ||
  (key.type.kind === "pem" && key.type.private)

/** Whether a key means something in this mode of its component. */
export const appliesIn = (key: Key, mode: ComponentMode): boolean =>
  key.modes === undefined || key.modes.includes(mode)

/** The default of a key in a mode of its component (or of the process, for a key without a component). */
export const defaultIn = (key: Key, mode: ComponentMode): DefaultValue | undefined =>
  appliesIn(key, mode) ? (key.modeDefaults[mode] ?? key.default) : undefined
