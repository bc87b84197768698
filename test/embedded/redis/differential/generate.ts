/** Programs of commands that look like what clients send, with some that no client should. */
import { SCRIPTS, SHAPES } from "./commands.ts"
import type { Random } from "../../random.ts"

/** A program: what one connection sends to an empty server. */
export interface Program {
  readonly resp: 2 | 3
  readonly commands: ReadonlyArray<ReadonlyArray<string>>
}

/** Few keys and members, so that commands meet. */
export const KEYS: ReadonlyArray<string> = ["a", "b", "c", "d", "e", "w1", "w2", "w3"]
const MEMBERS = ["1", "2", "3", "m", "n", "o", "", "Palermo", "\xff\x00", "x".repeat(65)]
const VALUES = [
  "",
  "v",
  "hello world",
  "12",
  "-7",
  "3.25",
  "abcabc",
  "\x00\x01\xfe",
  "y".repeat(45),
  "z".repeat(65)
]
const INTEGERS = [
  "0",
  "1",
  "-1",
  "5",
  "-13",
  "255",
  "1000000",
  "9223372036854775807",
  "-9223372036854775808",
  "2147483648"
]
const FLOATS = ["0", "1.5", "-2.25", "0.1", "3e5", "1e-7", "123456789.125", "-0"]
const SCORES = ["0", "1", "2", "3", "-1", "1.5", "-2.75", "0.1", "1e10", "inf", "-inf", "3.0000001", "-0"]
const JUNK = [
  "",
  "abc",
  "-1",
  "0",
  "1.5",
  "nan",
  " 1",
  "1 ",
  "+1",
  "01",
  "9223372036854775808",
  "-9223372036854775809",
  "1e400",
  "\x00",
  "NX",
  "(1",
  "*"
]

const KINDS: Readonly<Record<string, (random: Random) => string>> = {
  key: (random) => random.pick(KEYS),
  value: (random) => random.pick(VALUES),
  member: (random) => random.pick(MEMBERS),
  integer: (random) => random.pick(INTEGERS),
  small: (random) => String(random.below(5)),
  index: (random) => String(random.below(12) - 5),
  float: (random) => random.pick(FLOATS),
  score: (random) => random.pick(SCORES),
  bit: (random) => String(random.below(2)),
  offset: (random) => String(random.pick([0, 1, 3, 7, 8, 17, 100])),
  "field-type": (random) => `${random.pick(["u", "i"])}${random.pick([1, 2, 3, 8, 16, 31, 32, 53, 63, 64])}`,
  "field-offset": (random) => `${random.pick(["", "#"])}${random.below(6)}`,
  "score-bound": (random) => random.pick(["-inf", "+inf", "(0", "(1", "(1.5", ...SCORES]),
  "lex-bound": (random) => random.pick(["-", "+", "[", "(", "[1", "(2", "[m", "(n", "[o"]),
  pattern: (random) => random.pick(["*", "?", "[a-c]", "[^a]", "w*", "*1", "\\*", "1*"]),
  "sort-pattern": (random) => random.pick(["w*", "nokey", "a->*", "*->m", "w*->1", "#", "*"]),
  type: (random) => random.pick(["string", "list", "set", "zset", "hash", "nope"]),
  longitude: (random) => random.pick(["13.361389", "15.087269", "-122.4194", "179.9", "-180", "0", "2.35"]),
  latitude: (random) =>
    random.pick(["38.115556", "37.502669", "37.7749", "-85.05", "85.05112878", "0", "48.85"]),
  length: (random) => random.pick(["0", "1", "100.5", "500", "3000", "20000"]),
  unit: (random) => random.pick(["m", "km", "ft", "mi", "KM"]),
  database: (random) => String(random.below(3)),
  later: (random) => String(100_000 * (1 + random.below(9))),
  "later-ms": (random) => String(100_000_000 * (1 + random.below(9))),
  date: (random) => String(5_000_000_000 + 100_000 * random.below(9)),
  "date-ms": (random) => String(5_000_000_000_000 + 100_000_000 * random.below(9)),
  // Entries come in order more often than not.
  "new-id": (random) => `${random.below(6)}-${random.pick(["*", "*", "*", random.below(5)])}`,
  "stream-id": (random) => `${random.below(6)}-${random.below(4)}`,
  "range-start": (random) => `${random.pick(["", "", "("])}${random.below(6)}-${random.below(4)}`,
  "range-end": (random) => random.pick(["+", "+", "3", "(4-1", "5-2"]),
  group: (random) => random.pick(["g", "h"]),
  consumer: (random) => random.pick(["alice", "bob"]),
  gone: (random) => random.pick(["0", "-1", "-100000"])
}

type Part =
  | { readonly kind: "word"; readonly text: string }
  | {
      readonly kind: "group"
      readonly bracket: string
      readonly choices: ReadonlyArray<ReadonlyArray<Part>>
    }

