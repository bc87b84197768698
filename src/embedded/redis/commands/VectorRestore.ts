import { argument, type Arguments, float, integer } from "../exec/Arguments.ts"
import type { Client } from "../exec/Context.ts"
import { SYNTAX } from "../exec/Errors.ts"
import { formatDouble } from "../format/Doubles.ts"
import type { Reply } from "../resp/Reply.ts"
import type { Quantization } from "../types/VectorMath.ts"
import { type FrozenVectorSet, VectorSetValue } from "../types/VectorSetValue.ts"
import { create, writeVectorSet } from "./Access.ts"

/** Where each argument of the stored form lies. */
const [ELEMENT, QUANTIZATION, DIMENSION, INPUT, LINKS, BYTES, LENGTH, RANGE, ATTRIBUTES] = [
  3, 4, 5, 6, 7, 8, 9, 10, 11
]

/**
 * The command that makes an element exactly what it is, which the vector it was added with cannot: that was rounded.
 * It is VADD in a form that is understood while a log is loaded and at no other time.
 */
export const storedElement = (
  key: string,
  set: VectorSetValue,
  { key: name, vector, attributes }: FrozenVectorSet["elements"][number]
): ReadonlyArray<string> => {
  const { quantization, dimension, inputDimension, links } = set.shape
  const shape = [quantization, String(dimension), String(inputDimension), String(links)]
  const { l2, range } = vector
  return [
    "VADD",
    key,
    "STORED",
    name,
    ...shape,
    set.bytesOf(vector),
    formatDouble(l2),
    formatDouble(range),
    attributes
  ]
}

const quantizationOf = (text: string): Quantization => {
  if (text === "f32" || text === "int8" || text === "bin") return text
  throw SYNTAX
}

/** Runs what `storedElement` wrote. */
export const restoreElement = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const shape = {
    quantization: quantizationOf(argument(args, QUANTIZATION)),
    dimension: integer(argument(args, DIMENSION)),
    inputDimension: integer(argument(args, INPUT)),
    links: integer(argument(args, LINKS))
  }
  const set = writeVectorSet(client, key) ?? create(client, key, new VectorSetValue(shape))
  const [l2, range] = [float(argument(args, LENGTH)), float(argument(args, RANGE))]
  const vector = set.vectorOf(argument(args, BYTES), l2, range)
  if (vector === undefined) throw SYNTAX
  return set.set(argument(args, ELEMENT), vector, argument(args, ATTRIBUTES))
}
