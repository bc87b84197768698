import { budget } from "./Budget.ts"
import { compareError, operationError, typeError } from "./Errors.ts"
import { LuaTable } from "./LuaTable.ts"
import { STRING_METATABLE } from "./StringMetatable.ts"
import { toNumber, toText } from "./Types.ts"
import {
  first,
  LuaError,
  type LuaFunction,
  type LuaResult,
  LuaThread,
  LuaUserdata,
  type LuaValue
} from "./Values.ts"

/** Metatables that stand for each other to no end. */
const LONGEST_CHAIN = 100
const LONGEST_TEXT = 2 ** 29 - 24
/** So many values at once count as steps of their own. */
const MANY = 64

/** The metatable of a value. */
export const metatableOf = (value: LuaValue): LuaTable | undefined => {
  if (value instanceof LuaTable) return value.metatable
  return typeof value === "string" ? STRING_METATABLE : undefined
}

/** A field of the metatable of a value. */
export const metaOf = (value: LuaValue, event: string): LuaValue => metatableOf(value)?.get(event)

/** A value as a function; calling it fails if it cannot be called. */
export const callable = (value: LuaValue): LuaFunction => {
  if (typeof value === "function") return value
  const handler = metaOf(value, "__call")
  if (typeof handler === "function") return (...args) => handler(value, ...args)
  return () => {
    throw typeError("call", value)
  }
}

/** Calls a value. */
export const call = (value: LuaValue, ...args: ReadonlyArray<LuaValue>): LuaResult =>
  typeof value === "function" ? value(...args) : callable(value)(...args)

/** `object[key]` */
export const getIndex = (object: LuaValue, key: LuaValue): LuaValue => {
  if (object instanceof LuaTable) {
    const value = object.get(key)
    if (value !== undefined || object.metatable === undefined) return value
  }
  return getByMetatable(object, key)
}

/** `object.name` */
export const getField = (object: LuaValue, name: string): LuaValue => {
  if (object instanceof LuaTable) {
    const value = object.get(name)
    if (value !== undefined || object.metatable === undefined) return value
  }
  return getByMetatable(object, name)
}

const getByMetatable = (object: LuaValue, key: LuaValue): LuaValue => {
  let current = object
  for (let step = 0; step < LONGEST_CHAIN; step++) {
    let handler: LuaValue
    if (current instanceof LuaTable) {
      const value = current.get(key)
      if (value !== undefined) return value
      handler = current.metatable?.get("__index")
      if (handler === undefined) return undefined
    } else {
      handler = metaOf(current, "__index")
      if (handler === undefined) throw typeError("index", current)
    }
    if (typeof handler === "function") return first(handler(current, key))
    current = handler
  }
  throw operationError("loop in gettable")
}

/** `object[key] = value` */
export const setIndex = (object: LuaValue, key: LuaValue, value: LuaValue): void => {
  let current = object
  for (let step = 0; step < LONGEST_CHAIN; step++) {
    let handler: LuaValue
    if (current instanceof LuaTable) {
      if (current.metatable === undefined || current.get(key) !== undefined)
        return setRaw(current, key, value)
      handler = current.metatable.get("__newindex")
      if (handler === undefined) return setRaw(current, key, value)
    } else {
      handler = metaOf(current, "__newindex")
      if (handler === undefined) throw typeError("index", current)
    }
    if (typeof handler === "function") {
      handler(current, key, value)
      return
    }
    current = handler
  }
  throw operationError("loop in settable")
}

/** Sets a value of a table whatever its metatable says. */
export const setRaw = (table: LuaTable, key: LuaValue, value: LuaValue): void => {
  if (table.isReadonly) throw operationError("Attempt to modify a readonly table")
  if (key === undefined) throw operationError("table index is nil")
  if (typeof key === "number" && Number.isNaN(key)) throw operationError("table index is NaN")
  table.set(key, value)
}

/** Carries out an operation on what are no numbers, as texts that stand for numbers or by a metatable. */
const arithmetic =
  (event: string, operation: (left: number, right: number) => number) =>
  (left: LuaValue, right: LuaValue): LuaValue => {
    const one = toNumber(left)
    const other = toNumber(right)
    if (one !== undefined && other !== undefined) return operation(one, other)
    const handler = metaOf(left, event) ?? metaOf(right, event)
    if (handler !== undefined) return first(call(handler, left, right))
    throw one === undefined
      ? typeError("perform arithmetic on", left)
      : typeError("perform arithmetic on", right, "right")
  }

