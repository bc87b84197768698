/**
 * Where in the user's source a call was made: `file:line:column` from the stack.
 */
import { fileURLToPath } from "node:url"

const location = /^(.*?):(\d+):(\d+)$/

/**
 * The place of the call of `api`, relative to the current folder where it lies in it. One stack of a few frames
 * is captured; frames of `api` and of everything that it called are left out by the engine itself.
 *
 * @param api the function that the user's code called
 * @returns `file:line:column`, or undefined where the stack does not say
 */
export const placeOf = (api: (...args: never) => unknown): string | undefined => {
  const limit = Error.stackTraceLimit
  const holder: { stack?: unknown } = {}
  // A few more than one: built-in frames (`JSON.stringify`) come first where one of them called.
  Error.stackTraceLimit = 6
  try {
    Error.captureStackTrace(holder, api)
    return placeIn(holder.stack)
  } finally {
    Error.stackTraceLimit = limit
  }
}

const placeIn = (stack: unknown): string | undefined => {
  // A program may have replaced `Error.prepareStackTrace` by one that gives something else.
  for (const line of typeof stack === "string" ? stack.split("\n") : []) {
    const frame = line.trim()
    if (!frame.startsWith("at ")) continue
    const open = frame.indexOf(" (")
    const where =
      frame.endsWith(")") && open >= 0 ? frame.slice(open + 2, -1) : frame.slice(3).replace(/^async /, "")
    const parts = location.exec(where)
    if (parts === null || where.startsWith("node:")) continue
    return `${relative(parts[1] ?? "")}:${parts[2]}:${parts[3]}`
  }
  return undefined
}

const relative = (file: string): string => {
  const bare = file.replace(/\?.*$/, "")
  const path = bare.startsWith("file:") ? fileURLToPath(bare) : bare
  const folder = `${process.cwd()}/`
  return path.startsWith(folder) ? path.slice(folder.length) : path
}
