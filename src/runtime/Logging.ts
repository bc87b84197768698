/** Logs on stderr, each line with the deployment's labels. */
import * as Cause from "effect/Cause"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import type { LogSettings } from "../config/Settings.ts"
import type { DeploymentLabels } from "./Metrics.ts"

/** A log line in parts. */
interface Entry {
  readonly timestamp: string
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly cause: string | undefined
}

const textOf = (value: unknown): string => {
  if (typeof value === "string") return value
  if (value instanceof Error) return value.message
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}

const json = (entry: Entry): string =>
  JSON.stringify({
    timestamp: entry.timestamp,
    level: entry.level,
    message: entry.message,
    ...entry.fields,
    ...(entry.cause === undefined ? {} : { cause: entry.cause })
  })

const quoted = (text: string) => (/^[^\s"=]+$/.test(text) ? text : JSON.stringify(text))

const logfmt = (entry: Entry): string => {
  const fields = Object.entries(entry.fields).map(([key, value]) => `${key}=${quoted(textOf(value))}`)
  const cause = entry.cause === undefined ? [] : [`cause=${JSON.stringify(entry.cause)}`]
  return [
    `timestamp=${entry.timestamp}`,
    `level=${entry.level}`,
    `message=${quoted(entry.message)}`,
    ...fields,
    ...cause
  ].join(" ")
}

const levelColor: Readonly<Record<string, number>> = { error: 31, fatal: 31, warn: 33, info: 32 }

const pretty =
  (color: boolean, hidden: ReadonlySet<string>) =>
  (entry: Entry): string => {
    const code = levelColor[entry.level]
    const paint = (text: string, sgr: number) => (color ? `\u001b[${sgr}m${text}\u001b[0m` : text)
    const level = entry.level.toUpperCase().padEnd(5)
    const fields = Object.entries(entry.fields)
      .filter(([key]) => !hidden.has(key))
      .map(([key, value]) => paint(` ${key}=${quoted(textOf(value))}`, 2))
    const cause = entry.cause === undefined ? "" : `\n${entry.cause.replaceAll(/^/gm, "  ")}`
    return `${entry.timestamp.slice(11, 23)} ${code === undefined ? level : paint(level, code)} ${entry.message}${fields.join("")}${cause}`
  }

const levelName: Readonly<Record<string, string>> = {
  Fatal: "fatal",
  Error: "error",
  Warn: "warn",
  Info: "info",
  Debug: "debug",
  Trace: "trace"
}

const minimumLevels = {
  trace: "Trace",
  debug: "Debug",
  info: "Info",
  warn: "Warn",
  error: "Error",
  none: "None"
} as const satisfies Record<LogSettings["level"], string>

/** The function that logs, and where it was called. */
const sourceOf = (frame: References.StackFrame | undefined): Readonly<Record<string, string>> => {
  if (frame === undefined) return {}
  const place = /\(?((?:file:|\/)[^()\s]+:\d+:\d+)\)?/.exec(frame.stack() ?? "")?.[1]
  return { source: place === undefined ? frame.name : `${frame.name} (${place})` }
}

/** Where and how a stack logs. */
export interface LoggingOptions {
  readonly level: LogSettings["level"]
  readonly format: LogSettings["format"]
  readonly color: boolean
  /** Whether stderr is a terminal: `auto` is pretty there and JSON elsewhere. */
  readonly terminal: boolean
  readonly labels: DeploymentLabels
  /** Whether each line names the place in the source that logged, as far as it is known. */
  readonly source: boolean
  /** Takes a finished line. Default: stderr. */
  readonly write?: (line: string) => void
}

/**
 * The logger of a stack, as a layer that replaces the default one.
 *
 * @param options level, format and labels
 */
export const loggingLayer = (options: LoggingOptions): Layer.Layer<never> => {
  const format = options.format === "auto" ? (options.terminal ? "pretty" : "json") : options.format
  // A terminal has said the mode in its banner; the labels are for whoever collects lines of several processes.
  const render =
    format === "json"
      ? json
      : format === "logfmt"
        ? logfmt
        : pretty(options.color, new Set(Object.keys(options.labels)))
  const write = options.write ?? ((line: string) => void process.stderr.write(`${line}\n`))
  const logger = Logger.make(({ message, logLevel, cause, date, fiber }) => {
    const parts = Array.isArray(message) ? message : [message]
    write(
      render({
        timestamp: date.toISOString(),
        level: levelName[logLevel] ?? String(logLevel).toLowerCase(),
        message: parts.map(textOf).join(" "),
        fields: {
          ...options.labels,
          ...fiber.getRef(References.CurrentLogAnnotations),
          ...(options.source ? sourceOf(fiber.getRef(References.CurrentStackFrame)) : {})
        },
        cause: cause.reasons.length === 0 ? undefined : Cause.pretty(cause)
      })
    )
  })
  return Layer.merge(
    Logger.layer([logger]),
    Layer.succeed(References.MinimumLogLevel, minimumLevels[options.level])
  )
}
