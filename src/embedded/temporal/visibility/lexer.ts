import { invalidArgument } from "../errors.ts"
import type { ServiceError } from "../errors.ts"
import { lowerCasedWords, reservedWords } from "./keywords.ts"

export type TokenKind =
  | "name"
  | "word"
  | "string"
  | "integer"
  | "float"
  | "other"
  | "symbol"
  | "end"
  | "error"

/** A token of a list filter. */
export interface Token {
  readonly kind: TokenKind
  /** The name, the reserved word in lower case, the value without its quotes, or the symbol. */
  readonly text: string
  /** Where the real server's messages say it is: behind it, counted in the statement that it makes of a filter. */
  readonly position: number
}

/** A filter that is not understood, with the real server's text. */
export const invalidQuery = (message: string): ServiceError => invalidArgument(`invalid query: ${message}`)

/** The error at a token that cannot stand where it does. */
export const syntaxError = (token: Token): ServiceError => {
  const near = token.kind === "symbol" || token.kind === "end" ? "" : token.text
  return invalidQuery(
    `malformed SQL query: syntax error at position ${token.position}${near === "" ? "" : ` near '${near}'`}`
  )
}

const escapes: Readonly<Record<string, string>> = {
  "0": "\0",
  b: "\b",
  n: "\n",
  r: "\r",
  t: "\t",
  Z: "\u001a"
}

const isLetter = (char: string): boolean => /[A-Za-z_@]/.test(char)
const symbols = ["<=>", "->>", "&&", "||", "<>", "<<", "<=", ">=", ">>", "!=", "->"]
const single = "=<>(),;+-*/%^~&|!."

class Lexer {
  readonly #text: string
  readonly #base: number
  #at = 0
  #positional = 0

  constructor(text: string, base: number) {
    this.#text = text
    this.#base = base
  }

  #peek(offset = 0): string {
    return this.#text.charAt(this.#at + offset)
  }

  #token(kind: TokenKind, text: string): Token {
    return { kind, text, position: this.#base + this.#at + 1 }
  }

  /** Skips blanks and comments. Returns false at a comment without an end. */
  #skip(): boolean {
    for (;;) {
      const rest = this.#text.slice(this.#at)
      const blank = /^[ \n\r\t]+/.exec(rest) ?? /^(?:--|#|\/\/)[^\n]*(?:\n|$)/.exec(rest)
      if (blank !== null) {
        this.#at += blank[0].length
        continue
      }
      if (!rest.startsWith("/*")) return true
      const end = rest.indexOf("*/", 2)
      if (end < 0) {
        this.#at = this.#text.length
        return false
      }
      this.#at += end + 2
    }
  }

  next(): Token {
    if (!this.#skip()) return this.#token("error", "")
    const char = this.#peek()
    if (char === "") return this.#token("end", "")
    if (isLetter(char)) return this.#word()
    if (/\d/.test(char) || (char === "." && /\d/.test(this.#peek(1)))) return this.#number()
    if (char === "'" || char === '"') return this.#string(char)
    if (char === "`") return this.#quotedName()
    if (char === "?") {
      this.#at += 1
      this.#positional += 1
      return this.#token("other", `:v${this.#positional}`)
    }
    const bound = /^::?[A-Za-z_@][A-Za-z_@\d.]*/.exec(this.#text.slice(this.#at))
    if (bound !== null) {
      this.#at += bound[0].length
      return this.#token("other", bound[0])
    }
    const symbol = symbols.find((each) => this.#text.startsWith(each, this.#at))
    this.#at += symbol?.length ?? 1
    if (symbol !== undefined) return this.#token("symbol", symbol)
    return single.includes(char) ? this.#token("symbol", char) : this.#token("error", char)
  }

  #word(): Token {
    const literal = /^[xXbB]'([0-9A-Fa-f]*)'/.exec(this.#text.slice(this.#at))
    if (literal !== null) {
      this.#at += literal[0].length
      return this.#token("other", literal[1] ?? "")
    }
    const word = /^[A-Za-z_@][A-Za-z_@\d$]*/.exec(this.#text.slice(this.#at))?.[0] ?? ""
    this.#at += word.length
    const lower = word.toLowerCase()
    if (reservedWords.has(lower)) return this.#token("word", lower)
    return this.#token("name", lowerCasedWords.has(lower) ? lower : word)
  }

  #number(): Token {
    const rest = this.#text.slice(this.#at)
    const hex = /^0[xX][0-9A-Fa-f]*/.exec(rest)
    const number = hex?.[0] ?? /^(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d*)?/.exec(rest)?.[0] ?? ""
    this.#at += number.length
    // A letter cannot follow a number.
    if (isLetter(this.#peek())) return this.#token("error", number)
    if (hex !== null) return this.#token("other", number)
    return this.#token(/^\d+$/.test(number) ? "integer" : "float", number)
  }

  #string(quote: string): Token {
    let value = ""
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const char = this.#peek()
      if (char === "\\") {
        this.#at += 1
        const escaped = this.#peek()
        if (escaped === "") break
        value += escapes[escaped] ?? escaped
      } else if (char !== quote) value += char
      else if (this.#peek(1) === quote) {
        value += quote
        this.#at += 1
      } else {
        this.#at += 1
        return this.#token("string", value)
      }
    }
    return this.#token("error", value)
  }

  #quotedName(): Token {
    const quoted = /^`((?:[^`]|``)+)`/.exec(this.#text.slice(this.#at))
    if (quoted === null) {
      const value = this.#text.slice(this.#at + 1)
      this.#at = this.#text.length
      return this.#token("error", value)
    }
    this.#at += quoted[0].length
    return this.#token("name", (quoted[1] ?? "").replaceAll("``", "`"))
  }
}

/**
 * All tokens of a text, the last of which is its end.
 *
 * @param base how much stands before the text where positions are counted
 */
export const tokenize = (text: string, base: number): Token[] => {
  const lexer = new Lexer(text, base)
  const tokens: Token[] = []
  for (;;) {
    const token = lexer.next()
    tokens.push(token)
    if (token.kind === "end" || token.kind === "error") return tokens
  }
}
