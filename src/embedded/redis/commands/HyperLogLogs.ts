import { cut } from "../exec/Errors.ts"
import { argument, type Arguments } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { narrow } from "../format/Integers.ts"
import { ErrorReply, OK, type Reply, Status } from "../resp/Reply.ts"
import {
  addElement,
  cacheCount,
  cachedCount,
  countRegisters,
  emptyHyperLogLog,
  invalidate,
  isHyperLogLog,
  isSparse,
  mergeInto,
  raise,
  registersOf,
  runsOf,
  toDense
} from "../types/HyperLogLog.ts"
import type { StringBuffer } from "../types/StringBuffer.ts"
import { bufferOf, bytesOf } from "./Access.ts"

const NOT_ONE = new ErrorReply("WRONGTYPE Key is not a valid HyperLogLog string value.")
const DAMAGED = new ErrorReply("INVALIDOBJ Corrupted HLL object detected")
const REGISTERS = 16384

/** The HyperLogLog under a key. Reading may change it: the cardinality is cached within. */
const hyperLogLog = (client: Client, key: string): StringBuffer | undefined => {
  const entry = client.db.findForWrite(key)
  if (entry === undefined) return undefined
  if (!isHyperLogLog(bytesOf(entry.value))) throw NOT_ONE
  return bufferOf(entry)
}

const createHyperLogLog = (client: Client, key: string): StringBuffer => {
  const value = emptyHyperLogLog()
  client.db.set(key, value)
  return value
}

const sparseLimit = (client: Client): number => Number(client.server.settings.get("hll-sparse-max-bytes"))

const pfadd = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const existing = hyperLogLog(client, key)
  const value = existing ?? createHyperLogLog(client, key)
  const limit = sparseLimit(client)
  let changed = existing === undefined
  let damaged = false
  for (let at = 2; at < args.length && !damaged; at++) {
    const outcome = addElement(value, argument(args, at), limit)
    if (outcome === "raised") changed = true
    damaged = outcome === "damaged"
  }
  if (changed) {
    invalidate(value)
    client.server.changed(client.db, key, NOTIFY.string, "pfadd")
  }
  if (damaged) throw DAMAGED
  return changed ? 1 : 0
}

/** The registers of several keys, each the greatest; a missing key has none set. */
const union = (
  client: Client,
  keys: Arguments
): { readonly registers: Uint8Array; readonly dense: boolean } => {
  const registers = new Uint8Array(REGISTERS)
  let dense = false
  for (const key of keys) {
    const value = hyperLogLog(client, key)
    if (value === undefined) continue
    if (!isSparse(value)) dense = true
    if (!mergeInto(registers, value)) throw DAMAGED
  }
  return { registers, dense }
}

const pfcount = (client: Client, args: Arguments): Reply => {
  if (args.length > 2) return countRegisters(union(client, args.slice(1)).registers)
  const key = argument(args, 1)
  const value = hyperLogLog(client, key)
  if (value === undefined) return 0
  const cached = cachedCount(value)
  if (cached !== undefined) return narrow(BigInt.asIntN(64, cached))
  const registers = registersOf(value)
  if (registers === undefined) throw DAMAGED
  const count = countRegisters(registers)
  cacheCount(value, count)
  client.server.changed(client.db, key, 0, "pfcount")
  client.server.propagate(client.db, args)
  return count
}

const pfmerge = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const { registers, dense } = union(client, args.slice(1))
  const value = hyperLogLog(client, key) ?? createHyperLogLog(client, key)
  if (dense && !toDense(value)) throw DAMAGED
  const limit = sparseLimit(client)
  for (const [index, count] of registers.entries()) if (count > 0) raise(value, index, count, limit)
  invalidate(value)
  client.server.changed(client.db, key, NOTIFY.string, "pfadd")
  return OK
}

const densify = (client: Client, value: StringBuffer): boolean => {
  if (!isSparse(value)) return false
  if (!toDense(value)) throw DAMAGED
  // It counts as a change, and yet no watcher hears of it.
  client.server.dirty++
  return true
}

const pfdebug = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 2)
  const value = hyperLogLog(client, key)
  if (value === undefined) throw new ErrorReply("ERR The specified key does not exist")
  switch (argument(args, 1).toLowerCase()) {
    case "getreg":
      densify(client, value)
      return [...(registersOf(value) ?? [])]
    case "decode":
      if (!isSparse(value)) throw new ErrorReply("ERR HLL encoding is not sparse")
      return [...runsOf(value)]
        .map((run) =>
          run.value > 0 ? `v:${run.value},${run.length}` : `${run.width === 1 ? "z" : "Z"}:${run.length}`
        )
        .join(" ")
    case "encoding":
      return new Status(isSparse(value) ? "sparse" : "dense")
    case "todense":
      return densify(client, value) ? 1 : 0
    default:
      throw new ErrorReply(`ERR Unknown PFDEBUG subcommand '${cut(argument(args, 1))}'`)
  }
}

const TEST_ELEMENTS = 100_000
const STANDARD_ERROR = 1.04 / Math.sqrt(REGISTERS)

/** Counts known numbers of elements in both encodings, which must agree and be near the truth. */
const pfselftest = (client: Client): Reply => {
  const limit = sparseLimit(client)
  const dense = emptyHyperLogLog()
  toDense(dense)
  const other = emptyHyperLogLog()
  let checkpoint = 1
  for (let count = 1; count <= TEST_ELEMENTS; count++) {
    addElement(dense, `element ${count}`, limit)
    addElement(other, `element ${count}`, limit)
    if (count !== checkpoint) continue
    const found = countRegisters(registersOf(dense) ?? new Uint8Array())
    if (found !== countRegisters(registersOf(other) ?? new Uint8Array())) {
      throw new ErrorReply("ERR TESTFAILED dense/sparse disagree")
    }
    const difference = Math.abs(found - count)
    if (difference > Math.ceil(STANDARD_ERROR * 6 * count)) {
      throw new ErrorReply(`ERR TESTFAILED Too big error. card:${count} abserr:${difference}`)
    }
    checkpoint *= 10
  }
  return OK
}

/** Commands on HyperLogLogs. */
export const HYPERLOGLOGS: ReadonlyArray<CommandDefinition> = [
  {
    name: "pfadd",
    arity: -2,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    since: "2.8.9",
    summary: "Adds elements to a HyperLogLog key. Creates the key if it doesn't exist.",
    run: pfadd
  },
  {
    name: "pfcount",
    arity: -2,
    // It may change the cached cardinality.
    flags: "readonly may_replicate",
    keys: [1, -1, 1],
    since: "2.8.9",
    complexity: "O(N)",
    summary: "Returns the approximated cardinality of the sets observed by the HyperLogLog keys.",
    logsItself: true,
    run: pfcount
  },
  {
    name: "pfmerge",
    arity: -2,
    flags: "write denyoom",
    keys: [1, -1, 1],
    since: "2.8.9",
    complexity: "O(N)",
    summary: "Merges one or more HyperLogLog values into a single key.",
    run: pfmerge
  },
  {
    name: "pfdebug",
    arity: 3,
    flags: "write denyoom admin",
    keys: [2, 2, 1],
    since: "2.8.9",
    complexity: "N/A",
    summary: "Internal commands for debugging HyperLogLog values.",
    run: pfdebug
  },
  {
    name: "pfselftest",
    arity: 1,
    flags: "admin",
    since: "2.8.9",
    complexity: "N/A",
    summary: "An internal command for testing HyperLogLog values.",
    run: pfselftest
  }
]