export const add = arithmetic("__add", (left, right) => left + right)
export const subtract = arithmetic("__sub", (left, right) => left - right)
export const multiply = arithmetic("__mul", (left, right) => left * right)
export const divide = arithmetic("__div", (left, right) => left / right)
export const modulo = arithmetic("__mod", (left, right) => left - Math.floor(left / right) * right)
export const power = arithmetic("__pow", (left, right) => Math.pow(left, right))
const negated = arithmetic("__unm", (left) => -left)

/** `-value` */
export const negate = (value: LuaValue): LuaValue => negated(value, value)

/** `#value` */
export const lengthOf = (value: LuaValue): number => {
  if (value instanceof LuaTable) return value.length
  if (typeof value === "string") return value.length
  throw typeError("get length of", value)
}

const joined = (left: string, right: string): string => {
  if (left.length + right.length > LONGEST_TEXT) throw new LuaError("not enough memory", undefined, -1)
  return left + right
}

/** `left .. right` */
export const concatenate = (left: LuaValue, right: LuaValue): LuaValue => {
  if (typeof left === "string" && typeof right === "string") return joined(left, right)
  const one = toText(left)
  const other = toText(right)
  if (one !== undefined && other !== undefined) return joined(one, other)
  const handler = metaOf(left, "__concat") ?? metaOf(right, "__concat")
  if (handler !== undefined) return first(call(handler, left, right))
  throw one === undefined ? typeError("concatenate", left) : typeError("concatenate", right, "right")
}

/** The handler that both sides of a comparison have. */
const sharedHandler = (left: LuaValue, right: LuaValue, event: string): LuaValue => {
  const handler = metaOf(left, event)
  return handler !== undefined && handler === metaOf(right, event) ? handler : undefined
}

const isTrue = (value: LuaValue): boolean => value !== undefined && value !== false

/** `left == right` */
export const isEqual = (left: LuaValue, right: LuaValue): boolean => {
  if (left === right) return true
  if (!(left instanceof LuaTable) || !(right instanceof LuaTable)) return false
  const handler = sharedHandler(left, right, "__eq")
  return handler !== undefined && isTrue(first(call(handler, left, right)))
}

const areSameType = (left: LuaValue, right: LuaValue): boolean =>
  typeof left === typeof right &&
  (typeof left !== "object" ||
    (left instanceof LuaTable === right instanceof LuaTable &&
      left instanceof LuaThread === right instanceof LuaThread &&
      left instanceof LuaUserdata === right instanceof LuaUserdata))

/** `left < right` */
export const isLess = (left: LuaValue, right: LuaValue): boolean => {
  if (typeof left === "number" && typeof right === "number") return left < right
  if (typeof left === "string" && typeof right === "string") return left < right
  if (areSameType(left, right)) {
    const handler = sharedHandler(left, right, "__lt")
    if (handler !== undefined) return isTrue(first(call(handler, left, right)))
  }
  throw compareError(left, right)
}

/** `left <= right` */
export const isAtMost = (left: LuaValue, right: LuaValue): boolean => {
  if (typeof left === "number" && typeof right === "number") return left <= right
  if (typeof left === "string" && typeof right === "string") return left <= right
  if (areSameType(left, right)) {
    const handler = sharedHandler(left, right, "__le")
    if (handler !== undefined) return isTrue(first(call(handler, left, right)))
    const less = sharedHandler(left, right, "__lt")
    if (less !== undefined) return !isTrue(first(call(less, right, left)))
  }
  throw compareError(left, right)
}

/** A number that a loop counts with; texts count as what they stand for. */
export const loopNumber = (value: LuaValue, what: string): number => {
  const number = toNumber(value)
  if (number === undefined) throw operationError(`'for' ${what} must be a number`)
  return number
}

/** A table of values, as a constructor makes it. */
export const newList = (items: ReadonlyArray<LuaValue>): LuaTable => {
  if (items.length > MANY) budget.spend(items.length)
  return LuaTable.of(items)
}

/** The table that functions have as `arg`. */
export const argTable = (rest: ReadonlyArray<LuaValue>): LuaTable => {
  const table = new LuaTable(rest.length, 1)
  table.fill(1, rest)
  table.set("n", rest.length)
  return table
}
