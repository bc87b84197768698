/** The command-line flags that set keys, as data. */
import type { KeyType } from "./Key.ts"
import { keys } from "./Keys.ts"

/** A flag that sets one key. */
export interface ConfigFlag {
  /** The name without dashes. */
  readonly name: string
  /** The dotted path of the key: what {@link FlagValues} are indexed by. */
  readonly key: string
  /** The section of the key; empty for `mode`. */
  readonly section: string
  /** Whether the flag may stand without a value (`--expose`). */
  readonly boolean: boolean
  /** What the value looks like, for a usage line. */
  readonly placeholder: string
  readonly help: string
  /** Whether `compozy start --help` shows it; the rest is in the reference. */
  readonly common: boolean
}

const placeholder = (type: KeyType): string => {
  switch (type.kind) {
    case "choice":
      return type.values.join("|")
    case "integer":
    case "number":
      return "number"
    case "duration":
      return "30s"
    case "size":
      return "10MiB"
    case "address":
      return "host:port"
    case "addresses":
      return "host:port,..."
    case "texts":
      return "a,b"
    case "path":
    case "pem":
      return "path"
    case "url":
      return "url"
    case "boolean":
      return "true|false"
    case "text":
    case "secret":
    case "headers":
      return "text"
  }
}

/**
 * Every flag that sets a key. Secrets have none: other processes can read an argument list.
 *
 * @example
 * ```ts
 * import { configFlags } from "compozy"
 *
 * configFlags.find((flag) => flag.name === "port")?.key // => "server.port"
 * ```
 */
export const configFlags: ReadonlyArray<ConfigFlag> = keys.flatMap((key) =>
  key.flag === undefined
    ? []
    : [
        {
          name: key.flag,
          key: key.path,
          section: key.path.includes(".") ? (key.path.split(".")[0] ?? "") : "",
          boolean: key.type.kind === "boolean",
          placeholder: placeholder(key.type),
          help: key.help,
          common: key.common
        }
      ]
)
