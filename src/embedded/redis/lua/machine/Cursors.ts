import { operationError } from "./Errors.ts"
import { LuaTable } from "./LuaTable.ts"
import { callable, metaOf } from "./Operations.ts"
import { typeName } from "./Types.ts"
import { isMany, type LuaFunction, type LuaValue } from "./Values.ts"

/** The state of a loop over something. */
export interface Cursor {
  readonly key: LuaValue
  readonly value: LuaValue
  /** The third and further values. */
  readonly more: (at: number) => LuaValue
  /** Goes on; false at the end. */
  readonly next: () => boolean
}

class TableCursor implements Cursor {
  key: LuaValue
  value: LuaValue
  private readonly table: LuaTable
  private position = 0

  constructor(table: LuaTable) {
    this.table = table
  }

  next(): boolean {
    const { table } = this
    const position = table.after(this.position)
    if (position === undefined) return false
    this.position = position
    this.key = table.keyAt(position)
    this.value = table.valueAt(position)
    return true
  }

  more(): LuaValue {
    return undefined
  }
}

class ListCursor implements Cursor {
  key = 0
  value: LuaValue
  private readonly table: LuaTable

  constructor(table: LuaTable) {
    this.table = table
  }

  next(): boolean {
    this.value = this.table.at(++this.key)
    return this.value !== undefined
  }

  more(): LuaValue {
    return undefined
  }
}

class CallCursor implements Cursor {
  key: LuaValue
  value: LuaValue
  private rest: ReadonlyArray<LuaValue> = []
  private readonly step: LuaValue
  private readonly state: LuaValue

  constructor(step: LuaValue, state: LuaValue, key: LuaValue) {
    this.step = step
    this.state = state
    this.key = key
  }

  next(): boolean {
    const { step } = this
    if (typeof step !== "function" && metaOf(step, "__call") === undefined) {
      throw operationError(`attempt to call a ${typeName(step)} value`)
    }
    const result = callable(step)(this.state, this.key)
    if (isMany(result)) {
      this.key = result[0]
      this.value = result[1]
      this.rest = result
    } else {
      this.key = result
      this.value = undefined
      this.rest = []
    }
    return this.key !== undefined
  }

  more(at: number): LuaValue {
    return this.rest[at]
  }
}

/** What `pairs` and `ipairs` return as the step of a loop, and what is faster than calling it. */
const known = new Map<LuaFunction, "pairs" | "ipairs">()

/** Makes a function known as the step of all loops over tables or lists. */
export const asStep = <A extends LuaFunction>(kind: "pairs" | "ipairs", step: A): A => {
  known.set(step, kind)
  return step
}

/** Begins a loop. */
export const each = (step: LuaValue, state: LuaValue, key: LuaValue): Cursor => {
  if (typeof step === "function" && state instanceof LuaTable) {
    const kind = known.get(step)
    if (kind === "pairs" && key === undefined) return new TableCursor(state)
    if (kind === "ipairs" && key === 0) return new ListCursor(state)
  }
  return new CallCursor(step, state, key)
}
