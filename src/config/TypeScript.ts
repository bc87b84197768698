/** What Node does with TypeScript, without its notice that it is experimental; other warnings pass. */
import { stripTypeScriptTypes } from "node:module"

/**
 * Runs `body` while the one warning about type stripping is held back. Node 22 gives it when the first
 * TypeScript file is loaded, every version when types are stripped by hand.
 */
export const quietly = <A>(body: () => A): A => {
  const original = process.emitWarning
  const filtered = (warning: string | Error, ...rest: ReadonlyArray<unknown>): void => {
    const text = typeof warning === "string" ? warning : warning.message
    if (/type stripping|stripTypeScriptTypes/iu.test(text)) return
    Reflect.apply(original, process, [warning, ...rest])
  }
  const restore = (): void => {
    if (process.emitWarning === filtered) process.emitWarning = original
  }
  process.emitWarning = filtered
  let result: A
  try {
    result = body()
  } catch (error) {
    restore()
    throw error
  }
  if (result instanceof Promise) result.then(restore, restore)
  else restore()
  return result
}

/** The JavaScript of a source, every token at its line and column. */
export const toJavaScript = (file: string, source: string): string =>
  /\.[cm]?ts$/u.test(file) ? quietly(() => stripTypeScriptTypes(source, { mode: "strip" })) : source
