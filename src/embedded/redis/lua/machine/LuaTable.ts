import { arrayFor, ceilLog2, count, countDense, startCounting } from "./ArrayPart.ts"
import { hashOf, hashOfNumber } from "./StringHash.ts"

// The values of Lua and the table that holds them define each other.

/** A function of Lua: compiled code, or a function of the libraries. */
export interface LuaFunction {
  (...args: ReadonlyArray<LuaValue>): LuaResult
  /** How a coroutine runs it; code that never mentions coroutines has none. */
  readonly steps?: (...args: ReadonlyArray<LuaValue>) => Steps
}

/** A function that is under way in a coroutine: it hands out what it yields and takes what it is resumed with. */
export type Steps = Generator<ReadonlyArray<LuaValue>, LuaResult, ReadonlyArray<LuaValue>>

/** A value that scripts can only pass around. */
export class LuaUserdata {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** A coroutine. */
export class LuaThread {
  readonly body: LuaFunction
  state: "suspended" | "running" | "normal" | "dead" = "suspended"
  steps: Steps | undefined
  constructor(body: LuaFunction) {
    this.body = body
  }
}

/** A value of Lua. Strings are byte strings: one char code (0 to 255) is one byte. `nil` is undefined. */
export type LuaValue =
  | undefined
  | boolean
  | number
  | string
  | LuaTable
  | LuaFunction
  | LuaThread
  | LuaUserdata

/** What a function returns: one value as itself, any other number of them as an array. */
export type LuaResult = LuaValue | ReadonlyArray<LuaValue>

/** Up to this many places the keys are searched one by one; beyond it an index finds them. */
const SMALL = 8
const NONE = -1

/** What tables have in common that have nothing: nobody changes it. */
const NO_VALUES: Array<LuaValue> = []
const NO_LINKS: Array<number> = []

/** Numbers for what Lua orders by its address. */
const identities = new WeakMap<object, number>()
let lastIdentity = 0x55d0

/** A number of its own for a table, function, coroutine or userdata. */
export const identityOf = (value: object | LuaFunction): number => {
  let identity = identities.get(value)
  if (identity === undefined) {
    identity = ++lastIdentity
    identities.set(value, identity)
  }
  return identity
}

const filled = <A>(size: number, value: A): Array<A> => {
  const list: Array<A> = []
  for (let at = 0; at < size; at++) list.push(value)
  return list
}

/**
 * A table of Lua 5.1: an array part and a hash part whose sizes change when the hash part is full, keys that collide
 * chained within the hash part. That is how the real one is laid out, and scripts see it: in the order of `pairs` and
 * of encoded objects, and in the length of a table with holes.
 */
export class LuaTable {
  metatable: LuaTable | undefined
  /** Whether scripts must not change it. */
  isReadonly = false
  /** The array part up to its last value: 1 is at 0. */
  private items: Array<LuaValue> = NO_VALUES
  /** How many keys belong into the array part. */
  private arraySize: number
  /** Whether there may be holes among `items`. */
  private hasHoles = false
  private keys: Array<LuaValue> = NO_VALUES
  private values: Array<LuaValue> = NO_VALUES
  /** The place of the next key with the same main place. */
  private links: Array<number> = NO_LINKS
  private index: Map<LuaValue, number> | undefined
  /** Places at and above this one are not free. */
  private lastFree = 0

  constructor(arraySize = 0, hashSize = 0) {
    this.arraySize = arraySize
    if (hashSize > 0) this.makePlaces(1 << ceilLog2(hashSize))
  }

  /** A table of values. */
  static of(items: ReadonlyArray<LuaValue>): LuaTable {
    const table = new LuaTable(items.length)
    table.fill(1, items)
    return table
  }

  /** A table to which values were added one by one. */
  static grown(items: Array<LuaValue>): LuaTable {
    if (items.includes(undefined)) {
      const table = new LuaTable()
      for (let at = 0; at < items.length; at++) if (items[at] !== undefined) table.set(at + 1, items[at])
      return table
    }
    if (items.length === 0) return new LuaTable()
    const table = new LuaTable(1 << ceilLog2(items.length))
    table.items = items
    return table
  }

