import { keysOf } from "../exec/CommandTable.ts"
import type { Arguments } from "../exec/Arguments.ts"
import type { Command } from "../exec/Context.ts"
import { FACTS } from "../exec/KeyFacts.ts"
import { MapReply, type Reply, SetReply, Status } from "../resp/Reply.ts"

/** The ACL categories, in the order of ACL CAT. */
export const CATEGORY_NAMES: ReadonlyArray<string> =
  "keyspace read write set sortedset list hash string bitmap hyperloglog geo stream pubsub admin fast slow blocking dangerous connection transaction scripting".split(
    " "
  )

const GROUPS: Readonly<Record<string, string>> = { "sorted-set": "sortedset", generic: "keyspace" }

/** The ACL categories of a command, with their @. */
export const categoriesOf = (command: Command): ReadonlyArray<string> => {
  const known = FACTS[command.name]?.[0]
  if (known !== undefined) return known.split(" ").map((name) => `@${name}`)
  const group = GROUPS[command.group] ?? command.group
  return [
    command.isWrite ? "write" : command.flags.has("readonly") ? "read" : "",
    CATEGORY_NAMES.includes(group) ? group : "",
    command.flags.has("fast") ? "fast" : "slow"
  ]
    .filter((name) => name !== "")
    .map((name) => `@${name}`)
}

interface KeySpec {
  readonly flags: ReadonlyArray<string>
  readonly begin: string
  readonly find: string
}

const specsOf = (command: Command): ReadonlyArray<KeySpec> =>
  (FACTS[command.name] ?? []).slice(1).map((text) => {
    const [flags = "", begin = "", find = ""] = text.split("|")
    return { flags: flags.split(" "), begin, find }
  })

const numbers = (text: string): ReadonlyArray<number> => text.slice(1).split(",").map(Number)

/** The specifications of a command's keys as COMMAND INFO shows them. */
export const keySpecReplies = (command: Command): ReadonlyArray<Reply> =>
  specsOf(command).map(({ flags, begin, find }) => {
    const [keyword = "", start = "0"] = begin.slice(1).split(",")
    const [first = 0, second = 0, third = 0] = numbers(find)
    const beginSpec: readonly [string, ReadonlyArray<Reply>] =
      begin[0] === "i"
        ? ["index", ["index", Number(begin.slice(1))]]
        : begin[0] === "k"
          ? ["keyword", ["keyword", keyword, "startfrom", Number(start)]]
          : ["unknown", []]
    const findSpec: readonly [string, ReadonlyArray<Reply>] =
      find[0] === "r"
        ? ["range", ["lastkey", first, "keystep", second, "limit", third]]
        : find[0] === "n"
          ? ["keynum", ["keynumidx", first, "firstkey", second, "keystep", third]]
          : ["unknown", []]
    return new MapReply([
      "flags",
      new SetReply(flags.map((flag) => new Status(flag))),
      "begin_search",
      new MapReply(["type", beginSpec[0], "spec", new MapReply(beginSpec[1])]),
      "find_keys",
      new MapReply(["type", findSpec[0], "spec", new MapReply(findSpec[1])])
    ])
  })

const beginningOf = (begin: string, args: Arguments): number | undefined => {
  if (begin[0] === "i") return Number(begin.slice(1))
  if (begin[0] !== "k") return undefined
  const [keyword = "", from = "0"] = begin.slice(1).split(",")
  const start = Number(from)
  const step = start < 0 ? -1 : 1
  for (let at = start < 0 ? args.length + start : start; at > 0 && at < args.length; at += step) {
    if (args[at]?.toUpperCase() === keyword.toUpperCase()) return at + 1
  }
  return undefined
}

const placesOf = ({ begin, find }: KeySpec, args: Arguments): ReadonlyArray<number> => {
  const start = beginningOf(begin, args)
  if (start === undefined || find[0] === "?") return []
  const [first = 0, second = 1, third = 0] = numbers(find)
  const places: Array<number> = []
  if (find[0] === "n") {
    const count = Number(args[start + first])
    for (let n = 0; n < count; n++) places.push(start + second + n * third)
    return places
  }
  const left = args.length - start
  const last =
    first >= 0 ? start + first : third <= 1 ? args.length + first : start + Math.floor(left / third) + first
  for (let at = start; at <= last; at += second) places.push(at)
  return places
}

/** The flags of a key whose use depends on the arguments. */
const exactFlags = (
  command: Command,
  args: Arguments,
  flags: ReadonlyArray<string>
): ReadonlyArray<string> => {
  // What the search of the specification may miss, the arguments tell.
  if (command.name === "migrate") return flags.filter((flag) => flag !== "incomplete")
  if (!flags.includes("variable_flags")) return flags
  const words = new Set(args.map((word) => word.toUpperCase()))
  if (command.name === "set") return words.has("GET") ? ["RW", "access", "update"] : ["OW", "update"]
  if (command.name === "bitfield" && !words.has("SET") && !words.has("INCRBY")) return ["RO", "access"]
  return flags.filter((flag) => flag !== "variable_flags")
}

/** The keys of a call, each with how it is used. */
export const keysWithFlags = (
  command: Command,
  args: Arguments
): ReadonlyArray<readonly [key: string, flags: ReadonlyArray<string>]> => {
  const found = new Map<string, ReadonlyArray<string>>()
  for (const spec of specsOf(command)) {
    for (const at of placesOf(spec, args)) {
      const key = args[at]
      if (key !== undefined && !found.has(key)) found.set(key, exactFlags(command, args, spec.flags))
    }
  }
  return keysOf(command, args).map((key) => [
    key,
    found.get(key) ?? (command.isWrite ? ["OW", "update"] : ["RO", "access"])
  ])
}
