/** What a command reads and writes. Data goes to stdout, everything else to stderr. */
import type * as Effect from "effect/Effect"
import type { Json } from "../runtime/Executions.ts"

/** The signal that asked to stop. */
export type StopSignal = "SIGINT" | "SIGTERM"

/** Where a command's output goes, and what it knows of its surroundings. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly color: { readonly out: boolean; readonly err: boolean }
  /** Sets the colours to what the config says, once it is known. */
  readonly useColor: (setting: "auto" | "always" | "never") => void
  /** Whether stderr is a terminal that a person looks at. */
  readonly interactive: boolean
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** What every command is given besides its own arguments. */
export interface CommandContext {
  readonly terminal: Terminal
  /** Settings given as flags, by flag name. */
  readonly flags: Readonly<Record<string, string>>
  /** The config file named by `--config`. */
  readonly config: string | undefined
  /** Whether stdout is JSON: `--json`, or what `cli.format` says, once the config is known. */
  json: boolean
  /** The version of the package. */
  readonly version: string
  /**
   * Waits for the signal to stop. A command that waits for it stops by itself; every other one is interrupted.
   */
  readonly stopRequested: Effect.Effect<StopSignal>
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const

/** Colours text, or leaves it as it is. */
export const paint = (color: boolean, style: keyof typeof codes, text: string): string =>
  color ? `\u001b[${codes[style]}m${text}\u001b[0m` : text

/** Prints one JSON value. */
export const printJson = (terminal: Terminal, value: unknown): void =>
  terminal.out(`${JSON.stringify(value, null, 2)}\n`)

/** Whether a character could act on a terminal. Tabs and line ends may. */
const acts = (code: number): boolean =>
  (code < 0x20 && code !== 0x09 && code !== 0x0a) || (code >= 0x7f && code <= 0x9f)

/** Control characters could act on the terminal: they are shown, not sent. */
export const printable = (text: string): string =>
  Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0
    return acts(code) ? `\\x${code.toString(16).padStart(2, "0")}` : character
  }).join("")

/** Prints rows under a head, in columns as wide as they need. */
export const printTable = (
  terminal: Terminal,
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>
): void => {
  const clean = rows.map((row) => row.map(printable))
  const widths = head.map((title, i) => Math.max(title.length, ...clean.map((row) => row[i]?.length ?? 0)))
  const line = (cells: ReadonlyArray<string>) =>
    cells
      .map((cell, i) => (i === cells.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd()
  terminal.out(`${paint(terminal.color.out, "bold", line(head))}\n`)
  for (const row of clean) terminal.out(`${line(row)}\n`)
}

/** A JSON value as a person reads it: text as it is, everything else indented. */
export const readable = (value: Json): string =>
  typeof value === "string" ? printable(value) : JSON.stringify(value, null, 2)
