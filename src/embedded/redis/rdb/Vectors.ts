import type { FrozenVectorSet } from "../types/VectorSetValue.ts"
import { VectorSetValue } from "../types/VectorSetValue.ts"
import type { Quantization } from "../types/VectorMath.ts"
import type { RdbReader } from "./RdbReader.ts"
import type { RdbWriter } from "./RdbWriter.ts"

/** Elements between two chances to pause. */
const PORTION = 16
const QUANTIZATIONS: ReadonlyArray<Quantization> = ["f32", "int8", "bin"]

/** Writes a vector set, in a form of its own: Redis 8 saves a graph, which is not there, and Redis 7 knows no vectors. */
export function* encodeVectors(
  out: RdbWriter,
  { set, elements }: FrozenVectorSet
): Generator<undefined, void> {
  const { quantization, dimension, inputDimension, links } = set.shape
  out.byte(QUANTIZATIONS.indexOf(quantization))
  for (const number of [dimension, inputDimension, links, elements.length]) out.count(number)
  for (let at = 0; at < elements.length; at++) {
    const element = elements[at]
    if (element === undefined) continue
    out.string(element.key)
    out.string(set.bytesOf(element.vector))
    out.double(element.vector.l2)
    out.double(element.vector.range)
    out.string(element.attributes)
    if (at % PORTION === PORTION - 1) yield
  }
}

/** Reads what `encodeVectors` wrote. */
export const decodeVectors = (reader: RdbReader): VectorSetValue => {
  const quantization = QUANTIZATIONS[reader.byte()]
  if (quantization === undefined) throw reader.fail("a vector set is quantized in an unknown way")
  const [dimension, inputDimension, links] = [reader.count(), reader.count(), reader.count()]
  const set = new VectorSetValue({ quantization, dimension, inputDimension, links })
  for (let left = reader.items(); left > 0; left--) {
    const [name, bytes] = [reader.string(), reader.string()]
    const vector = set.vectorOf(bytes, reader.double(), reader.double())
    if (vector === undefined) throw reader.fail("a vector has the wrong size")
    if (!set.set(name, vector, reader.string())) throw reader.fail("a vector set holds an element twice")
  }
  return set
}
