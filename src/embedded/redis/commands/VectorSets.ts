import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { OUT_OF_RANGE, wrongArity } from "../exec/Errors.ts"
import { INT64_LIMIT } from "../format/Integers.ts"
import { DoubleReply, EMPTY, ErrorReply, MapReply, NULL_ARRAY, type Reply, Status } from "../resp/Reply.ts"
import { restoreVector, type StoredVector } from "../types/VectorMath.ts"
import { type VectorElement, VectorSetValue } from "../types/VectorSetValue.ts"
import { create, readVectorSet, writeVectorSet } from "./Access.ts"
import { pickDistinct, pickRepeated } from "./RandomPick.ts"
import { type AddVector, addVectorArguments, searchOptions, vectorArgument } from "./VectorArguments.ts"
import { compileFilter, type VectorFilter } from "./VectorFilter.ts"
import { restoreElement } from "./VectorRestore.ts"

const dimensionMismatch = (got: number, wanted: number): ErrorReply =>
  new ErrorReply(`ERR Vector dimension mismatch - got ${got} but set has ${wanted}`)

const projectionMismatch = (got: number, wanted: number): ErrorReply =>
  new ErrorReply(`ERR Input dimension mismatch for projection - got ${got} but projection expects ${wanted}`)

/** Throws if a vector cannot be added to a set as it is asked. */
const checkShape = ({ shape }: VectorSetValue, request: AddVector): void => {
  const { length } = request.vector
  if (shape.quantization !== request.quantization) {
    throw new ErrorReply("ERR asked quantization mismatch with existing vector set")
  }
  if (shape.links !== request.links) {
    throw new ErrorReply("ERR asked M value mismatch with existing vector set")
  }
  const projects = shape.inputDimension !== 0
  if (shape.dimension !== (projects ? request.reduce : length))
    throw dimensionMismatch(length, shape.dimension)
  if (request.reduce !== 0 && !projects) {
    throw new ErrorReply("ERR cannot add projection to existing set without projection")
  }
  if (projects && length !== shape.inputDimension) throw projectionMismatch(length, shape.inputDimension)
}

const vadd = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  // The form in which a compaction writes elements; nobody else may use it.
  if (client.db.frozen && argument(args, 2) === "STORED") return restoreElement(client, args)
  const request = addVectorArguments(args)
  let set = writeVectorSet(client, key)
  if (set === undefined) {
    const { length } = request.vector
    set = create(
      client,
      key,
      new VectorSetValue({
        dimension: request.reduce === 0 ? length : request.reduce,
        quantization: request.quantization,
        links: request.links,
        inputDimension: request.reduce === 0 ? 0 : length
      })
    )
  } else checkShape(set, request)
  const added = set.add(request.vector, request.element, request.attributes)
  client.server.changed(client.db, key, 0, "vadd")
  return added
}

const vrem = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const set = writeVectorSet(client, key)
  if (set === undefined || !set.delete(argument(args, 2))) return false
  if (set.size === 0) client.db.delete(key)
  client.server.changed(client.db, key, 0, "vrem")
  return true
}

/** The vector that VSIM searches near, and the place after it. */
const query = (set: VectorSetValue, args: Arguments): readonly [StoredVector, number] => {
  const { dimension, inputDimension } = set.shape
  if (argument(args, 2).toUpperCase() === "ELE") {
    const element = set.elements.get(argument(args, 3))
    if (element === undefined) throw new ErrorReply("ERR element not found in set")
    return [set.prepare(restoreVector(element.vector, dimension)), 4]
  }
  const { vector, end } = vectorArgument(args, 2, false)
  if (vector.length !== dimension) {
    if (inputDimension === 0) throw dimensionMismatch(vector.length, dimension)
    if (vector.length !== inputDimension) throw projectionMismatch(vector.length, inputDimension)
  }
  return [set.prepare(vector), end]
}

const utf8 = (bytes: string): string => Buffer.from(bytes, "latin1").toString("utf8")

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const parseAttributes = (text: string): Readonly<Record<string, unknown>> | null => {
  if (text === "") return null
  try {
    const value: unknown = JSON.parse(utf8(text))
    return isRecord(value) ? value : null
  } catch {
    return null
  }
}

