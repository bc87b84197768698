import { expect, it } from "vitest"
import { folder } from "./folder.ts"
import { opened } from "./open.ts"
import { realServer } from "./realServer.ts"

type Tree = ReadonlyArray<unknown>

const isTree = (value: unknown): value is Tree => Array.isArray(value)

const pairs = (reply: unknown): ReadonlyMap<string, unknown> => {
  const found = new Map<string, unknown>()
  if (!isTree(reply)) return found
  for (let at = 0; at + 1 < reply.length; at += 2) found.set(String(reply[at]), reply[at + 1])
  return found
}

/** What is worded in our own way, or left out: descriptions, and the history of arguments. */
const OWN: ReadonlySet<string> = new Set(["summary", "complexity", "history"])

/** The documentation of commands and their subcommands, each by its name. */
const documents = (reply: unknown): Map<string, Record<string, unknown>> => {
  const found = new Map<string, Record<string, unknown>>()
  for (const [name, entry] of pairs(reply)) {
    const known = [...pairs(entry)].filter(([field]) => !OWN.has(field))
    found.set(name, Object.fromEntries(known.filter(([field]) => field !== "subcommands")))
    for (const [sub, document] of documents(pairs(entry).get("subcommands"))) found.set(sub, document)
  }
  return found
}

/** A key specification without the notes, which are prose. */
const withoutNotes = (spec: unknown): unknown =>
  Object.fromEntries([...pairs(spec)].filter(([field]) => field !== "notes"))

const inOrder = (reply: unknown): unknown => (isTree(reply) ? reply.toSorted() : reply)

const facts = (reply: unknown): Map<string, unknown> => {
  const found = new Map<string, unknown>()
  if (!isTree(reply)) return found
  for (const entry of reply) {
    if (!isTree(entry)) continue
    const [name, arity, flags, first, last, step, categories, tips, specs, subcommands] = entry
    const keys = isTree(specs) ? specs.map(withoutNotes) : specs
    found.set(String(name), [
      arity,
      inOrder(flags),
      first,
      last,
      step,
      inOrder(categories),
      inOrder(tips),
      keys
    ])
    for (const [sub, fact] of facts(subcommands)) found.set(sub, fact)
  }
  return found
}

it("documents every command of Redis 7.0 as the real server does", async () => {
  using dir = folder()
  await using real = await realServer(dir.path)
  await using embedded = await opened()
  const theirs = documents(await real.redis.call("COMMAND", "DOCS"))
  const ours = documents(await embedded.redis.call("COMMAND", "DOCS"))
  expect(theirs.size).toBeGreaterThan(360)
  for (const [name, document] of theirs) expect([name, ours.get(name)]).toEqual([name, document])
})

it("describes every command of Redis 7.0 as the real server does", async () => {
  using dir = folder()
  await using real = await realServer(dir.path)
  await using embedded = await opened()
  const theirs = facts(await real.redis.call("COMMAND"))
  const ours = facts(await embedded.redis.call("COMMAND"))
  // They take WITHSCORE, as from 7.2 on.
  for (const name of ["zrank", "zrevrank"]) theirs.delete(name)
  for (const [name, fact] of theirs) expect([name, ours.get(name)]).toEqual([name, fact])
})

it("finds the keys of a call as the real server does", async () => {
  using dir = folder()
  await using real = await realServer(dir.path)
  await using embedded = await opened()
  const calls = [
    "SET a 1 GET",
    "SET a 1",
    "MSET a 1 b 2",
    "BITOP AND d a b",
    "BITFIELD a GET u8 0",
    "BITFIELD a SET u8 0 1",
    "EVAL s 2 a b c",
    "EVAL s 0",
    "ZUNIONSTORE d 2 a b WEIGHTS 1 2",
    "ZINTER 2 a b",
    "SORT a BY w_* STORE d",
    "SORT_RO a",
    "GEORADIUS a 1 1 1 m STORE d",
    "XREAD COUNT 1 STREAMS a b 0 0",
    "XREADGROUP GROUP g c STREAMS a 0",
    "MIGRATE h 1 a 0 1",
    'MIGRATE h 1 "" 0 1 KEYS a b',
    "LMPOP 2 a b LEFT",
    "BLMPOP 0 1 a LEFT",
    "BLPOP a b 0",
    "COPY a b",
    "OBJECT ENCODING a",
    "XINFO STREAM a",
    "XGROUP CREATE a g 0",
    "MEMORY USAGE a",
    "PFMERGE d a b",
    "PING",
    "NOPE",
    "GET",
    "GET a b"
  ]
  for (const call of calls) {
    const words = call.split(" ").map((word) => (word === '""' ? "" : word))
    for (const sub of ["GETKEYS", "GETKEYSANDFLAGS"]) {
      const ask = (redis: typeof real.redis): Promise<unknown> =>
        redis.call("COMMAND", sub, ...words).catch((error: unknown) => String(error))
      expect([call, sub, await ask(embedded.redis)]).toEqual([call, sub, await ask(real.redis)])
    }
  }
})

it("lists commands by pattern and category as the real server does", async () => {
  using dir = folder()
  await using real = await realServer(dir.path)
  await using embedded = await opened()
  const filters = [
    ["PATTERN", "xr*"],
    ["PATTERN", "config|*"],
    ["ACLCAT", "hyperloglog"],
    ["ACLCAT", "transaction"],
    ["MODULE", "x"]
  ]
  for (const filter of filters) {
    const ask = (redis: typeof real.redis): Promise<unknown> =>
      redis.call("COMMAND", "LIST", "FILTERBY", ...filter).then(inOrder)
    expect([filter, await ask(embedded.redis)]).toEqual([filter, await ask(real.redis)])
  }
})