  get(key: LuaValue): LuaValue {
    if (typeof key === "number") return this.at(key)
    const { keys } = this
    if (keys.length === 0) return undefined
    const place = this.placeOf(key)
    return place === NONE ? undefined : this.values[place]
  }

  /** The value of a number. */
  at(key: number): LuaValue {
    const { items } = this
    if (key > 0 && key <= items.length) {
      const item = items[key - 1]
      if (item !== undefined) return item
    }
    if (this.keys.length === 0) return undefined
    const place = this.placeOf(key)
    return place === NONE ? undefined : this.values[place]
  }

  private placeOf(key: LuaValue): number {
    const { index } = this
    if (index !== undefined) return index.get(key) ?? NONE
    const { keys } = this
    for (let place = 0; place < keys.length; place++) if (keys[place] === key) return place
    return NONE
  }

  /** Sets a value. The key is neither nil nor NaN. */
  set(key: LuaValue, value: LuaValue): void {
    if (typeof key === "number" && key > 0 && key <= this.arraySize && Number.isInteger(key)) {
      this.setItem(key - 1, value)
      return
    }
    const place = this.keys.length === 0 ? NONE : this.placeOf(key)
    if (place !== NONE) this.values[place] = value
    // A key that gets nil takes its place, too.
    else this.insert(key, value)
  }

  private setItem(at: number, value: LuaValue): void {
    if (this.items === NO_VALUES) {
      if (value === undefined) return
      this.items = []
    }
    const { items } = this
    const { length } = items
    if (at < length) {
      items[at] = value
      if (value !== undefined) return
      if (at === length - 1) this.trim()
      else this.hasHoles = true
    } else if (value !== undefined) {
      if (at > length) this.hasHoles = true
      while (items.length < at) items.push(undefined)
      items.push(value)
    }
  }

  private trim(): void {
    const { items } = this
    while (items.length > 0 && items[items.length - 1] === undefined) items.pop()
  }

  /** Sets values from a position on, as a constructor does. */
  fill(from: number, values: ReadonlyArray<LuaValue>): void {
    const last = from + values.length - 1
    if (last > this.arraySize) this.resize(last, this.keys.length)
    for (let at = 0; at < values.length; at++) this.setItem(from - 1 + at, values[at])
  }

  private mainPlaceOf(key: LuaValue): number {
    const size = this.keys.length
    if (typeof key === "string") return hashOf(key) & (size - 1)
    if (typeof key === "boolean") return (key ? 1 : 0) & (size - 1)
    const odd = (size - 1) | 1
    if (typeof key === "number") return key === 0 ? 0 : hashOfNumber(key) % odd
    return key === undefined ? 0 : identityOf(key) % odd
  }

  private insert(key: LuaValue, value: LuaValue): void {
    const { keys, values, links } = this
    if (keys.length === 0) return this.grow(key, value)
    let place = this.mainPlaceOf(key)
    if (values[place] !== undefined) {
      const free = this.freePlace()
      if (free === NONE) return this.grow(key, value)
      const main = this.mainPlaceOf(keys[place])
      if (main === place) {
        links[free] = links[place] ?? NONE
        links[place] = free
        place = free
      } else {
        // The one that is there is not at its main place: it moves.
        let before = main
        while (links[before] !== place) before = links[before] ?? NONE
        links[before] = free
        this.put(free, keys[place], values[place])
        links[free] = links[place] ?? NONE
        links[place] = NONE
        keys[place] = undefined
      }
    }
    if (keys[place] !== undefined) this.index?.delete(keys[place])
    this.put(place, key, value)
  }

  private put(place: number, key: LuaValue, value: LuaValue): void {
    this.keys[place] = key
    this.values[place] = value
    this.index?.set(key, place)
  }

  private freePlace(): number {
    while (this.lastFree > 0) if (this.keys[--this.lastFree] === undefined) return this.lastFree
    return NONE
  }

