import { parseNumber } from "../machine/Types.ts"

/** What a token is: a name, a text, a number, the end, or a word or sign of the language. */
export type TokenKind = "<name>" | "<string>" | "<number>" | "<eof>" | (string & {})

/** The source is no Lua. */
export class SyntaxProblem {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

const RESERVED: ReadonlySet<string> = new Set(
  "and break do else elseif end false for function if in local nil not or repeat return then true until while".split(
    " "
  )
)

const NAME = /[A-Za-z_]\w*/y
const NUMBER = /(?:\d|\.\d)[\d.]*(?:[eE][+-]?)?\w*/y
const SPACES = /[ \t\v\f]+/y
const DECIMAL_OR_HEX = /^(?:0[xX][\da-fA-F]+(?:[pP]\d+)?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)$/
const LONG_OPEN = /\[(=*)\[/y
const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v"
}

const matchAt = (pattern: RegExp, text: string, at: number): string => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? ""
}

const isNewline = (char: string | undefined): boolean => char === "\n" || char === "\r"

/** Reads tokens. `kind`, `value` and `number` are those of the current one. */
export class Lexer {
  kind: TokenKind = "<eof>"
  /** The name, or the text of a string. */
  value = ""
  number = 0
  /** The line of what was read last. */
  line = 1
  /** The line of the token before the current one. */
  lastLine = 1
  /** How messages quote the current token. */
  private raw = ""
  private at = 0
  private ahead:
    | { readonly kind: TokenKind; readonly value: string; readonly number: number; readonly raw: string }
    | undefined
  private readonly text: string
  private readonly chunk: string

  constructor(text: string, chunk: string) {
    this.text = text
    this.chunk = chunk
    // A first line that begins with # is for the system.
    if (text.startsWith("#")) while (this.at < text.length && !isNewline(text[this.at])) this.at++
  }

  /** Reads the next token. */
  next(): void {
    this.lastLine = this.line
    const { ahead } = this
    if (ahead === undefined) {
      this.read()
      return
    }
    Object.assign(this, ahead)
    this.ahead = undefined
  }

  /** The kind of the token after the current one. */
  peek(): TokenKind {
    const { kind, value, number, raw } = this
    this.read()
    const ahead = { kind: this.kind, value: this.value, number: this.number, raw: this.raw }
    this.ahead = ahead
    this.kind = kind
    this.value = value
    this.number = number
    this.raw = raw
    return ahead.kind
  }

  /** Fails with a message about the current token. */
  fail(message: string): never {
    return this.failNear(message, this.raw)
  }

  /** Fails without quoting anything. */
  failHere(message: string): never {
    throw new SyntaxProblem(`${this.chunk}:${this.line}: ${message}`)
  }

  private failNear(message: string, near: string): never {
    const end = near.indexOf("\0")
    return this.failHere(`${message} near '${end === -1 ? near : near.slice(0, end)}'`)
  }

  private set(kind: TokenKind, raw: string): void {
    this.kind = kind
    this.raw = raw
    this.at += raw.length
  }

  private read(): void {
    const { text } = this
    for (;;) {
      const char = text[this.at]
      if (char === undefined) {
        this.kind = "<eof>"
        this.raw = "<eof>"
        return
      }
      if (isNewline(char)) this.newline()
      else if (char === " " || char === "\t" || char === "\v" || char === "\f") {
        this.at += matchAt(SPACES, text, this.at).length
      } else if (text.startsWith("--", this.at)) this.comment()
      else break
    }
    const name = matchAt(NAME, text, this.at)
    if (name !== "") {
      this.set(RESERVED.has(name) ? name : "<name>", name)
      this.value = name
      return
    }
    const digits = matchAt(NUMBER, text, this.at)
    if (digits !== "") return this.readNumber(digits)
    this.readSign()
  }

  private readNumber(digits: string): void {
    this.set("<number>", digits)
    if (!DECIMAL_OR_HEX.test(digits)) this.failNear("malformed number", digits)
    this.number = parseNumber(digits) ?? 0
  }

  private readSign(): void {
    const { text, at } = this
    const char = text[at] ?? ""
    if (char === '"' || char === "'") return this.readString(char)
    if (char === "[") {
      const open = matchAt(LONG_OPEN, text, at)
      if (open !== "") {
        this.value = this.longText(open, "string")
        this.kind = "<string>"
        this.raw = `${open}${this.value}${open.replaceAll("[", "]")}`
        return
      }
      const broken = /^\[=+/.exec(text.slice(at, at + 80))?.[0]
      if (broken !== undefined) this.failNear("invalid long string delimiter", broken)
    }
    for (const sign of ["...", "..", "==", "~=", "<=", ">="]) {
      if (text.startsWith(sign, at)) return this.set(sign, sign)
    }
    this.set(char, char)
    const code = char.charCodeAt(0)
    if (code < 32 || code === 127) this.raw = `char(${code})`
  }

  private newline(): void {
    const { text, at } = this
    const pair = isNewline(text[at + 1]) && text[at + 1] !== text[at]
    this.at += pair ? 2 : 1
    this.line++
  }

  private comment(): void {
    const { text } = this
    this.at += 2
    const open = matchAt(LONG_OPEN, text, this.at)
    if (open !== "") {
      this.longText(open, "comment")
      return
    }
    while (this.at < text.length && !isNewline(text[this.at])) this.at++
  }

  private longText(open: string, what: string): string {
    const { text } = this
    const close = open.replaceAll("[", "]")
    this.at += open.length
    if (isNewline(text[this.at])) this.newline()
    let out = ""
    for (;;) {
      const char = text[this.at]
      if (char === undefined) return this.failNear(`unfinished long ${what}`, "<eof>")
      if (text.startsWith(close, this.at)) break
      if (isNewline(char)) {
        out += "\n"
        this.newline()
        continue
      }
      let end = this.at + 1
      while (end < text.length && !"]\r\n".includes(text[end] ?? "")) end++
      out += text.slice(this.at, end)
      this.at = end
    }
    this.at += close.length
    return out
  }

  private readString(quote: string): void {
    const { text } = this
    let out = ""
    this.at++
    for (;;) {
      const char = text[this.at]
      if (char === undefined) return this.failNear("unfinished string", "<eof>")
      if (isNewline(char)) return this.failNear("unfinished string", quote + out)
      if (char === quote) break
      if (char === "\\") {
        out += this.escape(quote + out)
        continue
      }
      let end = this.at + 1
      while (end < text.length && text[end] !== quote && !"\\\r\n".includes(text[end] ?? "")) end++
      out += text.slice(this.at, end)
      this.at = end
    }
    this.at++
    this.kind = "<string>"
    this.value = out
    this.raw = quote + out + quote
  }

  private escape(before: string): string {
    const { text } = this
    this.at++
    const char = text[this.at]
    if (char === undefined) return ""
    if (isNewline(char)) {
      this.newline()
      return "\n"
    }
    const digits = /^\d{1,3}/.exec(text.slice(this.at, this.at + 3))?.[0]
    if (digits !== undefined) {
      this.at += digits.length
      const code = Number(digits)
      if (code > 255) this.failNear("escape sequence too large", before)
      return String.fromCharCode(code)
    }
    this.at++
    return ESCAPES[char] ?? char
  }
}
