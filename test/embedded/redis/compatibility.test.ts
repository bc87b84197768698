/** The cases of github:tair-opensource/resp-compatibility, which lie beside this repository and are no part of it. */
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { isDeepStrictEqual } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Opened, opened } from "./open.ts"
import { memoryWire, socketWire, type Wire, type WireReply } from "./wire.ts"

interface Case {
  readonly name: string
  readonly command: ReadonlyArray<string>
  readonly result: ReadonlyArray<unknown>
  readonly since: string
  readonly tags?: string
  readonly skipped?: boolean
  readonly command_binary?: boolean
  readonly sort_result?: boolean
}

const FILE = fileURLToPath(new URL("../../../../shared/suites/resp-compatibility/cts.json", import.meta.url))

const ESCAPES: Readonly<Record<string, string>> = { a: "\x07", b: "\b", n: "\n", r: "\r", t: "\t" }

/** The words of a line; quotes hold words together, and binary ones have escapes. */
const words = (line: string, binary: boolean): ReadonlyArray<string> =>
  (line.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => {
    const plain = /^(["']).*\1$/s.test(word) ? word.slice(1, -1) : word
    if (!binary) return Buffer.from(plain, "utf8").toString("latin1")
    return plain.replace(/\\x([0-9a-f]{2})|\\(.)/gi, (_, hex: string | undefined, char: string) =>
      hex === undefined ? (ESCAPES[char] ?? char) : String.fromCharCode(Number.parseInt(hex, 16))
    )
  })

/** A reply as the cases write it: what RESP3 nests or types is flat text there. */
const plain = (reply: WireReply): unknown => {
  if (reply.items !== undefined) return reply.items.map(plain)
  switch (reply.type) {
    case ":":
      return Number(reply.text)
    case "_":
      return null
    case "#":
      return reply.text === "t" ? 1 : 0
    case "$":
    case "*":
      return reply.text === "-1" ? null : reply.text
    case "=":
      return reply.text.slice(4)
    default:
      return reply.text
  }
}

/** RESP3 pairs what RESP2 lists. */
const flat = (value: unknown): unknown => (Array.isArray(value) ? value.flat(Infinity) : value)

/** Floats are compared as numbers: the cases have them rounded. */
const rounded = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(rounded)
  if (typeof value !== "string" || !/^-?\d+\.\d+$/.test(value)) return value
  return Number(value).toFixed(4)
}

const comparable = (value: unknown, sorted: boolean): unknown => {
  const shown = rounded(flat(value))
  return sorted && Array.isArray(shown) ? shown.map(String).toSorted() : shown
}

/** Versions of at most 7.0, and what 7.2 added to ZRANK. */
const isWanted = (one: Case): boolean =>
  one.tags !== "cluster" &&
  one.skipped !== true &&
  (Number.parseFloat(one.since) <= 7 || /withscore/i.test(one.command.join(" ")))

const cases = (): ReadonlyArray<Case> => {
  const all: ReadonlyArray<Case> = JSON.parse(readFileSync(FILE, "utf8"))
  return all.filter(isWanted)
}

/** What each case is answered: all in one go but those that leave a connection of no use for others. */
const answers = async (
  connect: () => Promise<Wire>,
  resp: string,
  wanted: ReadonlyArray<Case>
): Promise<ReadonlyArray<ReadonlyArray<WireReply>>> => {
  const isLast = (one: Case): boolean => /subscribe|quit/i.test(one.command.join(" "))
  const commands = (one: Case): ReadonlyArray<ReadonlyArray<string>> => [
    ["RESET"],
    ["FLUSHALL"],
    ["HELLO", resp],
    ...one.command.map((line) => words(line, one.command_binary === true))
  ]
  const common = await connect()
  const rest = await common.send(wanted.filter((one) => !isLast(one)).flatMap(commands))
  common.close()
  const out: Array<ReadonlyArray<WireReply>> = []
  let at = 0
  for (const one of wanted) {
    const length = one.command.length
    if (isLast(one)) {
      const wire = await connect()
      out.push((await wire.send(commands(one))).slice(3, 3 + length))
      wire.close()
    } else {
      out.push(rest.slice(at + 3, at + 3 + length))
      at += 3 + length
    }
  }
  return out
}

describe.skipIf(!existsSync(FILE))(
  `the compatibility cases${existsSync(FILE) ? "" : " (skipped: cts.json is not beside the repository)"}`,
  () => {
    let server: Opened
    beforeAll(async () => {
      server = await opened()
    })
    afterAll(() => server[Symbol.asyncDispose]())

    const connections: ReadonlyArray<readonly [string, () => Promise<Wire>]> = [
      ["in memory", () => memoryWire(server.server)],
      ["over TCP", async () => socketWire((await server.server.listen({ password: false })).port ?? 0)]
    ]
    for (const [where, connect] of connections) {
      for (const resp of ["2", "3"]) {
        it(`are answered ${where} with RESP${resp}`, async () => {
          const wanted = cases()
          expect(wanted.length).toBe(352)
          const answered = await answers(connect, resp, wanted)
          const wrong = wanted.flatMap((one, index) => {
            const sorted = one.sort_result === true
            const found = (answered[index] ?? []).map((reply) => comparable(plain(reply), sorted))
            // Two cases list more results than they have commands.
            const expected = one.result.slice(0, found.length).map((result) => comparable(result, sorted))
            const same = found.length === one.command.length && isDeepStrictEqual(found, expected)
            return same ? [] : [{ name: one.name, command: one.command, expected, found }]
          })
          expect(wrong).toEqual([])
        }, 10_000)
      }
    }
  }
)
