const isSpace = (char: string | undefined): boolean =>
  char === " " ||
  char === "\n" ||
  char === "\r" ||
  char === "\t" ||
  char === "\0" ||
  char === "\v" ||
  char === "\f"

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07" }

/** Splits a line into arguments as redis-cli and inline commands do; `undefined` when quotes do not balance. */
export const splitInline = (line: string): Array<string> | undefined => {
  const args: Array<string> = []
  let at = 0
  while (true) {
    while (at < line.length && isSpace(line[at])) at++
    if (at >= line.length) return args
    let arg = ""
    let quote = ""
    while (true) {
      const char = line[at]
      if (quote !== "") {
        if (char === undefined) return undefined
        if (quote === '"' && char === "\\") {
          const hex = /^x([0-9a-fA-F]{2})/.exec(line.slice(at + 1, at + 4))
          if (hex !== null) {
            arg += String.fromCharCode(Number.parseInt(hex[1] ?? "0", 16))
            at += 4
            continue
          }
          const next = line[at + 1]
          if (next === undefined) return undefined
          arg += ESCAPES[next] ?? next
          at += 2
          continue
        }
        if (quote === "'" && char === "\\" && line[at + 1] === "'") {
          arg += "'"
          at += 2
          continue
        }
        if (char === quote) {
          const next = line[at + 1]
          if (next !== undefined && !isSpace(next)) return undefined
          at++
          break
        }
        arg += char
        at++
        continue
      }
      if (char === undefined || isSpace(char)) break
      if (char === '"' || char === "'") quote = char
      else arg += char
      at++
    }
    args.push(arg)
  }
}
