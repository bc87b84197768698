/** How the components of a vector are kept: as 32-bit floats, as 8-bit integers, or as their signs. */
export type Quantization = "f32" | "int8" | "bin"

/** A vector as it is kept: of length one, quantized. */
export interface StoredVector {
  readonly data: Float32Array | Int8Array | Uint32Array
  /** The length that the vector had. */
  readonly l2: number
  /** The largest component, which 127 stands for; 1 where there are no 8-bit integers. */
  readonly range: number
}

const { fround, sqrt, abs } = Math

const LARGEST = 127
const WORD = 32

/** Rounds halves away from zero, as C does. */
const roundAway = (value: number): number => (value < 0 ? -Math.floor(0.5 - value) : Math.floor(value + 0.5))

const toIntegers = (vector: Float32Array): { readonly data: Int8Array; readonly range: number } => {
  const data = new Int8Array(vector.length)
  let range = 0
  for (const component of vector) if (abs(component) > range) range = abs(component)
  if (range === 0) return { data, range }
  const scale = fround(LARGEST / range)
  for (let at = 0; at < vector.length; at++) data[at] = roundAway(fround((vector[at] ?? 0) * scale))
  return { data, range }
}

const toSigns = (vector: Float32Array): Uint32Array => {
  const data = new Uint32Array(Math.ceil(vector.length / WORD))
  for (let at = 0; at < vector.length; at++) {
    if ((vector[at] ?? 0) > 0) data[at >> 5] = (data[at >> 5] ?? 0) | (1 << (at & 31))
  }
  return data
}

/** Makes a vector of length one and quantizes it. The array is changed. */
export const storeVector = (vector: Float32Array, quantization: Quantization): StoredVector => {
  let squares = 0
  for (const component of vector) squares += component * component
  const l2 = fround(sqrt(squares))
  if (l2 !== 0) for (let at = 0; at < vector.length; at++) vector[at] = (vector[at] ?? 0) / l2
  if (quantization === "f32") return { data: vector, l2, range: 1 }
  if (quantization === "bin") return { data: toSigns(vector), l2, range: 1 }
  return { ...toIntegers(vector), l2 }
}

/** The components of a vector, as near to the original as they were kept. */
export const restoreVector = ({ data, l2, range }: StoredVector, dimension: number): Float32Array => {
  const out = new Float32Array(dimension)
  for (let at = 0; at < dimension; at++) {
    if (data instanceof Uint32Array) out[at] = ((data[at >> 5] ?? 0) & (1 << (at & 31))) === 0 ? -1 : 1
    else if (data instanceof Int8Array) out[at] = fround(fround((data[at] ?? 0) * range) / LARGEST) * l2
    else out[at] = (data[at] ?? 0) * l2
  }
  return out
}

const countBits = (word: number): number => {
  const pairs = word - ((word >>> 1) & 0x55555555)
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

const signDistance = (left: Uint32Array, right: Uint32Array, dimension: number): number => {
  let opposite = 0
  for (let at = 0; at < left.length; at++) opposite += countBits((left[at] ?? 0) ^ (right[at] ?? 0))
  return fround((opposite * 2) / dimension)
}

const integerDistance = (left: Int8Array, right: Int8Array, ranges: readonly [number, number]): number => {
  // Nothing is near or far from a vector without a direction.
  if (ranges[0] === 0 || ranges[1] === 0) return 1
  let dot = 0
  for (let at = 0; at < left.length; at++) dot += (left[at] ?? 0) * (right[at] ?? 0)
  const scale = fround(fround(ranges[0] / LARGEST) * fround(ranges[1] / LARGEST))
  return Math.min(2, Math.max(0, fround(1 - fround(dot * scale))))
}

const floatDistance = (left: Float32Array, right: Float32Array): number => {
  let dot = 0
  for (let at = 0; at < left.length; at++) dot += (left[at] ?? 0) * (right[at] ?? 0)
  return fround(1 - fround(dot))
}

/** The cosine distance of two vectors that are kept in the same way: 0 for the same direction, 2 for the opposite one. */
export const distance = (left: StoredVector, right: StoredVector, dimension: number): number => {
  const [a, b] = [left.data, right.data]
  let result = 2
  if (a instanceof Int8Array && b instanceof Int8Array) {
    result = integerDistance(a, b, [left.range, right.range])
  } else if (a instanceof Float32Array && b instanceof Float32Array) result = floatDistance(a, b)
  else if (a instanceof Uint32Array && b instanceof Uint32Array) result = signDistance(a, b, dimension)
  // Components that are infinite or no numbers have no direction: they come last.
  return Number.isNaN(result) ? 2 : result
}

/** Projects a vector onto fewer dimensions: by the signs of a Hadamard matrix, the same for every set. */
export const project = (vector: Float32Array, dimension: number): Float32Array => {
  const out = new Float32Array(dimension)
  const scale = fround(1 / sqrt(vector.length))
  for (let row = 0; row < dimension; row++) {
    let sum = 0
    for (let at = 0; at < vector.length; at++) {
      const component = vector[at] ?? 0
      sum += countBits(row & at) % 2 === 0 ? component : -component
    }
    out[row] = sum * scale
  }
  return out
}
