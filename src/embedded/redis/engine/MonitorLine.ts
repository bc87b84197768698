import type { Arguments } from "../exec/Arguments.ts"
import type { Command } from "../exec/Context.ts"
import { quoted } from "../format/Quoted.ts"

const HIDDEN = "(redacted)"

/** The arguments as others may see them: without passwords. */
export const redacted = (command: Command, args: Arguments): Arguments => {
  if (command.name === "auth") return args.map((arg, index) => (index === 0 ? arg : HIDDEN))
  if (command.name === "hello") {
    const at = args.findIndex((arg, index) => index > 0 && arg.toUpperCase() === "AUTH")
    return at === -1 ? args : args.map((arg, index) => (index === at + 1 || index === at + 2 ? HIDDEN : arg))
  }
  if (command.name === "config|set") {
    return args.map((arg, index) =>
      index > 2 && /^(requirepass|masterauth)$/i.test(args[index - 1] ?? "") ? HIDDEN : arg
    )
  }
  return args
}

/** One line of MONITOR. */
export const monitorLine = (
  micros: number,
  db: number,
  source: string,
  command: Command,
  args: Arguments
): string => {
  const seconds = Math.floor(micros / 1_000_000)
  const rest = String(micros % 1_000_000).padStart(6, "0")
  return `${seconds}.${rest} [${db} ${source}] ${redacted(command, args).map(quoted).join(" ")}`
}