const filterOf = (expression: string): VectorFilter => {
  const text = utf8(expression)
  const filter = compileFilter(text)
  if (typeof filter === "function") return filter
  const near = Buffer.from(text.slice(filter.at), "utf8").toString("latin1")
  throw new ErrorReply(`ERR syntax error in FILTER expression near: ${near}`)
}

const matcher =
  (filter: VectorFilter) =>
  (element: VectorElement): boolean => {
    if (element.parsed === undefined) element.parsed = parseAttributes(element.attributes)
    return element.parsed !== null && filter(element.parsed)
  }

const attributesReply = (element: VectorElement): Reply =>
  element.attributes === "" ? null : element.attributes

const similarity = (distance: number): DoubleReply => new DoubleReply(1 - distance / 2)

const vsim = (client: Client, args: Arguments): Reply => {
  const set = readVectorSet(client, argument(args, 1))
  if (set === undefined) return EMPTY
  const [to, end] = query(set, args)
  const options = searchOptions(args, end)
  const matches = options.filter === undefined ? undefined : matcher(filterOf(options.filter))
  const found = set
    .nearest(to, Math.min(options.count, set.size), matches)
    .filter(({ distance }) => distance / 2 <= options.epsilon)
  const { withScores, withAttributes } = options
  if (!withScores && !withAttributes) return found.map(({ item }) => item.key)
  const isMap = client.resp === 3
  const entries: Array<Reply> = []
  for (const { distance, item } of found) {
    entries.push(item.key)
    if (isMap && withScores && withAttributes) entries.push([similarity(distance), attributesReply(item)])
    else {
      if (withScores) entries.push(similarity(distance))
      if (withAttributes) entries.push(attributesReply(item))
    }
  }
  return isMap ? new MapReply(entries) : entries
}

const vemb = (client: Client, args: Arguments): Reply => {
  for (const option of args.slice(3)) {
    if (option.toUpperCase() !== "RAW") throw new ErrorReply("ERR invalid option")
  }
  const set = readVectorSet(client, argument(args, 1))
  const element = set?.elements.get(argument(args, 2))
  if (set === undefined || element === undefined) return null
  const { vector } = element
  const { quantization, dimension } = set.shape
  if (args.length === 3) {
    return [...restoreVector(vector, dimension)].map((component) => new DoubleReply(component))
  }
  const out: Array<Reply> = [new Status(quantization), set.bytesOf(vector), new DoubleReply(vector.l2)]
  if (quantization === "int8") out.push(new DoubleReply(vector.range))
  return out
}

const vsetattr = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const set = writeVectorSet(client, key)
  const element = set?.elements.get(argument(args, 2))
  if (set === undefined || element === undefined) return false
  set.setAttributes(element, argument(args, 3))
  client.server.changed(client.db, key, 0, "vsetattr")
  return true
}

const vgetattr = (client: Client, args: Arguments): Reply => {
  const element = readVectorSet(client, argument(args, 1))?.elements.get(argument(args, 2))
  return element === undefined ? null : attributesReply(element)
}

/** There is no graph: the links of an element are the elements nearest to it, as many as the graph would have. */
const vlinks = (client: Client, args: Arguments): Reply => {
  const withScores = args.length === 4
  if (args.length > 4 || (withScores && argument(args, 3).toUpperCase() !== "WITHSCORES")) {
    throw wrongArity("vlinks")
  }
  const set = readVectorSet(client, argument(args, 1))
  const element = set?.elements.get(argument(args, 2))
  if (set === undefined || element === undefined) return null
  const found = set.nearest(element.vector, set.shape.links * 2, (other) => other !== element)
  if (!withScores) return [found.map(({ item }) => item.key)]
  return [new MapReply(found.flatMap(({ distance, item }): Array<Reply> => [item.key, similarity(distance)]))]
}

const vinfo = (client: Client, args: Arguments): Reply => {
  const set = readVectorSet(client, argument(args, 1))
  if (set === undefined) return NULL_ARRAY
  const { shape } = set
  const entries: ReadonlyArray<readonly [string, Reply]> = [
    ["quant-type", new Status(shape.quantization)],
    ["hnsw-m", shape.links],
    ["vector-dim", shape.dimension],
    ["projection-input-dim", shape.inputDimension],
    ["size", set.size],
    ["max-level", 0],
    ["attributes-count", set.attributed],
    ["vset-uid", set.id],
    ["hnsw-max-node-uid", set.added]
  ]
  return new MapReply(entries.flatMap(([name, value]): Array<Reply> => [new Status(name), value]))
}

