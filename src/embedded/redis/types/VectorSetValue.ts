import { type DenseEntry, DenseMap } from "../structures/DenseMap.ts"
import { type Found, NearestHeap } from "../structures/NearestHeap.ts"
import { distance, project, type Quantization, type StoredVector, storeVector } from "./VectorMath.ts"

/** An element of a vector set. */
export interface VectorElement extends DenseEntry {
  vector: StoredVector
  /** JSON text; empty if there is none. */
  attributes: string
  /** The attributes as they were last read by a filter. */
  parsed: Readonly<Record<string, unknown>> | null | undefined
}

/** What is decided when a vector set is made. */
export interface VectorSetShape {
  readonly dimension: number
  readonly quantization: Quantization
  /** How many neighbours an element of Redis's graph has; here only how many VLINKS answers. */
  readonly links: number
  /** The dimension of what is added, where that is projected onto fewer; otherwise 0. */
  readonly inputDimension: number
}

/** The elements of a vector set at a moment. */
export interface FrozenVectorSet {
  readonly set: VectorSetValue
  readonly elements: ReadonlyArray<Pick<VectorElement, "key" | "vector" | "attributes">>
}

let lastId = 0

/** The value of a vector set key. Searching looks at every element: results are exact. */
export class VectorSetValue {
  readonly elements = new DenseMap<VectorElement>()
  readonly shape: VectorSetShape
  /** A number of its own. */
  readonly id = lastId++
  /** How many elements have attributes. */
  attributed = 0
  /** How many vectors were ever added. */
  added = 0

  constructor(shape: VectorSetShape) {
    this.shape = shape
  }

  get size(): number {
    return this.elements.size
  }

  /** A vector to search near, in the form in which vectors are kept. It may have been projected before. */
  prepare(vector: Float32Array): StoredVector {
    return vector.length === this.shape.dimension
      ? storeVector(vector, this.shape.quantization)
      : this.projected(vector)
  }

  private projected(vector: Float32Array): StoredVector {
    const { dimension, quantization, inputDimension } = this.shape
    return storeVector(inputDimension === 0 ? vector : project(vector, dimension), quantization)
  }

  /** Adds an element with a vector of the caller; see `set`. */
  add(vector: Float32Array, name: string, attributes: string | undefined): boolean {
    return this.set(name, this.projected(vector), attributes)
  }

  /** The bytes that Redis would keep of a vector. */
  bytesOf({ data }: StoredVector): string {
    const size = data.BYTES_PER_ELEMENT
    const out = Buffer.alloc(this.byteLength)
    for (let at = 0; at < data.length; at++) {
      const component = data[at] ?? 0
      if (data instanceof Float32Array) out.writeFloatLE(component, at * size)
      else if (data instanceof Int8Array) out.writeInt8(component, at)
      else out.writeUInt32LE(component, at * size)
    }
    return out.toString("latin1")
  }

  /** The vector of the bytes that are kept of it; `undefined` if they are too few or too many. */
  vectorOf(bytes: string, l2: number, range: number): StoredVector | undefined {
    const { dimension, quantization } = this.shape
    if (bytes.length !== this.byteLength) return undefined
    const buffer = Buffer.from(bytes, "latin1")
    if (quantization === "int8") {
      return { data: Int8Array.from({ length: dimension }, (_, at) => buffer.readInt8(at)), l2, range }
    }
    if (quantization === "f32") {
      return {
        data: Float32Array.from({ length: dimension }, (_, at) => buffer.readFloatLE(at * 4)),
        l2,
        range
      }
    }
    const words = Math.ceil(dimension / 32)
    return { data: Uint32Array.from({ length: words }, (_, at) => buffer.readUInt32LE(at * 4)), l2, range }
  }

  private get byteLength(): number {
    const { dimension, quantization } = this.shape
    if (quantization === "f32") return dimension * 4
    return quantization === "int8" ? dimension : Math.ceil(dimension / 64) * 8
  }

  /** Adds an element or replaces its vector, and its attributes if they are given; true if it is new. */
  set(name: string, vector: StoredVector, attributes: string | undefined): boolean {
    this.added++
    const existing = this.elements.get(name)
    if (existing !== undefined) {
      existing.vector = vector
      if (attributes !== undefined) this.setAttributes(existing, attributes)
      return false
    }
    const element: VectorElement = { key: name, slot: -1, vector, attributes: "", parsed: undefined }
    this.elements.add(element)
    if (attributes !== undefined) this.setAttributes(element, attributes)
    return true
  }

  /** Sets the attributes of an element; none if the text is empty. */
  setAttributes(element: VectorElement, attributes: string): void {
    this.attributed += Number(attributes !== "") - Number(element.attributes !== "")
    element.attributes = attributes
    element.parsed = undefined
  }

  delete(name: string): boolean {
    const element = this.elements.get(name)
    if (element === undefined) return false
    this.setAttributes(element, "")
    this.elements.remove(element)
    return true
  }

  /** The elements nearest to a vector, of those that match. */
  nearest(
    to: StoredVector,
    count: number,
    matches?: (element: VectorElement) => boolean
  ): Array<Found<VectorElement>> {
    const heap = new NearestHeap<VectorElement>(count)
    const { dimension } = this.shape
    for (let slot = 0; slot < this.elements.size; slot++) {
      const element = this.elements.at(slot)
      if (element === undefined || (matches !== undefined && !matches(element))) continue
      heap.offer(distance(to, element.vector, dimension), element)
    }
    return heap.sorted()
  }

  /** The elements as they are now, whatever is done to the set later. */
  freeze(): FrozenVectorSet {
    const elements = this.elements.dense().map(({ key, vector, attributes }) => ({ key, vector, attributes }))
    return { set: this, elements }
  }

  /** A set of its own with the same elements. Vectors are never changed in place, so they are shared. */
  clone(): VectorSetValue {
    const copy = new VectorSetValue(this.shape)
    this.elements.forEach((element) => {
      copy.set(element.key, element.vector, element.attributes)
    })
    return copy
  }
}
