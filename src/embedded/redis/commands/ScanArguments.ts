import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import { cut, SYNTAX } from "../exec/Errors.ts"
import { globMatch } from "../format/Glob.ts"
import { ErrorReply } from "../resp/Reply.ts"

/** The options of the SCAN family. */
export interface ScanArguments {
  readonly cursor: number
  readonly count: number
  readonly type: string | undefined
  readonly matches: (text: string) => boolean
}

const INVALID_CURSOR = new ErrorReply("ERR invalid cursor")

/** Reads a cursor as C's `strtoul` does: a negative one counts from 2^64, and nothing is 0. */
export const scanCursor = (argument: string): number => {
  const text = cut(argument)
  if (text === "") return 0
  const match = /^([+-]?)(\d{1,20})$/.exec(text)
  const value = BigInt(match?.[2] ?? -1)
  if (match === null || value >= 2n ** 64n) throw INVALID_CURSOR
  return Number(match[1] === "-" ? BigInt.asUintN(64, -value) : value)
}

/** Reads a cursor and the options after it. */
export const scanArguments = (args: Arguments, at: number, allowType: boolean): ScanArguments => {
  const cursor = scanCursor(argument(args, at))
  let count = 10
  let pattern: string | undefined
  let type: string | undefined
  for (let next = at + 1; next < args.length; next += 2) {
    const name = argument(args, next).toUpperCase()
    if (next + 1 >= args.length) throw SYNTAX
    const value = argument(args, next + 1)
    if (name === "COUNT") {
      count = integer(value)
      if (count < 1) throw SYNTAX
    } else if (name === "MATCH") pattern = value
    else if (name === "TYPE" && allowType) type = value
    else throw SYNTAX
  }
  const glob = pattern === "*" ? undefined : pattern
  return {
    cursor,
    count,
    type: type?.toLowerCase(),
    matches: glob === undefined ? () => true : (candidate) => globMatch(glob, candidate)
  }
}