const vrandmember = (client: Client, args: Arguments): Reply => {
  if (args.length > 3) throw wrongArity("vrandmember")
  const counted = args.length === 3
  const count = counted ? integer(argument(args, 2), new ErrorReply("ERR COUNT value is not an integer")) : 1
  if (count <= -INT64_LIMIT) throw OUT_OF_RANGE
  const set = count === 0 ? undefined : readVectorSet(client, argument(args, 1))
  if (!counted) return set?.elements.random()?.key ?? null
  if (set === undefined) return EMPTY
  const at = (slot: number): string | undefined => set.elements.at(slot)?.key
  return count < 0 ? pickRepeated(-count, set.size, at) : pickDistinct(count, set.size, at)
}

const vdim = (client: Client, args: Arguments): Reply => {
  const set = readVectorSet(client, argument(args, 1))
  if (set === undefined) throw new ErrorReply("ERR key does not exist")
  return set.shape.dimension
}

const keys = [1, 1, 1] as const
const since = "8.0.0"

/** Commands on vector sets, which Redis has since version 8. */
export const VECTOR_SETS: ReadonlyArray<CommandDefinition> = [
  {
    name: "vadd",
    arity: -5,
    flags: "write denyoom",
    keys,
    since,
    complexity: "O(N) with N being the dimension of the vector.",
    summary: "Adds an element to a vector set or updates its vector. Creates the key if it doesn't exist.",
    run: vadd
  },
  {
    name: "vrem",
    arity: 3,
    flags: "write",
    keys,
    since,
    summary: "Removes an element from a vector set.",
    run: vrem
  },
  {
    name: "vsim",
    arity: -4,
    flags: "readonly",
    keys,
    since,
    complexity: "O(N*M) with N being the number of elements and M the dimension: every search is exact.",
    summary: "Returns the elements of a vector set that are most similar to a vector or an element.",
    run: vsim
  },
  {
    name: "vcard",
    arity: 2,
    flags: "readonly fast",
    keys,
    since,
    summary: "Returns the number of elements in a vector set.",
    run: (client, args) => readVectorSet(client, argument(args, 1))?.size ?? 0
  },
  {
    name: "vdim",
    arity: 2,
    flags: "readonly fast",
    keys,
    since,
    summary: "Returns the dimension of the vectors in a vector set.",
    run: vdim
  },
  {
    name: "vemb",
    arity: -3,
    flags: "readonly fast",
    keys,
    since,
    complexity: "O(N) with N being the dimension of the vector.",
    summary: "Returns the approximate vector of an element.",
    run: vemb
  },
  {
    name: "vinfo",
    arity: 2,
    flags: "readonly fast",
    keys,
    since,
    summary: "Returns information about a vector set.",
    run: vinfo
  },
  {
    name: "vgetattr",
    arity: 3,
    flags: "readonly fast",
    keys,
    since,
    summary: "Returns the JSON attributes of an element.",
    run: vgetattr
  },
  {
    name: "vsetattr",
    arity: 4,
    flags: "write fast",
    keys,
    since,
    summary: "Sets or removes the JSON attributes of an element.",
    run: vsetattr
  },
  {
    name: "vrandmember",
    arity: -2,
    flags: "readonly",
    keys,
    since,
    complexity: "O(N) with N being the count.",
    summary: "Returns one or more random elements of a vector set.",
    run: vrandmember
  },
  {
    name: "vlinks",
    arity: -3,
    flags: "readonly",
    keys,
    since,
    complexity: "O(N*M) with N being the number of elements and M the dimension.",
    summary: "Returns the neighbours of an element.",
    run: vlinks
  },
  {
    name: "vismember",
    arity: 3,
    flags: "readonly fast",
    keys,
    since: "8.2.0",
    summary: "Determines whether an element belongs to a vector set.",
    run: (client, args) =>
      readVectorSet(client, argument(args, 1))?.elements.get(argument(args, 2)) !== undefined
  }
]
