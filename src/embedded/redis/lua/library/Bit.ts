import type { LuaFunction } from "../machine/Values.ts"
import { type Args, library, numberAt } from "./Arguments.ts"

/** Added to a number it leaves the lower bits of its integer, rounded to even, at the end of the fraction. */
const SHIFT = 2 ** 52 + 2 ** 51
const view = new DataView(new ArrayBuffer(8))

/** A number as 32 bits. */
const toBits = (value: number): number => {
  if ((value | 0) === value) return value
  view.setFloat64(0, value + SHIFT)
  return view.getInt32(4)
}

const bitsAt = (args: Args, position: number): number => toBits(numberAt(args, position))

const fold =
  (operation: (left: number, right: number) => number): LuaFunction =>
  (...args) => {
    let bits = bitsAt(args, 1)
    for (let at = args.length; at > 1; at--) bits = operation(bits, bitsAt(args, at))
    return bits
  }

const shift =
  (operation: (bits: number, count: number) => number): LuaFunction =>
  (...args) =>
    operation(bitsAt(args, 1), bitsAt(args, 2) & 31) | 0

const toHex = (...args: Args): string => {
  const bits = bitsAt(args, 1) >>> 0
  const wanted = args.length < 2 ? 8 : bitsAt(args, 2)
  const count = Math.min(Math.abs(wanted), 8)
  const text = count === 0 ? "" : bits.toString(16).padStart(8, "0").slice(-count)
  return wanted < 0 ? text.toUpperCase() : text
}

/** The library `bit`. */
export const BIT_LIBRARY = library({
  tobit: (...args) => bitsAt(args, 1),
  bnot: (...args) => ~bitsAt(args, 1),
  band: fold((left, right) => left & right),
  bor: fold((left, right) => left | right),
  bxor: fold((left, right) => left ^ right),
  lshift: shift((bits, count) => bits << count),
  rshift: shift((bits, count) => bits >>> count),
  arshift: shift((bits, count) => bits >> count),
  rol: shift((bits, count) => (bits << count) | (bits >>> (32 - count))),
  ror: shift((bits, count) => (bits << (32 - count)) | (bits >>> count)),
  bswap: (...args) => {
    const bits = bitsAt(args, 1)
    return (bits >>> 24) | ((bits >>> 8) & 0xff00) | ((bits & 0xff00) << 8) | (bits << 24)
  },
  tohex: toHex
})
