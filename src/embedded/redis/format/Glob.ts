/** Matches bytes against a pattern with `*`, `?`, `[a-z]`, `[^a]` and `\` as Redis does. */
export const globMatch = (pattern: string, text: string, ignoreCase = false): boolean =>
  ignoreCase ? match(pattern.toLowerCase(), text.toLowerCase()) : match(pattern, text)

/** Iterative with one backtrack point, so that `*a*a*a*b` cannot take exponential time. */
const match = (pattern: string, text: string): boolean => {
  let p = 0
  let t = 0
  let starPattern = -1
  let starText = 0
  while (t < text.length) {
    if (p < pattern.length) {
      const char = pattern.charCodeAt(p)
      if (char === 42) {
        starPattern = ++p
        starText = t
        continue
      }
      const next = matchOne(pattern, p, text.charCodeAt(t))
      if (next !== -1) {
        p = next
        t++
        continue
      }
    }
    if (starPattern === -1) return false
    p = starPattern
    t = ++starText
  }
  while (p < pattern.length && pattern.charCodeAt(p) === 42) p++
  return p >= pattern.length
}

/** The position after the token at `p` if it matches the byte, else -1. */
const matchOne = (pattern: string, p: number, byte: number): number => {
  const char = pattern.charCodeAt(p)
  if (char === 63) return p + 1
  if (char === 91) return matchClass(pattern, p + 1, byte)
  if (char === 92 && p + 1 < pattern.length) return pattern.charCodeAt(p + 1) === byte ? p + 2 : -1
  return char === byte ? p + 1 : -1
}

const matchClass = (pattern: string, start: number, byte: number): number => {
  let p = start
  const negated = pattern.charCodeAt(p) === 94
  if (negated) p++
  let found = false
  while (true) {
    if (p >= pattern.length) break
    const char = pattern.charCodeAt(p)
    if (char === 92 && p + 1 < pattern.length) {
      p++
      if (pattern.charCodeAt(p) === byte) found = true
    } else if (char === 93) {
      p++
      break
    } else if (pattern.charCodeAt(p + 1) === 45 && p + 2 < pattern.length) {
      const end = pattern.charCodeAt(p + 2)
      if (byte >= Math.min(char, end) && byte <= Math.max(char, end)) found = true
      p += 2
    } else if (char === byte) found = true
    p++
  }
  return found === negated ? -1 : p
}
