/** What an argument is, in Redis's own words. */
export type ArgumentType =
  | "string"
  | "integer"
  | "double"
  | "key"
  | "pattern"
  | "unix-time"
  | "pure-token"
  | "oneof"
  | "block"

/** One argument of a command, as COMMAND DOCS describes it. */
export interface SyntaxArgument {
  readonly name: string
  readonly type: ArgumentType
  /** The word that is written before it, or that it is. */
  readonly token: string | undefined
  /** Which of the command's key specifications finds it. */
  readonly keySpec: number | undefined
  readonly since: string | undefined
  readonly deprecatedSince: string | undefined
  readonly isOptional: boolean
  /** It may be repeated; `withToken`, its token is repeated each time. */
  readonly repeats: "no" | "once" | "withToken"
  /** The parts of a block, or what one is chosen from. */
  readonly parts: ReadonlyArray<SyntaxArgument>
}

const TYPES: Readonly<Record<string, ArgumentType>> = {
  int: "integer",
  double: "double",
  pattern: "pattern",
  time: "unix-time"
}

const SUFFIX = /^(?:\/(\d+\.\d+\.\d+))?(?:-(\d+\.\d+\.\d+))?(\*?\.\.\.)?/
const ATOM =
  /^(.+?)(?::(int|double|pattern|time))?(?:@(\d))?((?:\/\d+\.\d+\.\d+)?(?:-\d+\.\d+\.\d+)?(?:\*?\.\.\.)?)$/

class SyntaxReader {
  private readonly text: string
  private at = 0

  constructor(text: string) {
    this.text = text
  }

  private skip(): void {
    while (this.text[this.at] === " ") this.at++
  }

  /** Reads arguments up to a closing bracket or the end; whether they are alternatives. */
  list(): { readonly items: ReadonlyArray<SyntaxArgument>; readonly isChoice: boolean } {
    const items: Array<SyntaxArgument> = []
    let isChoice = false
    for (;;) {
      this.skip()
      const char = this.text[this.at]
      if (char === undefined || char === ")" || char === "]") return { items, isChoice }
      if (char === "|") {
        isChoice = true
        this.at++
      } else items.push(this.argument())
    }
  }

  private argument(): SyntaxArgument {
    if (this.text[this.at] !== "[") return this.term()
    this.at++
    const inner = this.term()
    this.at++
    return { ...inner, isOptional: true }
  }

  private term(): SyntaxArgument {
    const start = this.at
    while (this.at < this.text.length && !" ()[]".includes(this.text[this.at] ?? "")) this.at++
    const word = this.text.slice(start, this.at)
    if (this.text[this.at] !== "(") return atom(word)
    this.at++
    const { items, isChoice } = this.list()
    this.at++
    const suffix = SUFFIX.exec(this.text.slice(this.at))
    this.at += suffix?.[0].length ?? 0
    const [name, token] = named(word)
    return {
      name,
      type: isChoice ? "oneof" : "block",
      token,
      keySpec: undefined,
      ...suffixOf(suffix?.[0] ?? ""),
      isOptional: false,
      parts: items
    }
  }
}

const suffixOf = (text: string): Pick<SyntaxArgument, "since" | "deprecatedSince" | "repeats"> => {
  const [, since, deprecatedSince, dots] = SUFFIX.exec(text) ?? []
  const repeats = dots === undefined ? "no" : dots === "..." ? "once" : "withToken"
  return { since, deprecatedSince, repeats }
}

/** The name and the token of `TOKEN=name`. */
const named = (word: string): readonly [name: string, token: string | undefined] => {
  const [, token, name] = /^([A-Z][A-Z0-9-]*)=(.+)$/.exec(word) ?? []
  return name === undefined ? [word, undefined] : [name, token]
}

const atom = (word: string): SyntaxArgument => {
  const [, body = word, type, keySpec, suffix = ""] = ATOM.exec(word) ?? []
  const common = { ...suffixOf(suffix), isOptional: false, parts: [] }
  const pure = /^([a-z_]+)=(.*)$/.exec(body)
  if (pure !== null || /^[A-Z][A-Z0-9-]*$/.test(body)) {
    const [, name = body.toLowerCase(), token = body] = pure ?? []
    return { name, type: "pure-token", token, keySpec: undefined, ...common }
  }
  const [name, token] = named(body)
  const kind = type === undefined ? undefined : TYPES[type]
  return {
    name,
    type: kind ?? (keySpec === undefined ? "string" : "key"),
    token,
    keySpec: keySpec === undefined ? undefined : Number(keySpec),
    ...common
  }
}

/**
 * Reads the syntax of a command. `[x]` may be left out, `x...` be repeated (`x*...` with its token), `name(a | b)` is one
 * of several, `name(a b)` both. `WORD` stands for itself, and `name=WORD` for a WORD that is called otherwise;
 * `WORD=name` is an argument after that word. `:int`, `:double`, `:pattern` and `:time` are what an argument is, `@0` is
 * a key that the first key specification finds, and `/6.2.0` the version that brought it (`-6.2.0`: gave it up).
 *
 * @example
 * ```ts
 * import { parseSyntax } from "./ArgumentSyntax.ts"
 *
 * parseSyntax("key@0 [LIMIT=window(offset:int count:int)/2.8.0] [order(ASC | DESC)]")
 * ```
 */
export const parseSyntax = (syntax: string): ReadonlyArray<SyntaxArgument> =>
  new SyntaxReader(syntax).list().items

const usageOfValue = ({ name, type, token, parts, isOptional }: SyntaxArgument): string => {
  if (type === "pure-token") return token === "" ? '""' : (token ?? "")
  if (type === "block") return usageOf(parts)
  if (type !== "oneof") return name
  const choice = parts.map(usageOfArgument).join(" | ")
  return isOptional && token === undefined ? choice : `<${choice}>`
}

const usageOfArgument = (argument: SyntaxArgument): string => {
  const { token, repeats, type } = argument
  const value = usageOfValue(argument)
  const once = token === undefined || type === "pure-token" ? value : `${token} ${value}`
  const text = repeats === "no" ? once : `${once} [${repeats === "withToken" ? once : value} ...]`
  return argument.isOptional ? `[${text}]` : text
}

/** How a command is written, as its documentation shows it. */
export const usageOf = (syntax: ReadonlyArray<SyntaxArgument>): string =>
  syntax.map(usageOfArgument).join(" ")
