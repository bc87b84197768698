import { Script } from "node:vm"
import { budget } from "../machine/Budget.ts"
import { invoke, stepped } from "../machine/Coroutines.ts"
import { each } from "../machine/Cursors.ts"
import { LuaTable } from "../machine/LuaTable.ts"
import * as Operations from "../machine/Operations.ts"
import { type Chunk, newFile, register } from "../machine/Positions.ts"
import { all, first, type LuaFunction, type LuaValue, NOTHING } from "../machine/Values.ts"
import { generate } from "./Generate.ts"
import { SyntaxProblem } from "./Lexer.ts"
import { parse } from "./Parser.ts"

/** What the globals of a script are. */
export interface Environment {
  readonly getGlobal: (name: string) => LuaValue
  readonly setGlobal: (name: string, value: LuaValue) => void
}

/** Characters of a name in messages. */
const LONGEST_NAME = 59

/** What messages call a chunk: `user_script` for `@user_script`, the beginning of a source for the source. */
export const nameOf = (source: string): string => {
  if (source.startsWith("=")) return source.slice(1, LONGEST_NAME + 1)
  if (source.startsWith("@")) {
    const name = source.slice(1)
    const room = LONGEST_NAME - 7
    return name.length > room ? `...${name.slice(-room)}` : name
  }
  const room = LONGEST_NAME + 1 - ' [string "..."] '.length - 1
  const text = /^[^\0]*/.exec(source)?.[0] ?? ""
  const short = /^[^\r\n]*/.exec(text)?.[0].slice(0, room) ?? ""
  return short.length < text.length ? `[string "${short}..."]` : `[string "${short}"]`
}

type Factory = (needs: Readonly<Record<string, unknown>>, chunk: Chunk) => LuaFunction

const isFactory = (value: unknown): value is Factory => typeof value === "function"

/**
 * Compiles a script.
 *
 * @param source the script
 * @param origin where it comes from: `@user_script`, or a source itself
 * @param isStepped whether coroutines must be able to leave its functions
 * @throws SyntaxProblem
 */
export const compile = (
  source: string,
  origin: string,
  environment: Environment,
  isStepped: boolean
): LuaFunction => {
  const name = nameOf(origin)
  const file = newFile()
  try {
    const { code, sites, siteOfLine } = generate(parse(source, name), isStepped)
    const chunk: Chunk = { source: origin, name, sites, siteOfLine }
    const factory: unknown = new Script(code, { filename: file }).runInThisContext()
    if (!isFactory(factory)) throw new Error("The code of a script is no function.")
    register(file, chunk)
    return factory({ ...NEEDED, ...environment }, chunk)
  } catch (problem) {
    // What is nested too deeply for the parser of JavaScript is too complex for that of Lua, too.
    if (problem instanceof RangeError)
      throw new SyntaxProblem(`${name}:1: function or expression too complex`)
    throw problem
  }
}

const NEEDED = { ...Operations, LuaTable, NOTHING, all, budget, each, first, invoke, stepped }