const CLOSING: Readonly<Record<string, string>> = { "[": "]", "(": ")", "{": "}" }

const parsed = new Map<string, ReadonlyArray<Part>>()

const parse = (shape: string): ReadonlyArray<Part> => {
  const known = parsed.get(shape)
  if (known !== undefined) return known
  const tokens = shape.match(/[[\](){}|]|[^\s[\](){}|]+/g) ?? []
  let at = 0
  const choices = (closing: string | undefined): Array<Array<Part>> => {
    const out: Array<Array<Part>> = [[]]
    for (; at < tokens.length && tokens[at] !== closing; at++) {
      const token = tokens[at] ?? ""
      if (token === "|") out.push([])
      else if (CLOSING[token] === undefined) out.at(-1)?.push({ kind: "word", text: token })
      else {
        at++
        out.at(-1)?.push({ kind: "group", bracket: token, choices: choices(CLOSING[token]) })
      }
    }
    return out
  }
  const parts = choices(undefined)[0] ?? []
  parsed.set(shape, parts)
  return parts
}

const fill = (parts: ReadonlyArray<Part>, random: Random, out: Array<string>): void => {
  for (const part of parts) {
    if (part.kind === "word") {
      const kind = KINDS[part.text]
      out.push(kind === undefined ? part.text : kind(random))
      continue
    }
    const times =
      part.bracket === "{" ? 1 + random.below(3) : part.bracket === "[" ? Number(random.chance(0.35)) : 1
    for (let time = 0; time < times; time++) fill(random.pick(part.choices), random, out)
  }
}

const GROUPS = Object.keys(SHAPES)
/** Types get most of the commands; the connection and the server few. */
const WEIGHTED = GROUPS.flatMap((group) =>
  Array.from({ length: group === "server" ? 1 : group === "connection" ? 2 : 12 }, () => group)
)

/** What a client should not have sent. */
const spoil = (args: Array<string>, random: Random): void => {
  const at = 1 + random.below(Math.max(1, args.length - 1))
  switch (random.below(4)) {
    case 0:
      args.splice(at, 1)
      break
    case 1:
      args.push(random.pick(JUNK))
      break
    case 2:
      args.splice(at, 0, random.pick(JUNK))
      break
    default:
      if (at < args.length) args[at] = random.pick(JUNK)
  }
}

const command = (random: Random, groups: ReadonlyArray<string>): Array<string> => {
  const args: Array<string> = []
  fill(parse(random.pick(SHAPES[random.pick(groups)] ?? [])), random, args)
  // A fourth argument of ZRANK is known since 7.2, and other scores than 0 must not be among members that have no order.
  // A star would make the clock choose the ID of an entry; without a count that takes all, chance would choose members.
  const kept =
    /^(zrank|zrevrank|xadd|spop|[shz]rand(member|field))$/i.test(args[0] ?? "") ||
    groups.includes("lexicographic")
  if (random.chance(0.06) && !kept) spoil(args, random)
  if (random.chance(0.1)) args[0] = (args[0] ?? "").toLowerCase()
  return args
}

const script = (random: Random, groups: ReadonlyArray<string>): Array<string> => {
  if (random.chance(0.4)) {
    const args = command(random, groups)
    const body = random.pick(["return redis.call(unpack(ARGV))", "return redis.pcall(unpack(ARGV))"])
    return [random.pick(["EVAL", "EVAL", "EVAL_RO"]), body, "0", ...args]
  }
  const [body, keys] = random.pick(SCRIPTS)
  const names = Array.from({ length: keys }, () => random.pick(KEYS))
  return ["EVAL", body, String(keys), ...names, random.pick([...MEMBERS, ...INTEGERS])]
}

/** A program that a seed determines. */
export const program = (random: Random): Program => {
  const commands: Array<ReadonlyArray<string>> = []
  // A program about a few types, so that commands find what they are for.
  const first = random.pick(WEIGHTED)
  const groups =
    first === "lexicographic"
      ? [first, first, "generic"]
      : [
          first,
          ...[random.pick(WEIGHTED), random.pick(WEIGHTED)].filter((group) => group !== "lexicographic"),
          "generic"
        ]
  const length = 5 + random.below(30)
  let open = false
  while (commands.length < length) {
    if (random.chance(0.03)) commands.push(["WATCH", random.pick(KEYS)])
    if (random.chance(open ? 0.2 : 0.04)) {
      commands.push([open ? random.pick(["EXEC", "EXEC", "EXEC", "DISCARD"]) : "MULTI"])
      open = !open
    } else
      commands.push(
        random.chance(0.07) && first !== "lexicographic" ? script(random, groups) : command(random, groups)
      )
  }
  if (open) commands.push(["EXEC"])
  return { resp: random.chance(0.5) ? 3 : 2, commands }
}
