import { argumentError } from "../machine/Errors.ts"
import type { LuaTable } from "../machine/LuaTable.ts"
import { NULL, type LuaFunction, type LuaValue } from "../machine/Values.ts"
import { type Args, intAt, library, textAt } from "./Arguments.ts"
import { JsonDecoder } from "./JsonDecoder.ts"
import { defaultSettings, JsonEncoder, type JsonSettings } from "./JsonEncoder.ts"

const MOST_INT = 2 ** 31 - 1

const limitArguments = (args: Args, most: number): void => {
  if (args.length > most) throw argumentError(most + 1, "found too many arguments")
}

const integerOption = (
  args: Args,
  position: number,
  current: number,
  least: number,
  most: number
): number => {
  if (args[position - 1] === undefined) return current
  const value = intAt(args, position)
  if (value < least || value > most) {
    throw argumentError(1, `expected integer between ${least} and ${most}`)
  }
  return value
}

/** The number of an option by its name; true is the second one. */
const namedOption = (args: Args, position: number, current: number, names: ReadonlyArray<string>): number => {
  const value = args[position - 1]
  if (value === undefined) return current
  if (typeof value === "boolean") return value ? 1 : 0
  const name = textAt(args, position)
  const found = names.indexOf(name)
  if (found === -1) throw argumentError(position, `invalid option '${name}'`)
  return found
}

const SWITCH = ["off", "on"]
const INVALID = ["off", "on", "null"] as const

const switchOption = (args: Args, position: number, current: boolean): boolean =>
  namedOption(args, position, current ? 1 : 0, SWITCH) === 1

const options = (settings: JsonSettings): Readonly<Record<string, LuaFunction>> => ({
  encode_sparse_array: (...args) => {
    limitArguments(args, 3)
    settings.convertsSparse = switchOption(args, 1, settings.convertsSparse)
    settings.sparseRatio = integerOption(args, 2, settings.sparseRatio, 0, MOST_INT)
    settings.sparseSafe = integerOption(args, 3, settings.sparseSafe, 0, MOST_INT)
    return [settings.convertsSparse, settings.sparseRatio, settings.sparseSafe]
  },
  encode_max_depth: (...args) => {
    limitArguments(args, 1)
    settings.encodeDepth = integerOption(args, 1, settings.encodeDepth, 1, MOST_INT)
    return settings.encodeDepth
  },
  decode_max_depth: (...args) => {
    limitArguments(args, 1)
    settings.decodeDepth = integerOption(args, 1, settings.decodeDepth, 1, MOST_INT)
    return settings.decodeDepth
  },
  encode_number_precision: (...args) => {
    limitArguments(args, 1)
    settings.precision = integerOption(args, 1, settings.precision, 1, 14)
    return settings.precision
  },
  encode_keep_buffer: (...args) => {
    limitArguments(args, 1)
    settings.keepsBuffer = switchOption(args, 1, settings.keepsBuffer)
    return settings.keepsBuffer
  },
  encode_invalid_numbers: (...args) => {
    limitArguments(args, 1)
    const chosen = namedOption(args, 1, INVALID.indexOf(settings.encodesInvalid), INVALID)
    settings.encodesInvalid = INVALID[chosen] ?? "off"
    return chosen < 2 ? chosen === 1 : "null"
  },
  decode_invalid_numbers: (...args) => {
    limitArguments(args, 1)
    settings.decodesInvalid = switchOption(args, 1, settings.decodesInvalid)
    return settings.decodesInvalid
  }
})

const onlyArgument = (args: Args): LuaValue => {
  if (args.length !== 1) throw argumentError(1, "expected 1 argument")
  return args[0]
}

/** A library `cjson` with settings of its own. */
export const jsonLibrary = (): LuaTable => {
  const settings = defaultSettings()
  const encoder = new JsonEncoder(settings)
  const table = library({
    encode: (...args) => encoder.encode(onlyArgument(args)),
    decode: (...args) => {
      onlyArgument(args)
      return new JsonDecoder(textAt(args, 1), settings).decode()
    },
    ...options(settings),
    new: () => jsonLibrary()
  })
  table.set("null", NULL)
  table.set("_NAME", "cjson")
  table.set("_VERSION", "2.1.0")
  return table
}
