import { budget } from "../machine/Budget.ts"
import { libraryError, operationError } from "../machine/Errors.ts"
import type { LuaTable } from "../machine/LuaTable.ts"
import { isLess, setRaw } from "../machine/Operations.ts"
import { toText, typeName } from "../machine/Types.ts"
import { first, type LuaFunction, type LuaValue, NOTHING } from "../machine/Values.ts"
import { type Args, functionAt, intAt, library, optionalInt, optionalText, tableAt } from "./Arguments.ts"

const concat = (...args: Args): LuaValue => {
  const separator = optionalText(args, 2, "")
  const table = tableAt(args, 1)
  const from = optionalInt(args, 3, 1)
  const to = args[3] === undefined ? table.length : intAt(args, 4)
  let out = ""
  for (let at = from; at <= to; at++) {
    const item = table.at(at)
    const text = toText(item)
    if (text === undefined) {
      throw libraryError(`invalid value (${typeName(item)}) at index ${at} in table for 'concat'`)
    }
    budget.spend(1)
    budget.allocate(text.length + separator.length)
    out += at === from ? text : separator + text
  }
  return out
}

const insert = (...args: Args): ReadonlyArray<LuaValue> => {
  const table = tableAt(args, 1)
  let end = table.length + 1
  let position = end
  if (args.length === 3) {
    position = intAt(args, 2)
    if (position > end) end = position
    budget.spend(end - position)
    for (let at = end; at > position; at--) setRaw(table, at, table.at(at - 1))
  } else if (args.length !== 2) throw libraryError("wrong number of arguments to 'insert'")
  setRaw(table, position, args[args.length - 1])
  return NOTHING
}

const remove = (...args: Args): LuaValue | ReadonlyArray<LuaValue> => {
  const table = tableAt(args, 1)
  const end = table.length
  const position = optionalInt(args, 2, end)
  if (position < 1 || position > end) return NOTHING
  const removed = table.at(position)
  budget.spend(end - position)
  for (let at = position; at < end; at++) setRaw(table, at, table.at(at + 1))
  setRaw(table, end, undefined)
  return removed
}

const largest = (...args: Args): number => {
  let most = 0
  tableAt(args, 1).some((key) => {
    if (typeof key === "number" && key > most) most = key
    return false
  })
  return most
}

const forEach = (...args: Args): LuaValue | ReadonlyArray<LuaValue> => {
  const table = tableAt(args, 1)
  const visit = functionAt(args, 2)
  let found: LuaValue
  table.some((key, value) => {
    budget.spend(1)
    found = first(visit(key, value))
    return found !== undefined
  })
  return found === undefined ? NOTHING : found
}

const forEachItem = (...args: Args): LuaValue | ReadonlyArray<LuaValue> => {
  const table = tableAt(args, 1)
  const { length } = table
  const visit = functionAt(args, 2)
  for (let at = 1; at <= length; at++) {
    const found = first(visit(at, table.at(at)))
    if (found !== undefined) return found
  }
  return NOTHING
}

/** Quicksort with the median of three as the pivot: an order that contradicts itself shows in the result. */
class Sorting {
  private readonly table: LuaTable
  private readonly order: LuaFunction | undefined

  constructor(table: LuaTable, order: LuaFunction | undefined) {
    this.table = table
    this.order = order
  }

  private precedes(left: LuaValue, right: LuaValue): boolean {
    budget.spend(1)
    if (this.order === undefined) return isLess(left, right)
    const found = first(this.order(left, right))
    return found !== undefined && found !== false
  }

  private put(low: number, lowValue: LuaValue, high: number, highValue: LuaValue): void {
    setRaw(this.table, low, lowValue)
    setRaw(this.table, high, highValue)
  }

  /** Exchanges two positions if the second precedes the first. */
  private arrange(low: number, high: number): void {
    const one = this.table.at(low)
    const other = this.table.at(high)
    if (this.precedes(other, one)) this.put(low, other, high, one)
  }

  sort(from: number, to: number): void {
    const { table } = this
    let low = from
    let high = to
    while (low < high) {
      this.arrange(low, high)
      if (high - low === 1) return
      const middle = Math.floor((low + high) / 2)
      const atMiddle = table.at(middle)
      const atLow = table.at(low)
      if (this.precedes(atMiddle, atLow)) this.put(middle, atLow, low, atMiddle)
      else this.arrange(middle, high)
      if (high - low === 2) return
      const pivot = table.at(middle)
      this.put(middle, table.at(high - 1), high - 1, pivot)
      const at = this.partition(low, high, pivot)
      this.put(high - 1, table.at(at), at, table.at(high - 1))
      // The smaller part by recursion, the larger one by another turn.
      if (at - low < high - at) {
        this.sort(low, at - 1)
        low = at + 1
      } else {
        this.sort(at + 1, high)
        high = at - 1
      }
    }
  }

  private partition(low: number, high: number, pivot: LuaValue): number {
    const { table } = this
    let up = low
    let down = high - 1
    for (;;) {
      let one = table.at(++up)
      while (this.precedes(one, pivot)) {
        if (up > high) throw libraryError("invalid order function for sorting")
        one = table.at(++up)
      }
      let other = table.at(--down)
      while (this.precedes(pivot, other)) {
        if (down < low) throw libraryError("invalid order function for sorting")
        other = table.at(--down)
      }
      if (down < up) return up
      this.put(up, other, down, one)
    }
  }
}

const sort = (...args: Args): ReadonlyArray<LuaValue> => {
  const table = tableAt(args, 1)
  const { length } = table
  const order = args[1] === undefined ? undefined : functionAt(args, 2)
  if (table.isReadonly && length > 1) throw operationError("Attempt to modify a readonly table")
  new Sorting(table, order).sort(1, length)
  return NOTHING
}

/** The library `table`. */
export const TABLE_LIBRARY = library({
  concat,
  foreach: forEach,
  foreachi: forEachItem,
  getn: (...args) => tableAt(args, 1).length,
  maxn: largest,
  insert,
  remove,
  setn: (...args) => {
    tableAt(args, 1)
    throw libraryError("'setn' is obsolete")
  },
  sort
})
