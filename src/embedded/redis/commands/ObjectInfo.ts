import { argument, type Arguments } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { frequencyOf } from "../db/Access.ts"
import type { Entry } from "../db/Entry.ts"
import { ErrorReply, Status } from "../resp/Reply.ts"
import { encodingOf } from "../types/Describe.ts"

const usesFrequency = (client: Client): boolean =>
  client.server.settings.get("maxmemory-policy").endsWith("lfu")

const SWITCHED =
  "Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."

const objectEntry = (client: Client, args: Arguments): Entry | undefined => client.db.peek(argument(args, 2))

/** Redis has one object for each of the first integers, unless it must know how often each key is used. */
const SHARED_INTEGERS = 10_000
const SHARED_REFERENCES = 2147483647

const isShared = (client: Client, { value }: Entry): boolean => {
  if (typeof value !== "string" || encodingOf(value) !== "int") return false
  const number = Number(value)
  if (number < 0 || number >= SHARED_INTEGERS) return false
  const { settings } = client.server
  return settings.get("maxmemory") === "0" || !/-l[rf]u$/.test(settings.get("maxmemory-policy"))
}

/** OBJECT: how a value is kept and used. */
export const OBJECT_INFO: CommandDefinition = {
  name: "object",
  arity: -2,
  flags: "",
  since: "2.2.3",
  summary: "A container for object introspection commands.",
  subcommands: [
    {
      name: "encoding",
      arity: 3,
      flags: "readonly",
      keys: [2, 2, 1],
      since: "2.2.3",
      summary: "Returns the internal encoding of an object.",
      run: (client, args) => {
        const entry = objectEntry(client, args)
        return entry === undefined ? null : encodingOf(entry.value)
      }
    },
    {
      name: "refcount",
      arity: 3,
      flags: "readonly",
      keys: [2, 2, 1],
      since: "2.2.3",
      summary: "Returns the reference count of a value of a key.",
      run: (client, args) => {
        const entry = objectEntry(client, args)
        if (entry === undefined) return null
        return isShared(client, entry) ? SHARED_REFERENCES : 1
      }
    },
    {
      name: "idletime",
      arity: 3,
      flags: "readonly",
      keys: [2, 2, 1],
      since: "2.2.3",
      summary: "Returns the time since the last access to an object.",
      run: (client, args) => {
        const entry = objectEntry(client, args)
        if (entry !== undefined && usesFrequency(client)) {
          throw new ErrorReply(`ERR An LFU maxmemory policy is selected, idle time not tracked. ${SWITCHED}`)
        }
        return entry === undefined ? null : Math.max(0, Math.floor(client.server.now / 1000) - entry.usedAt)
      }
    },
    {
      name: "freq",
      arity: 3,
      flags: "readonly",
      keys: [2, 2, 1],
      since: "4.0.0",
      summary: "Returns the logarithmic access frequency counter of a Redis object.",
      run: (client, args) => {
        const entry = objectEntry(client, args)
        if (entry === undefined) return null
        const rules = client.db.frequency
        if (rules !== undefined) return frequencyOf(entry.usedAt, client.server.now, rules)
        throw new ErrorReply(
          `ERR An LFU maxmemory policy is not selected, access frequency not tracked. ${SWITCHED}`
        )
      }
    },
    {
      name: "help",
      arity: 2,
      flags: "loading stale",
      since: "6.2.0",
      summary: "Returns helpful text about the different subcommands.",
      run: () =>
        [
          "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
          "ENCODING <key>",
          "    Return the kind of internal representation used in order to store the value",
          "    associated with a <key>.",
          "FREQ <key>",
          "    Return the access frequency index of the <key>. The returned integer is",
          "    proportional to the logarithm of the recent access frequency of the key.",
          "IDLETIME <key>",
          "    Return the idle time of the <key>, that is the approximated number of",
          "    seconds elapsed since the last access to the key.",
          "REFCOUNT <key>",
          "    Return the number of references of the value associated with the specified",
          "    <key>.",
          "HELP",
          "    Prints this help."
        ].map((line) => new Status(line))
    }
  ]
}
