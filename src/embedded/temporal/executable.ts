/**
 * The program that stands in for the Temporal CLI's development server and for the time-skipping test server where a
 * test suite names an executable: `server start-dev ...`, or a port. It understands the arguments that
 * `@temporalio/testing` passes (sdk-core, ephemeral_server) and those of the CLI's `server start-dev`.
 */
import { parseArgs } from "node:util"

import type { LogLevel } from "./engine.ts"
import { openService } from "./service.ts"
import type { ServiceOptions } from "./service.ts"
import { parseAttributeType } from "./visibility/attributes.ts"
import type { AttributeType } from "./visibility/attributes.ts"

/** What the arguments ask for. */
export interface ExecutableOptions {
  readonly host: string
  readonly port: number
  readonly namespaces: readonly string[]
  readonly file: string | undefined
  readonly logLevel: LogLevel | "never"
  readonly timeSkipping: ServiceOptions["timeSkipping"]
  /** Search attributes with the names of their types. */
  readonly searchAttributes: Readonly<Record<string, AttributeType>>
}

const usage = `usage: server start-dev [--port PORT] [--ip IP] [--namespace NAME]... [--db-filename FILE]
                        [--search-attribute NAME=TYPE]... [--log-level LEVEL]
       PORT [--enable-time-skipping]`

/** The arguments are not understood. */
export class UsageError extends Error {
  override readonly name = "UsageError"
}

const text = { type: "string" } as const
const texts = { type: "string", multiple: true } as const
const flag = { type: "boolean" } as const

// The flags of `temporal server start-dev`. Those of its web interface and metrics, and its dynamic configuration,
// are accepted and mean nothing here.
const startDev = {
  port: { ...text, short: "p" },
  namespace: { ...texts, short: "n" },
  "db-filename": { ...text, short: "f" },
  ip: text,
  "search-attribute": texts,
  "log-level": text,
  "log-format": text,
  "log-config": flag,
  headless: flag,
  "ui-port": text,
  "ui-ip": text,
  "ui-public-path": text,
  "ui-asset-path": text,
  "ui-codec-endpoint": text,
  "ui-disable-news-fetch": flag,
  "http-port": text,
  "metrics-port": text,
  "sqlite-pragma": texts,
  "dynamic-config-value": texts,
  color: text
} as const

const portOf = (value: string): number => {
  const port = Number(value)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError(`${value} is no port\n${usage}`)
  return port
}

const levels: Readonly<Record<string, LogLevel | "never">> = {
  debug: "debug",
  info: "info",
  warn: "warn",
  error: "error",
  never: "never"
}

const attributeOf = (value: string): [name: string, type: AttributeType] => {
  const at = value.indexOf("=")
  const type = parseAttributeType(value.slice(at + 1))
  if (at < 1 || type === undefined)
    throw new UsageError(`${value} is no search attribute: NAME=TYPE\n${usage}`)
  return [value.slice(0, at), type]
}

const parsed = <T>(parse: () => T): T => {
  try {
    return parse()
  } catch (error) {
    throw error instanceof UsageError
      ? error
      : new UsageError(`${error instanceof Error ? error.message : String(error)}\n${usage}`)
  }
}

/** Reads the arguments of either server. Throws a {@link UsageError}. */
export const readArguments = (args: readonly string[]): ExecutableOptions => {
  if (args[0] === "server" && args[1] === "start-dev") {
    const { values } = parsed(() => parseArgs({ args: args.slice(2), options: startDev, strict: true }))
    const logLevel = levels[values["log-level"] ?? "warn"]
    if (logLevel === undefined) throw new UsageError(`${values["log-level"]} is no log level\n${usage}`)
    return {
      host: values.ip ?? "127.0.0.1",
      port: portOf(values.port ?? "7233"),
      // As the CLI does: the default namespace is there, whatever else is.
      namespaces: [...new Set([...(values.namespace ?? []), "default"])],
      file: values["db-filename"],
      logLevel,
      timeSkipping: undefined,
      searchAttributes: Object.fromEntries((values["search-attribute"] ?? []).map(attributeOf))
    }
  }
  const { values, positionals } = parsed(() =>
    parseArgs({
      args: [...args],
      options: { "enable-time-skipping": flag },
      strict: true,
      allowPositionals: true
    })
  )
  const [port] = positionals
  if (port === undefined || positionals.length > 1) throw new UsageError(usage)
  return {
    host: "127.0.0.1",
    port: portOf(port),
    namespaces: ["default"],
    file: undefined,
    logLevel: "warn",
    timeSkipping: { unlocked: values["enable-time-skipping"] === true, whileWaiting: false },
    searchAttributes: {}
  }
}

const order: readonly string[] = ["debug", "info", "warn", "error", "never"]

const longest = Number.MAX_SAFE_INTEGER

/** Serves until the process is told to end. */
export const main = async (args: readonly string[]): Promise<void> => {
  try {
    const { logLevel, namespaces, ...options } = readArguments(args)
    const [namespace = "default", ...others] = namespaces
    const service = await openService({
      ...options,
      namespace,
      namespaces: others,
      synchronous: "normal",
      // Whoever starts it passes no key.
      key: undefined,
      retention: {
        ageMs: 36_500 * 86_400_000,
        closedRuns: options.file === undefined ? 5000 : longest,
        bytes: longest
      },
      limits: {},
      lostActivities: "retry",
      logger: (level, message, attributes) => {
        if (order.indexOf(level) >= order.indexOf(logLevel)) console.error(level, message, attributes ?? "")
      }
    })
    const stop = (): void => void service.close().then(() => process.exit(0))
    process.once("SIGTERM", stop)
    process.once("SIGINT", stop)
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    process.exit(error instanceof UsageError ? 2 : 1)
  }
}
