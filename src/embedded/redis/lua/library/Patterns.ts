import { budget } from "../machine/Budget.ts"
import { libraryError } from "../machine/Errors.ts"
import type { LuaValue } from "../machine/Values.ts"

const MOST_CAPTURES = 32
/** A capture that has begun but not ended. */
const UNFINISHED = -1
/** A capture of a position. */
const POSITION = -2
const NOT_FOUND = -1

const code = (char: string): number => char.charCodeAt(0)
const ESCAPE = code("%")
const DOT = code(".")
const OPEN_SET = code("[")
const CLOSE_SET = code("]")
const CARET = code("^")
const DASH = code("-")

const isDigit = (char: number): boolean => char >= 48 && char <= 57
const isLower = (char: number): boolean => char >= 97 && char <= 122
const isUpper = (char: number): boolean => char >= 65 && char <= 90
const isAlphabetic = (char: number): boolean => isLower(char) || isUpper(char)
const isPrintable = (char: number): boolean => char > 32 && char < 127

const CLASSES: ReadonlyMap<number, (char: number) => boolean> = new Map(
  Object.entries({
    a: isAlphabetic,
    c: (char: number) => char < 32 || char === 127,
    d: isDigit,
    l: isLower,
    p: (char: number) => isPrintable(char) && !isAlphabetic(char) && !isDigit(char),
    s: (char: number) => char === 32 || (char >= 9 && char <= 13),
    u: isUpper,
    w: (char: number) => isAlphabetic(char) || isDigit(char),
    x: (char: number) => isDigit(char) || (char >= 97 && char <= 102) || (char >= 65 && char <= 70),
    z: (char: number) => char === 0
  }).map(([name, test]) => [code(name), test])
)

/** Whether a character is of a class such as `%a`; a capital letter means all others. */
const isOfClass = (char: number, name: number): boolean => {
  const test = CLASSES.get(name | 32)
  if (test === undefined || !isAlphabetic(name)) return char === name
  return test(char) !== isUpper(name)
}

/** Matches a pattern of Lua at positions of a text. Positions begin at 0. */
export class Matcher {
  private readonly text: string
  private readonly pattern: string
  private readonly starts: Array<number> = []
  private readonly lengths: Array<number> = []

  constructor(text: string, pattern: string) {
    this.text = text
    this.pattern = pattern
  }

  /** Where the match ends that begins at a position; -1 if there is none. */
  matchAt(position: number, from = 0): number {
    this.starts.length = 0
    this.lengths.length = 0
    return this.match(position, from)
  }

  get captureCount(): number {
    return this.starts.length
  }

  /** What a capture holds; without any the first is the whole match. */
  capture(at: number, start: number, end: number): LuaValue {
    const from = this.starts[at]
    const length = this.lengths[at]
    if (from === undefined || length === undefined) {
      if (at === 0) return this.text.slice(start, end)
      throw libraryError("invalid capture index")
    }
    if (length === UNFINISHED) throw libraryError("unfinished capture")
    return length === POSITION ? from + 1 : this.text.slice(from, from + length)
  }

  /** What was matched. */
  whole(start: number, end: number): string {
    return this.text.slice(start, end)
  }

  /** All captures, or else the whole match. */
  captures(start: number, end: number): ReadonlyArray<LuaValue> {
    const found: Array<LuaValue> = []
    const count = Math.max(this.starts.length, 1)
    for (let at = 0; at < count; at++) found.push(this.capture(at, start, end))
    return found
  }

  /** Matches the pattern from `at` on. */
  private match(from: number, patternFrom: number): number {
    const { text, pattern } = this
    let position = from
    let at = patternFrom
    for (;;) {
      budget.spend(1)
      if (at >= pattern.length) return position
      const char = pattern.charCodeAt(at)
      if (char === 40) {
        return pattern.charCodeAt(at + 1) === 41
          ? this.open(position, at + 2, POSITION)
          : this.open(position, at + 1, UNFINISHED)
      }
      if (char === 41) return this.close(position, at + 1)
      if (char === ESCAPE) {
        const next = pattern.charCodeAt(at + 1)
        if (next === 98) {
          position = this.balance(position, at + 2)
          if (position === NOT_FOUND) return NOT_FOUND
          at += 4
          continue
        }
        if (next === 102) {
          at += 2
          if (pattern.charCodeAt(at) !== OPEN_SET) throw libraryError("missing '[' after '%f' in pattern")
          const end = this.itemEnd(at)
          const before = position === 0 ? 0 : text.charCodeAt(position - 1)
          const after = position < text.length ? text.charCodeAt(position) : 0
          if (this.isInSet(before, at, end - 1) || !this.isInSet(after, at, end - 1)) return NOT_FOUND
          at = end
          continue
        }
        if (isDigit(next)) {
          position = this.again(position, next)
          if (position === NOT_FOUND) return NOT_FOUND
          at += 2
          continue
        }
      }
      if (char === 36 && at + 1 === pattern.length) return position === text.length ? position : NOT_FOUND
      const end = this.itemEnd(at)
      const suffix = pattern.charCodeAt(end)
      if (suffix === 42) return this.most(position, at, end)
      if (suffix === 43) return this.fits(position, at, end) ? this.most(position + 1, at, end) : NOT_FOUND
      if (suffix === DASH) return this.least(position, at, end)
      const fits = this.fits(position, at, end)
      if (suffix === 63) {
        if (fits) {
          const found = this.match(position + 1, end + 1)
          if (found !== NOT_FOUND) return found
        }
        at = end + 1
        continue
      }
      if (!fits) return NOT_FOUND
      position++
      at = end
    }
  }