  private makePlaces(size: number): void {
    this.lastFree = size
    if (size === 0) {
      this.keys = NO_VALUES
      this.values = NO_VALUES
      this.links = NO_LINKS
      this.index = undefined
      return
    }
    this.keys = filled<LuaValue>(size, undefined)
    this.values = filled<LuaValue>(size, undefined)
    this.links = filled(size, NONE)
    this.index = size > SMALL ? new Map() : undefined
  }

  /** Chooses new sizes for both parts, so that more than half of the array part is in use; then inserts. */
  private grow(key: LuaValue, value: LuaValue): void {
    const { items, keys, values } = this
    if (keys.length === 0 && items.length === 0) {
      if (key === 1) {
        this.arraySize = 1
        this.setItem(0, value)
      } else {
        this.resize(0, 1)
        this.insert(key, value)
      }
      return
    }
    startCounting()
    let integers = 0
    let total = 1
    if (this.hasHoles) {
      for (let at = 0; at < items.length; at++) {
        if (items[at] === undefined) continue
        integers += count(at + 1)
        total++
      }
    } else {
      countDense(items.length)
      integers += items.length
      total += items.length
    }
    for (let place = 0; place < keys.length; place++) {
      if (values[place] === undefined) continue
      integers += count(keys[place])
      total++
    }
    integers += count(key)
    const { size, used } = arrayFor(integers)
    this.resize(size, total - used)
    this.set(key, value)
  }

  private resize(arraySize: number, hashSize: number): void {
    const { items, keys, values } = this
    this.makePlaces(hashSize === 0 ? 0 : 1 << ceilLog2(hashSize))
    const vanishing = items.length > arraySize ? items.splice(arraySize) : NO_VALUES
    this.arraySize = arraySize
    this.trim()
    for (let at = 0; at < vanishing.length; at++) {
      if (vanishing[at] !== undefined) this.set(arraySize + at + 1, vanishing[at])
    }
    for (let place = keys.length - 1; place >= 0; place--) {
      if (values[place] !== undefined) this.set(keys[place], values[place])
    }
  }

  /** A border: a position that has a value while the next one has none; 0 for an empty table. */
  get length(): number {
    const { items, arraySize } = this
    let low = 0
    let high = arraySize
    if (items.length < arraySize) {
      if (!this.hasHoles) return items.length
    } else {
      if (this.keys.length === 0) return arraySize
      low = arraySize
      high = arraySize + 1
      while (this.at(high) !== undefined) {
        low = high
        high *= 2
      }
    }
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (this.at(middle) === undefined) high = middle
      else low = middle
    }
    return low
  }

  /** Whether there may be any keys but those of the array part. */
  get hasHashPart(): boolean {
    return this.keys.length > 0
  }

  /** The position after one, of `next` and of loops over a table; 0 is before the first, `undefined` the end. */
  after(position: number): number | undefined {
    const { items, values } = this
    let at = position
    for (; at < items.length; at++) if (items[at] !== undefined) return at + 1
    at = Math.max(at, this.arraySize) - this.arraySize
    for (; at < values.length; at++) if (values[at] !== undefined) return this.arraySize + at + 1
    return undefined
  }

  keyAt(position: number): LuaValue {
    return position <= this.arraySize ? position : this.keys[position - this.arraySize - 1]
  }

  valueAt(position: number): LuaValue {
    return position <= this.arraySize ? this.items[position - 1] : this.values[position - this.arraySize - 1]
  }

  /** The position of a key; `undefined` if the table has not had it. */
  positionOf(key: LuaValue): number | undefined {
    if (key === undefined) return 0
    if (typeof key === "number" && key > 0 && key <= this.arraySize && Number.isInteger(key)) return key
    const place = this.placeOf(key)
    return place === NONE ? undefined : this.arraySize + place + 1
  }

  /** Calls back for every pair, in the order of `pairs`, until one call returns true. */
  some(visit: (key: LuaValue, value: LuaValue) => boolean): boolean {
    for (let at = this.after(0); at !== undefined; at = this.after(at)) {
      if (visit(this.keyAt(at), this.valueAt(at))) return true
    }
    return false
  }
}
