import { argumentError, libraryError } from "../machine/Errors.ts"
import type { LuaTable } from "../machine/LuaTable.ts"
import type { LuaFunction } from "../machine/Values.ts"
import { intAt, library, numberAt } from "./Arguments.ts"

const HALF = 2 ** 24
/** The halves of the generator's factor, 0x5deece66d. */
const HIGH_FACTOR = 0x5de
const LOW_FACTOR = 0xece66d

/** Random numbers as `drand48` makes them: a linear congruential generator of 48 bits, kept as two halves of 24. */
export class Random {
  private high = 0x1234ab
  private low = 0xcd330e

  seed(seed: number): void {
    const state = (seed >>> 0) * 65536 + 0x330e
    this.high = Math.floor(state / HALF)
    this.low = state % HALF
  }

  /** The next number of 31 bits. */
  next(): number {
    const product = this.low * LOW_FACTOR + 0xb
    const low = product % HALF
    const high = (this.high * LOW_FACTOR + this.low * HIGH_FACTOR + Math.floor(product / HALF)) % HALF
    this.low = low
    this.high = high
    return high * 128 + Math.floor(low / 2 ** 17)
  }
}

const ofOne =
  (operation: (value: number) => number): LuaFunction =>
  (...args) =>
    operation(numberAt(args, 1))

/** The second argument is looked at first. */
const ofTwo =
  (operation: (left: number, right: number) => number): LuaFunction =>
  (...args) => {
    const right = numberAt(args, 2)
    return operation(numberAt(args, 1), right)
  }

const fold =
  (operation: (left: number, right: number) => number): LuaFunction =>
  (...args) => {
    let result = numberAt(args, 1)
    for (let at = 2; at <= args.length; at++) result = operation(result, numberAt(args, at))
    return result
  }

/** A number as a fraction of at least a half and a power of two. */
const split = (value: number): ReadonlyArray<number> => {
  if (value === 0 || !Number.isFinite(value)) return [value, 0]
  let exponent = Math.max(-1022, Math.floor(Math.log2(Math.abs(value))) + 1)
  let fraction = value * 2 ** -exponent
  while (Math.abs(fraction) < 0.5) {
    fraction *= 2
    exponent--
  }
  while (Math.abs(fraction) >= 1) {
    fraction /= 2
    exponent++
  }
  return [fraction, exponent]
}

const scaled = (value: number, power: number): number => {
  const half = Math.trunc(power / 2)
  return value * 2 ** half * 2 ** (power - half)
}

const MOST = 2 ** 31 - 1

/** The library `math`. */
export const mathLibrary = (random: Random): LuaTable => {
  const table = library({
    abs: ofOne(Math.abs),
    acos: ofOne(Math.acos),
    asin: ofOne(Math.asin),
    atan2: ofTwo(Math.atan2),
    atan: ofOne(Math.atan),
    ceil: ofOne(Math.ceil),
    cosh: ofOne(Math.cosh),
    cos: ofOne(Math.cos),
    deg: ofOne((value) => value / (Math.PI / 180)),
    exp: ofOne(Math.exp),
    floor: ofOne(Math.floor),
    fmod: ofTwo((left, right) => left % right),
    frexp: (...args) => split(numberAt(args, 1)),
    ldexp: (...args) => {
      const power = intAt(args, 2)
      return scaled(numberAt(args, 1), power)
    },
    log10: ofOne(Math.log10),
    log: ofOne(Math.log),
    max: fold((left, right) => (right > left ? right : left)),
    min: fold((left, right) => (right < left ? right : left)),
    modf: (...args) => {
      const value = numberAt(args, 1)
      const whole = Math.trunc(value)
      return [whole, Number.isFinite(value) ? value - whole : Number.isNaN(value) ? value : 0]
    },
    pow: ofTwo(Math.pow),
    rad: ofOne((value) => value * (Math.PI / 180)),
    random: (...args) => {
      const fraction = (random.next() % MOST) / MOST
      if (args.length === 0) return fraction
      if (args.length > 2) throw libraryError("wrong number of arguments")
      const from = args.length === 1 ? 1 : intAt(args, 1)
      const to = intAt(args, args.length)
      if (from > to) throw argumentError(args.length, "interval is empty")
      return Math.floor(fraction * ((to - from + 1) | 0)) + from
    },
    randomseed: (...args) => {
      random.seed(intAt(args, 1))
      return []
    },
    sinh: ofOne(Math.sinh),
    sin: ofOne(Math.sin),
    sqrt: ofOne(Math.sqrt),
    tanh: ofOne(Math.tanh),
    tan: ofOne(Math.tan)
  })
  table.set("pi", Math.PI)
  table.set("huge", Infinity)
  table.set("mod", table.get("fmod"))
  return table
}
