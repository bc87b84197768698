import { budget } from "../machine/Budget.ts"
import { argumentError, libraryError } from "../machine/Errors.ts"
import { LuaTable } from "../machine/LuaTable.ts"
import { getIndex } from "../machine/Operations.ts"
import { isNative, named } from "../machine/Positions.ts"
import { STRING_METATABLE } from "../machine/StringMetatable.ts"
import { toText, typeName } from "../machine/Types.ts"
import { first, LuaError, type LuaResult, type LuaValue, NOTHING } from "../machine/Values.ts"
import {
  type Args,
  functionAt,
  intAt,
  integerAt,
  library,
  optionalInt,
  optionalInteger,
  textAt
} from "./Arguments.ts"
import { format } from "./Format.ts"
import { Matcher, patternOf } from "./Patterns.ts"

const SPECIAL = /[\^$*+?.([%-]/
const LONGEST_TEXT = 2 ** 29 - 24
/** More values than this a function cannot return. */
const MOST_VALUES = 7998

/** The head of what a function is compiled to in Lua. Nothing can load it, in Redis neither. */
const BYTECODE = "\x1bLuaQ\0\x01\x04\x08\x04\x08\0"

/** A position from the end if it is negative. */
const fromStart = (position: number, length: number): number =>
  Math.max(0, position < 0 ? position + length + 1 : position)

const byte = (...args: Args): LuaResult => {
  const text = textAt(args, 1)
  const from = fromStart(optionalInteger(args, 2, 1), text.length)
  const to = Math.min(fromStart(optionalInteger(args, 3, from), text.length), text.length)
  const start = Math.max(from, 1)
  if (start > to) return NOTHING
  if (to - start >= MOST_VALUES - args.length) throw libraryError("stack overflow (string slice too long)")
  if (start === to) return text.charCodeAt(start - 1)
  return Array.from({ length: to - start + 1 }, (_, at) => text.charCodeAt(start - 1 + at))
}

const char = (...args: Args): string =>
  args
    .map((_, at) => {
      const code = intAt(args, at + 1)
      if (code < 0 || code > 255) throw argumentError(at + 1, "invalid value")
      return String.fromCharCode(code)
    })
    .join("")

const sub = (...args: Args): string => {
  const text = textAt(args, 1)
  const from = Math.max(1, fromStart(integerAt(args, 2), text.length))
  const to = fromStart(optionalInteger(args, 3, -1), text.length)
  return from <= to ? text.slice(from - 1, to) : ""
}

const rep = (...args: Args): string => {
  const text = textAt(args, 1)
  const count = intAt(args, 2)
  if (count <= 0 || text === "") return ""
  if (text.length * count > LONGEST_TEXT) throw new LuaError("not enough memory", undefined, -1)
  budget.allocate(text.length * count)
  return text.repeat(count)
}

const reverse = (...args: Args): string => {
  const text = textAt(args, 1)
  budget.allocate(text.length)
  return Buffer.from(Buffer.from(text, "latin1").toReversed()).toString("latin1")
}

const changeCase =
  (from: RegExp, change: (text: string) => string) =>
  (...args: Args): string => {
    const text = textAt(args, 1)
    budget.allocate(text.length)
    return text.replace(from, change)
  }

const search =
  (isFind: boolean) =>
  (...args: Args): LuaResult => {
    const text = textAt(args, 1)
    const given = textAt(args, 2)
    const start = Math.min(Math.max(fromStart(optionalInteger(args, 3, 1), text.length) - 1, 0), text.length)
    const pattern = patternOf(given)
    if (isFind && ((args[3] !== undefined && args[3] !== false) || !SPECIAL.test(pattern))) {
      const found = text.indexOf(given, start)
      budget.spend((found === -1 ? text.length - start : found - start) >> 6)
      return found === -1 ? undefined : [found + 1, found + given.length]
    }
    const matcher = new Matcher(text, pattern)
    const isAnchored = pattern.startsWith("^")
    for (let at = start; at <= text.length; at++) {
      const end = matcher.matchAt(at, isAnchored ? 1 : 0)
      if (end !== -1) {
        if (!isFind) return matcher.captures(at, end)
        return matcher.captureCount === 0 ? [at + 1, end] : [at + 1, end, ...matcher.captures(at, end)]
      }
      if (isAnchored) break
    }
    return undefined
  }

const gmatch = (...args: Args): LuaValue => {
  const text = textAt(args, 1)
  const matcher = new Matcher(text, patternOf(textAt(args, 2)))
  let at = 0
  return named("gmatch_aux", () => {
    for (; at <= text.length; at++) {
      const end = matcher.matchAt(at)
      if (end === -1) continue
      const start = at
      at = end === start ? end + 1 : end
      return matcher.captures(start, end)
    }
    return NOTHING
  })
}

/** The text of a replacement, with its references to captures. */
const expand = (replacement: string, matcher: Matcher, start: number, end: number): string => {
  if (!replacement.includes("%")) return replacement
  let out = ""
  for (let at = 0; at < replacement.length; at++) {
    const next = replacement[at] ?? ""
    if (next !== "%") {
      out += next
      continue
    }
    const reference = replacement[++at] ?? "\0"
    if (reference < "0" || reference > "9") out += reference
    else if (reference === "0") out += matcher.whole(start, end)
    else out += toText(matcher.capture(Number(reference) - 1, start, end)) ?? ""
  }
  return out
}

const replacementOf = (by: LuaValue, matcher: Matcher, start: number, end: number): LuaValue => {
  if (typeof by === "function") return first(by(...matcher.captures(start, end)))
  if (by instanceof LuaTable) return getIndex(by, matcher.capture(0, start, end))
  return expand(toText(by) ?? "", matcher, start, end)
}

const gsub = (...args: Args): LuaResult => {
  const text = textAt(args, 1)
  const pattern = patternOf(textAt(args, 2))
  const by = args[2]
  const most = optionalInt(args, 4, text.length + 1)
  const isAnchored = pattern.startsWith("^")
  if (!(by instanceof LuaTable) && !["number", "string", "function"].includes(typeof by)) {
    throw argumentError(3, "string/function/table expected")
  }
  const matcher = new Matcher(text, pattern)
  let count = 0
  let at = 0
  let out = ""
  while (count < most) {
    const end = matcher.matchAt(at, isAnchored ? 1 : 0)
    if (end !== -1) {
      count++
      const value = replacementOf(by, matcher, at, end)
      const replaced = value === undefined || value === false ? text.slice(at, end) : toText(value)
      if (replaced === undefined) throw libraryError(`invalid replacement value (a ${typeName(value)})`)
      budget.allocate(replaced.length)
      out += replaced
    }
    if (end > at) at = end
    else if (at < text.length) out += text[at++] ?? ""
    else break
    if (isAnchored) break
  }
  return [out + text.slice(at), count]
}

/** The library `string`. It never changes, so all runtimes share it. */
export const STRING_LIBRARY = library({
  byte,
  char,
  dump: (...args) => {
    if (isNative(functionAt(args, 1))) throw libraryError("unable to dump given function")
    return BYTECODE
  },
  find: search(true),
  format,
  gmatch,
  gsub,
  len: (...args) => textAt(args, 1).length,
  lower: changeCase(/[A-Z]+/g, (text) => text.toLowerCase()),
  match: search(false),
  rep,
  reverse,
  sub,
  upper: changeCase(/[a-z]+/g, (text) => text.toUpperCase())
})
STRING_LIBRARY.set("gfind", STRING_LIBRARY.get("gmatch"))
STRING_LIBRARY.isReadonly = true
STRING_METATABLE.set("__index", STRING_LIBRARY)
STRING_METATABLE.isReadonly = true