  /** Where an item of the pattern ends that stands for one character. */
  private itemEnd(at: number): number {
    const { pattern } = this
    const char = pattern.charCodeAt(at)
    if (char === ESCAPE) {
      if (at + 1 >= pattern.length) throw libraryError("malformed pattern (ends with '%')")
      return at + 2
    }
    if (char !== OPEN_SET) return at + 1
    let end = at + 1
    if (pattern.charCodeAt(end) === CARET) end++
    do {
      if (end >= pattern.length) throw libraryError("malformed pattern (missing ']')")
      if (pattern.charCodeAt(end++) === ESCAPE && end < pattern.length) end++
    } while (pattern.charCodeAt(end) !== CLOSE_SET)
    return end + 1
  }

  private fits(position: number, at: number, end: number): boolean {
    const { text, pattern } = this
    if (position >= text.length) return false
    const char = text.charCodeAt(position)
    const item = pattern.charCodeAt(at)
    if (item === DOT) return true
    if (item === ESCAPE) return isOfClass(char, pattern.charCodeAt(at + 1))
    return item === OPEN_SET ? this.isInSet(char, at, end - 1) : item === char
  }

  /** Whether a character is in the set from a bracket to the one that closes it. */
  private isInSet(char: number, open: number, close: number): boolean {
    const { pattern } = this
    const isNegative = pattern.charCodeAt(open + 1) === CARET
    let at = isNegative ? open + 2 : open + 1
    for (; at < close; at++) {
      const item = pattern.charCodeAt(at)
      if (item === ESCAPE) {
        if (isOfClass(char, pattern.charCodeAt(++at))) return !isNegative
      } else if (pattern.charCodeAt(at + 1) === DASH && at + 2 < close) {
        at += 2
        if (item <= char && char <= pattern.charCodeAt(at)) return !isNegative
      } else if (item === char) return !isNegative
    }
    return isNegative
  }

  private most(position: number, at: number, end: number): number {
    let count = 0
    while (this.fits(position + count, at, end)) count++
    budget.spend(count >> 2)
    for (; count >= 0; count--) {
      const found = this.match(position + count, end + 1)
      if (found !== NOT_FOUND) return found
    }
    return NOT_FOUND
  }

  private least(from: number, at: number, end: number): number {
    for (let position = from; ; position++) {
      const found = this.match(position, end + 1)
      if (found !== NOT_FOUND) return found
      if (!this.fits(position, at, end)) return NOT_FOUND
    }
  }

  private open(position: number, at: number, kind: number): number {
    const { starts, lengths } = this
    if (starts.length >= MOST_CAPTURES) throw libraryError("too many captures")
    starts.push(position)
    lengths.push(kind)
    const found = this.match(position, at)
    if (found === NOT_FOUND) {
      starts.pop()
      lengths.pop()
    }
    return found
  }

  private close(position: number, at: number): number {
    const { starts, lengths } = this
    const last = lengths.lastIndexOf(UNFINISHED)
    if (last === -1) throw libraryError("invalid pattern capture")
    lengths[last] = position - (starts[last] ?? 0)
    const found = this.match(position, at)
    if (found === NOT_FOUND) lengths[last] = UNFINISHED
    return found
  }

  private balance(position: number, at: number): number {
    const { text, pattern } = this
    if (at + 1 >= pattern.length) throw libraryError("unbalanced pattern")
    const open = pattern.charCodeAt(at)
    const close = pattern.charCodeAt(at + 1)
    if (position >= text.length || text.charCodeAt(position) !== open) return NOT_FOUND
    let depth = 1
    for (let end = position + 1; end < text.length; end++) {
      const char = text.charCodeAt(end)
      if (char === close) {
        if (--depth === 0) return end + 1
      } else if (char === open) depth++
    }
    return NOT_FOUND
  }

  /** Matches what a capture holds once more. */
  private again(position: number, digit: number): number {
    const { text, starts, lengths } = this
    const start = starts[digit - 49]
    const length = lengths[digit - 49]
    if (start === undefined || length === undefined || length === UNFINISHED) {
      throw libraryError("invalid capture index")
    }
    if (length === POSITION) return NOT_FOUND
    return text.startsWith(text.slice(start, start + length), position) ? position + length : NOT_FOUND
  }
}

/** A pattern up to its first zero byte. */
export const patternOf = (text: string): string => {
  const end = text.indexOf("\0")
  return end === -1 ? text : text.slice(0, end)
}
