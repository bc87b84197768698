/** What Node does with TypeScript, without its notice that it is experimental; other warnings pass. */
import { stripTypeScriptTypes } from "node:module"

/** How many runs of {@link quietly} are under way, and what they stand in for. */
const filter: { active: number; original: typeof process.emitWarning } = {
  active: 0,
  original: process.emitWarning
}

const filtered = (warning: string | Error, ...rest: ReadonlyArray<unknown>): void => {
  const text = typeof warning === "string" ? warning : warning.message
  if (/type stripping|stripTypeScriptTypes/iu.test(text)) return
  Reflect.apply(filter.original, process, [warning, ...rest])
}

const begin = (): void => {
  if (filter.active === 0) {
    filter.original = process.emitWarning
    process.emitWarning = filtered
  }
  filter.active += 1
}

const end = (): void => {
  filter.active -= 1
  if (filter.active === 0 && process.emitWarning === filtered) process.emitWarning = filter.original
}

/**
 * Runs `body` while the one warning about type stripping is held back. Node 22 gives it when the first
 * TypeScript file is loaded, every version when types are stripped by hand.
 */
export const quietly = <A>(body: () => A): A => {
  begin()
  let result: A
  try {
    result = body()
  } catch (error) {
    end()
    throw error
  }
  if (result instanceof Promise) result.then(end, end)
  else end()
  return result
}

/** The JavaScript of a source, every token at its line and column. */
export const toJavaScript = (file: string, source: string): string =>
  /\.[cm]?ts$/u.test(file) ? quietly(() => stripTypeScriptTypes(source, { mode: "strip" })) : source
