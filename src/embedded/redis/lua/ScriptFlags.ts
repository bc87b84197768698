import type { Command } from "../exec/Context.ts"
import { ErrorReply } from "../resp/Reply.ts"

/** What a script or a function has declared about itself. */
export interface ScriptFlags {
  /** Whether anything was declared: a script without a shebang line follows older rules. */
  readonly declared: boolean
  readonly noWrites: boolean
  readonly allowOom: boolean
}

const NONE: ScriptFlags = { declared: false, noWrites: false, allowOom: false }

/** The flags by their names, which have been checked. */
export const flagsOf = (names: ReadonlyArray<string>): ScriptFlags => ({
  declared: true,
  noWrites: names.includes("no-writes"),
  allowOom: names.includes("allow-oom")
})

const KNOWN: ReadonlySet<string> = new Set([
  "no-writes",
  "allow-oom",
  "allow-stale",
  "no-cluster",
  "allow-cross-slot-keys"
])

/** Reads `#!lua flags=no-writes`, the optional first line of a script. */
export const readShebang = (body: string): { readonly code: string; readonly flags: ScriptFlags } => {
  if (!body.startsWith("#!")) return { code: body, flags: NONE }
  const end = body.indexOf("\n")
  if (end === -1) throw new ErrorReply("ERR Invalid script shebang")
  const [engine = "", ...options] = body.slice(2, end).trim().split(/\s+/)
  if (engine !== "lua") throw new ErrorReply(`ERR Unexpected engine in script shebang: #!${engine}`)
  const names: Array<string> = []
  for (const option of options) {
    if (!option.startsWith("flags=")) throw new ErrorReply(`ERR Unknown lua shebang option: ${option}`)
    for (const flag of option.slice(6).split(",")) {
      if (flag === "") continue
      if (!KNOWN.has(flag)) throw new ErrorReply(`ERR Unexpected flag in script shebang: ${flag}`)
      names.push(flag)
    }
  }
  return { code: body.slice(end), flags: flagsOf(names) }
}

/** Whether a command changes data, or something that scripts without writes must leave alone. */
export const changesSomething = (command: Command): boolean =>
  command.isWrite || command.flags.has("may_replicate")

export const NO_WRITES_HERE = new ErrorReply(
  "ERR Can not execute a script with write flag using *_ro command."
)
export const SCRIPT_OOM = new ErrorReply(
  "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'"
)
