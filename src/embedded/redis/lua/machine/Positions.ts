/**
 * Where in a script something happens. Compiled code has one line of JavaScript for everything that may fail, so that
 * the engine's own stack tells the place, and code that does not fail pays nothing for it.
 */

/** How the script calls a value: kind of name and name. */
export interface Operand {
  readonly kind: "local" | "upvalue" | "global" | "field" | "method"
  readonly name: string
}

/** A place in a script that may fail. */
export interface Site {
  readonly line: number
  /** The value that is called or indexed, or the left one of an operation. */
  readonly left: Operand | undefined
  readonly right: Operand | undefined
  /** Whether a function that is called here takes the place of its caller. */
  readonly isTail: boolean
}

/** Compiled code. */
export interface Chunk {
  /** What it was compiled from, as `debug.getinfo` has it: `@user_script`. */
  readonly source: string
  /** What messages call it: `user_script`. */
  readonly name: string
  readonly sites: ReadonlyArray<Site>
  /** The site of every line of JavaScript, by its number. */
  readonly siteOfLine: ReadonlyArray<number>
}

/** A function that is under way: one of a script, one of the libraries, or one whose place another one has taken. */
export type Level =
  | { readonly kind: "lua"; readonly chunk: Chunk; readonly site: Site }
  | { readonly kind: "native" }
  | { readonly kind: "tail" }

const PREFIX = "lua:"
/** The names of the functions of libraries begin with this. */
const NATIVE = "="

/** So many frames of the stack are asked for first. */
const FEW_FRAMES = 12

const chunks = new Map<string, WeakRef<Chunk>>()
const collected = new FinalizationRegistry<string>((file) => chunks.delete(file))
let lastChunk = 0

/** A name for the file of a chunk that is not compiled yet. */
export const newFile = (): string => `${PREFIX}${++lastChunk}`

/** Makes the positions of a chunk known as long as its code exists. */
export const register = (file: string, chunk: Chunk): void => {
  chunks.set(file, new WeakRef(chunk))
  collected.register(chunk, file)
}

/** Gives a function of a library a name by which it is told from the inner ones. */
export const named = <A extends Function>(name: string, run: A): A =>
  Object.defineProperty(run, "name", { value: `${NATIVE}${name}` })

/** Whether a function is one of a library. */
export const isNative = (run: Function): boolean => run.name.startsWith(NATIVE)

/** Asks the engine for the frames of a stack: those of now, or those where an error arose. */
const frames = (count: number, error?: Error): ReadonlyArray<NodeJS.CallSite> => {
  const { prepareStackTrace, stackTraceLimit } = Error
  const holder: { stack?: unknown } = error ?? {}
  try {
    Error.stackTraceLimit = count
    Error.prepareStackTrace = (_error, sites) => sites
    if (error === undefined) Error.captureStackTrace(holder)
    const { stack } = holder
    return Array.isArray(stack) ? stack : []
  } finally {
    Error.prepareStackTrace = prepareStackTrace
    Error.stackTraceLimit = stackTraceLimit
  }
}

const siteOf = (frame: NodeJS.CallSite): Extract<Level, { kind: "lua" }> | undefined => {
  const file = frame.getFileName()
  if (file?.startsWith(PREFIX) !== true) return undefined
  const chunk = chunks.get(file)?.deref()
  const site = chunk?.sites[chunk.siteOfLine[frame.getLineNumber() ?? 0] ?? -1]
  return chunk === undefined || site === undefined ? undefined : { kind: "lua", chunk, site }
}

const levelsAmong = (sites: ReadonlyArray<NodeJS.CallSite>, wanted: number): ReadonlyArray<Level> => {
  const found: Array<Level> = []
  for (const frame of sites) {
    const level = siteOf(frame)
    if (level !== undefined) {
      const isReplaced = level.site.isTail && found[found.length - 1]?.kind === "lua"
      found.push(isReplaced ? { kind: "tail" } : level)
    } else if (frame.getFunctionName()?.startsWith(NATIVE) === true) found.push({ kind: "native" })
    if (found.length >= wanted) break
  }
  return found
}

/** The functions that are under way, the innermost first; at least `wanted` of them if there are so many. */
export const levels = (wanted: number): ReadonlyArray<Level> => {
  for (let count = FEW_FRAMES; ; count *= 10) {
    const sites = frames(count)
    const found = levelsAmong(sites, wanted)
    if (found.length >= wanted || sites.length < count) return found
  }
}

/** The innermost function of a script where an error of JavaScript arose. */
export const levelOf = (error: Error): Extract<Level, { kind: "lua" }> | undefined => {
  for (const frame of frames(Error.stackTraceLimit, error)) {
    const level = siteOf(frame)
    if (level !== undefined) return level
  }
  return undefined
}
