const TAIL_CALL = /\breturn\s+redis\s*\.\s*p?call\s*\(/
const AT_START = /^return(\s+)(redis\s*\.\s*p?call\s*)\(/

/** The end of a string, a comment or another token that begins at `at`. */
const tokenEnd = (source: string, at: number): number => {
  const first = source[at]
  if (first === '"' || first === "'") {
    let end = at + 1
    while (end < source.length && source[end] !== first) end += source[end] === "\\" ? 2 : 1
    return end + 1
  }
  const comment = source.startsWith("--", at)
  const open = /^\[(=*)\[/.exec(source.slice(comment ? at + 2 : at, at + 64))
  if (open !== null) {
    const close = source.indexOf(`]${open[1] ?? ""}]`, at)
    return close === -1 ? source.length : close + (open[1] ?? "").length + 2
  }
  if (comment) {
    const end = source.indexOf("\n", at)
    return end === -1 ? source.length : end
  }
  return at + 1
}

/** The place after the parenthesis that closes the one at `open`; `undefined` if there is none. */
const closing = (source: string, open: number): number | undefined => {
  let depth = 0
  for (let at = open; at < source.length; at = tokenEnd(source, at)) {
    if (source[at] === "(") depth++
    else if (source[at] === ")" && --depth === 0) return at + 1
  }
  return undefined
}

/**
 * Puts `redis.call(...)` after `return` into parentheses. As a tail call it would take the place of its caller, and an
 * error could not name the line; in Redis it is no Lua function, and its caller stays.
 */
export const keepCallers = (source: string): string => {
  if (!TAIL_CALL.test(source)) return source
  let out = ""
  let copied = 0
  const ends: Array<number> = []
  for (let at = 0; at < source.length; at = tokenEnd(source, at)) {
    if (at === ends.at(-1)) {
      ends.pop()
      out += `${source.slice(copied, at)})`
      copied = at
    }
    if (source[at] !== "r" || /\w/.test(source[at - 1] ?? " ")) continue
    const found = AT_START.exec(source.slice(at, at + 256))
    if (found === null) continue
    const end = closing(source, at + found[0].length - 1)
    if (end === undefined) continue
    const from = at + "return".length + (found[1] ?? "").length
    out += `${source.slice(copied, from)}(`
    copied = from
    ends.push(end)
  }
  out += source.slice(copied)
  return ends.length > 0 ? `${out})` : out
}
