import { argument, type Arguments, float, integer } from "../exec/Arguments.ts"
import { wrongArity } from "../exec/Errors.ts"
import { ErrorReply } from "../resp/Reply.ts"
import type { Quantization } from "../types/VectorMath.ts"

const INVALID_VECTOR = new ErrorReply("ERR invalid vector specification")
const LARGEST_DIMENSION = 65536
const LARGEST_EFFORT = 1_000_000

/** Redis's graph gives every element this many neighbours if it is not told otherwise. */
const DEFAULT_LINKS = 16

/** A vector among the arguments. */
export interface VectorArgument {
  readonly vector: Float32Array
  /** What REDUCE asks for; 0 if it was not given. */
  readonly reduce: number
  /** The place after it. */
  readonly end: number
}

/** Floats as Redis's clients send them: 32 bits each, the lowest byte first. */
const floatsOf = (bytes: string): Float32Array => {
  const buffer = Buffer.from(bytes, "latin1")
  const out = new Float32Array(buffer.length >> 2)
  for (let at = 0; at < out.length; at++) out[at] = buffer.readFloatLE(at * 4)
  return out
}

/** Reads `[REDUCE dimension] FP32 bytes` or `[REDUCE dimension] VALUES count value ...`. */
export const vectorArgument = (args: Arguments, start: number, mayReduce: boolean): VectorArgument => {
  let at = start
  let reduce = 0
  if (mayReduce && argument(args, at).toUpperCase() === "REDUCE" && args.length > at + 2) {
    reduce = integer(argument(args, at + 1), INVALID_VECTOR)
    if (reduce <= 0) throw INVALID_VECTOR
    at += 2
  }
  const read = vectorOf(args, at)
  if (reduce > read.vector.length) throw INVALID_VECTOR
  return { ...read, reduce }
}

const vectorOf = (args: Arguments, at: number): { readonly vector: Float32Array; readonly end: number } => {
  const form = argument(args, at).toUpperCase()
  if (at + 1 >= args.length) throw INVALID_VECTOR
  const second = argument(args, at + 1)
  if (form === "FP32") {
    if (second.length % 4 !== 0 || second.length < 4 || second.length / 4 > LARGEST_DIMENSION) {
      throw INVALID_VECTOR
    }
    return { vector: floatsOf(second), end: at + 2 }
  }
  if (form !== "VALUES") throw INVALID_VECTOR
  const count = integer(second, INVALID_VECTOR)
  if (count < 1 || count > LARGEST_DIMENSION || args.length < at + 2 + count) throw INVALID_VECTOR
  const vector = new Float32Array(count)
  for (let index = 0; index < count; index++) {
    vector[index] = float(argument(args, at + 2 + index), INVALID_VECTOR)
  }
  return { vector, end: at + 2 + count }
}

/** What VADD was asked to do. */
export interface AddVector extends VectorArgument {
  readonly element: string
  readonly quantization: Quantization
  readonly links: number
  readonly attributes: string | undefined
}

const bounded = (text: string, minimum: number, maximum: number, error: ErrorReply): number => {
  const value = integer(text, error)
  if (value < minimum || value > maximum) throw error
  return value
}

/** Reads the arguments of VADD. */
export const addVectorArguments = (args: Arguments): AddVector => {
  const read = vectorArgument(args, 2, true)
  if (read.end >= args.length) throw wrongArity("vadd")
  let quantization: Quantization = "int8"
  let links = DEFAULT_LINKS
  let attributes: string | undefined
  for (let at = read.end + 1; at < args.length; at++) {
    const option = argument(args, at).toUpperCase()
    const hasValue = at + 1 < args.length
    // CAS and EF are about building a graph, which an exact search does without.
    if (option === "CAS") continue
    else if (option === "EF" && hasValue) {
      bounded(argument(args, ++at), 1, LARGEST_EFFORT, new ErrorReply("ERR invalid EF"))
    } else if (option === "M" && hasValue) {
      links = bounded(argument(args, ++at), 4, 4096, new ErrorReply("ERR invalid M"))
    } else if (option === "SETATTR" && hasValue) attributes = argument(args, ++at)
    else if (option === "NOQUANT") quantization = "f32"
    else if (option === "BIN") quantization = "bin"
    else if (option === "Q8") quantization = "int8"
    else throw new ErrorReply("ERR invalid option after element")
  }
  return { ...read, element: argument(args, read.end), quantization, links, attributes }
}

/** How VSIM was asked to search. */
export interface SearchOptions {
  readonly count: number
  /** The largest distance, from 0 to 1, that is answered. */
  readonly epsilon: number
  readonly withScores: boolean
  readonly withAttributes: boolean
  readonly filter: string | undefined
}

/** Reads the options of VSIM from a place on. */
export const searchOptions = (args: Arguments, start: number): SearchOptions => {
  let count = 10
  let epsilon = 2
  let withScores = false
  let withAttributes = false
  let filter: string | undefined
  for (let at = start; at < args.length; at++) {
    const option = argument(args, at).toUpperCase()
    const hasValue = at + 1 < args.length
    if (option === "WITHSCORES") withScores = true
    else if (option === "WITHATTRIBS") withAttributes = true
    // Every search is exact, and none has a thread of its own.
    else if (option === "TRUTH" || option === "NOTHREAD") continue
    else if (option === "COUNT" && hasValue) {
      count = bounded(argument(args, ++at), 1, Infinity, new ErrorReply("ERR invalid COUNT"))
    } else if (option === "EPSILON" && hasValue) {
      const error = new ErrorReply("ERR invalid EPSILON")
      epsilon = float(argument(args, ++at), error)
      if (epsilon <= 0) throw error
    } else if (option === "EF" && hasValue) {
      bounded(argument(args, ++at), 1, LARGEST_EFFORT, new ErrorReply("ERR invalid EF"))
    } else if (option === "FILTER-EF" && hasValue) {
      bounded(argument(args, ++at), 1, Infinity, new ErrorReply("ERR invalid FILTER-EF"))
    } else if (option === "FILTER" && hasValue) filter = argument(args, ++at)
    else throw new ErrorReply("ERR syntax error in VSIM command")
  }
  return { count, epsilon, withScores, withAttributes, filter }
}
