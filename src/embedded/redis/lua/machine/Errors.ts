import { levels, type Level, type Operand } from "./Positions.ts"
import { LuaError, type LuaValue } from "./Values.ts"
import { typeName } from "./Types.ts"

const textOf = (level: Level | undefined): string =>
  level?.kind === "lua" ? `${level.chunk.name}:${level.site.line}: ` : ""

/** An error as `debug.getinfo` sees it: at the nearest function, or at the one that called a function of a library. */
const errorAt = (value: LuaValue, found: ReadonlyArray<Level>): LuaError => {
  const level = found[0]?.kind === "native" ? found[1] : found[0]
  if (level?.kind === "lua") return new LuaError(value, level.chunk.source, level.site.line)
  if (level?.kind === "native") return new LuaError(value, "=[C]", -1)
  return new LuaError(value, undefined, -1)
}

/** An error of an operation: its text begins with the place. */
export const operationError = (message: string): LuaError => {
  const found = levels(2)
  return errorAt(textOf(found[0]) + message, found)
}

/** An error that a function of a library raises: its text begins with the place that called it. */
export const libraryError = (message: string): LuaError => {
  const found = levels(2)
  return errorAt(textOf(found[1]) + message, found)
}

/** An error with a value of its own. */
export const raised = (value: LuaValue): LuaError => errorAt(value, levels(2))

/** What `error` raises: a text begins with the place of a level. */
export const raisedAt = (message: string, level: number): LuaError => {
  const found = levels(Math.max(level, 1) + 1)
  return errorAt(textOf(found[level]) + message, found)
}

/** The error of an argument, by its number from 1. */
export const argumentError = (position: number, problem: string): LuaError => {
  const found = levels(2)
  const caller = found[1]
  const called = caller?.kind === "lua" ? caller.site.left : undefined
  const name = called?.name ?? "?"
  let at = position
  if (called?.kind === "method" && --at === 0) {
    return errorAt(`${textOf(caller)}calling '${name}' on bad self (${problem})`, found)
  }
  return errorAt(`${textOf(caller)}bad argument #${at} to '${name}' (${problem})`, found)
}

const described = (operand: Operand | undefined, value: LuaValue): string =>
  operand === undefined
    ? `a ${typeName(value)} value`
    : `${operand.kind} '${operand.name}' (a ${typeName(value)} value)`

/** The error of an operation on a value that does not have it. */
export const typeError = (operation: string, value: LuaValue, side: "left" | "right" = "left"): LuaError => {
  const found = levels(2)
  const level = found[0]
  const operand = level?.kind === "lua" ? level.site[side] : undefined
  return errorAt(`${textOf(level)}attempt to ${operation} ${described(operand, value)}`, found)
}

/** The error of a comparison. */
export const compareError = (left: LuaValue, right: LuaValue): LuaError => {
  const one = typeName(left)
  const other = typeName(right)
  return operationError(
    one === other ? `attempt to compare two ${one} values` : `attempt to compare ${one} with ${other}`
  )
}
