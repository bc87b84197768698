import { once } from "node:events"
import { Redis } from "ioredis"
import { describe, expect, it } from "vitest"
import { type Opened, opened } from "./open.ts"
import { answers, wireAnswers } from "./replies.ts"

const addressOf = async (redis: Redis): Promise<string> =>
  /(?:^| )addr=(\S+)/.exec(String(await redis.client("INFO")))?.[1] ?? ""

const ids = (list: unknown): Array<number> =>
  [...String(list).matchAll(/^id=(\d+)/gm)].map((match) => Number(match[1]))

/** Two clients of which the second will be killed. */
const pair = async (server: Opened): Promise<{ readonly victim: Redis; readonly id: number }> => {
  const victim = server.client()
  return { victim, id: await victim.client("ID") }
}

describe("CLIENT", () => {
  it("lists connections, by identity and by type", async () => {
    await using server = await opened()
    const { victim: subscriber, id } = await pair(server)
    const own = await server.redis.client("ID")
    expect(ids(await server.redis.call("CLIENT", "LIST"))).toEqual([own, id])
    expect(ids(await server.redis.call("CLIENT", "LIST", "ID", id, 999))).toEqual([id])
    await subscriber.subscribe("news")
    expect(ids(await server.redis.call("CLIENT", "LIST", "TYPE", "pubsub"))).toEqual([id])
    expect(ids(await server.redis.call("CLIENT", "LIST", "TYPE", "NORMAL"))).toEqual([own])
    expect(await server.redis.call("CLIENT", "LIST", "TYPE", "pubsub")).toMatch(
      new RegExp(`^id=${id} addr=memory:\\d+ .* flags=P db=0 sub=1 psub=0 .* resp=2 `)
    )
  })

  it("shows what a library says of itself, which 7.2 introduced and clients send unasked", async () => {
    await using server = await opened()
    expect(
      await answers(server.redis, [
        ["CLIENT SETINFO LIB-NAME mine", ""],
        ["CLIENT SETINFO lib-ver 1.2", ""],
        ["CLIENT SETINFO nope 1", ""],
        ['CLIENT SETINFO LIB-NAME "a b"', ""],
        ["CLIENT NO-TOUCH ON", ""],
        ["CLIENT NO-TOUCH maybe", ""]
      ])
    ).toEqual([
      ["CLIENT SETINFO LIB-NAME mine", "OK"],
      ["CLIENT SETINFO lib-ver 1.2", "OK"],
      ["CLIENT SETINFO nope 1", "!ERR Unrecognized option 'nope'"],
      [
        'CLIENT SETINFO LIB-NAME "a b"',
        "!ERR lib-name cannot contain spaces, newlines or special characters."
      ],
      ["CLIENT NO-TOUCH ON", "OK"],
      ["CLIENT NO-TOUCH maybe", "!ERR syntax error"]
    ])
    expect(await server.redis.client("INFO")).toContain("lib-name=mine lib-ver=1.2")
  })

  for (const filter of ["ID", "ADDR", "TYPE", "the old form"] as const) {
    it(`kills another connection by ${filter}`, async () => {
      await using server = await opened()
      const { victim, id } = await pair(server)
      const ended = once(victim, "end")
      if (filter === "TYPE") await victim.subscribe("c")
      const reply =
        filter === "ID"
          ? await server.redis.call("CLIENT", "KILL", "ID", id)
          : filter === "ADDR"
            ? await server.redis.call("CLIENT", "KILL", "ADDR", await addressOf(victim))
            : filter === "TYPE"
              ? await server.redis.call("CLIENT", "KILL", "TYPE", "pubsub")
              : await server.redis.call("CLIENT", "KILL", await addressOf(victim))
      expect(reply).toBe(filter === "the old form" ? "OK" : 1)
      await ended
      expect(ids(await server.redis.call("CLIENT", "LIST"))).toHaveLength(1)
    })
  }

  it("kills its own connection only when told to, and answers before", async () => {
    await using server = await opened()
    const { redis } = server
    const id = await redis.client("ID")
    expect(await redis.call("CLIENT", "KILL", "ID", id)).toBe(0)
    const ended = once(redis, "end")
    expect(await redis.call("CLIENT", "KILL", "ID", id, "SKIPME", "no")).toBe(1)
    await ended
    const other = server.client()
    const otherEnded = once(other, "end")
    expect(await other.call("CLIENT", "KILL", await addressOf(other))).toBe("OK")
    await otherEnded
  })

  it("unblocks with an error for a client that shall know of it", async () => {
    await using server = await opened()
    const { victim, id } = await pair(server)
    const popped = victim.blpop("l", 0).catch((error: unknown) => String(error))
    await expect.poll(() => server.redis.call("CLIENT", "UNBLOCK", id, "ERROR")).toBe(1)
    expect(await popped).toContain("UNBLOCKED client unblocked via CLIENT UNBLOCK")
    expect(await server.redis.call("CLIENT", "UNBLOCK", id)).toBe(0)
  })

  it("keeps quiet about one command, or about all until it is asked again", async () => {
    await using server = await opened()
    const { port } = await server.server.listen({ password: false })
    expect(
      await wireAnswers(port, [
        "PING\r\nCLIENT REPLY SKIP\r\nPING one\r\nPING two",
        "CLIENT REPLY OFF\r\nSET a 1\r\nPING\r\nCLIENT REPLY ON\r\nGET a"
      ])
    ).toEqual([
      ["PING\r\nCLIENT REPLY SKIP\r\nPING one\r\nPING two", "+PONG $3 two"],
      ["CLIENT REPLY OFF\r\nSET a 1\r\nPING\r\nCLIENT REPLY ON\r\nGET a", "+OK $1 1"]
    ])
  })

  it("answers EXEC with the nothing of its protocol when a watched key has changed", async () => {
    await using server = await opened()
    const { port } = await server.server.listen({ password: false })
    const lines = "WATCH a\r\nSET a 1\r\nMULTI\r\nGET a\r\nEXEC"
    expect(await wireAnswers(port, [lines])).toEqual([[lines, "+OK +OK +OK +QUEUED *-1"]])
    expect(await wireAnswers(port, [`HELLO 3\r\n${lines}`])).toEqual([
      [`HELLO 3\r\n${lines}`, expect.stringMatching(/\+OK \+OK \+OK \+QUEUED _$/)]
    ])
  })
})

describe("a password", () => {
  it("is asked for by HELLO, checked, and asked for again after RESET", async () => {
    await using server = await opened()
    const { host, port } = await server.server.listen({ password: "secret" })
    const redis = new Redis({ host, port, password: "secret" })
    expect(
      await answers(redis, [
        ["RESET", ""],
        ["GET a", ""],
        ["HELLO 2", ""],
        ["AUTH wrong", ""],
        ["AUTH other secret", ""],
        ["HELLO 2 AUTH default wrong", ""],
        ["AUTH default secret", ""],
        ["GET a", ""],
        ["QUIT", ""]
      ])
    ).toEqual([
      ["RESET", "RESET"],
      ["GET a", "!NOAUTH Authentication required."],
      [
        "HELLO 2",
        "!NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time"
      ],
      ["AUTH wrong", "!WRONGPASS invalid username-password pair or user is disabled."],
      ["AUTH other secret", "!WRONGPASS invalid username-password pair or user is disabled."],
      ["HELLO 2 AUTH default wrong", "!WRONGPASS invalid username-password pair or user is disabled."],
      ["AUTH default secret", "OK"],
      ["GET a", null],
      ["QUIT", "OK"]
    ])
    redis.disconnect()
  })

  it("must not be empty, and a port must be one", async () => {
    await using server = await opened()
    await expect(server.server.listen({ password: "" })).rejects.toMatchObject({
      reason: "InvalidOption",
      key: "password"
    })
    await expect(server.server.listen({ port: 70_000 })).rejects.toMatchObject({
      reason: "InvalidOption",
      key: "port",
      value: "70000"
    })
  })
})

describe("COMMAND", () => {
  it("describes commands with their arity, flags, keys and subcommands", async () => {
    await using server = await opened()
    const { redis } = server
    const range = ["lastkey", 0, "keystep", 1, "limit", 0]
    const keySpec = [
      "flags",
      ["RO", "access"],
      "begin_search",
      ["type", "index", "spec", ["index", 1]],
      "find_keys",
      ["type", "range", "spec", range]
    ]
    const info: unknown = await redis.call("COMMAND", "INFO", "GET", "nope", "config|resetstat")
    expect(info).toEqual([
      ["get", 2, ["readonly", "fast"], 1, 1, 1, ["@read", "@string", "@fast"], [], [keySpec], []],
      null,
      expect.arrayContaining(["config|resetstat", 2, ["admin", "noscript", "loading", "stale"]])
    ])
    const all = await redis.call("COMMAND")
    expect(all).toHaveLength(Number(await redis.call("COMMAND", "COUNT")))
    expect(await redis.call("COMMAND", "INFO")).toEqual(all)
  })

  it("documents commands and names them by category", async () => {
    await using server = await opened()
    const { redis } = server
    expect(await redis.call("COMMAND", "DOCS", "LCS", "nope")).toEqual([
      "lcs",
      expect.arrayContaining(["summary", "Finds the longest common substring.", "since", "7.0.0"])
    ])
    const documented = await redis.call("COMMAND", "DOCS")
    expect(documented).toHaveLength(2 * Number(await redis.call("COMMAND", "COUNT")))
    expect(JSON.stringify(documented)).toContain('"subcommands",["object|encoding",["summary"')
    const bitmaps = await redis.call("COMMAND", "LIST", "FILTERBY", "ACLCAT", "bitmap")
    expect(bitmaps).toEqual(["setbit", "getbit", "bitcount", "bitpos", "bitop", "bitfield", "bitfield_ro"])
    expect(await redis.call("COMMAND", "LIST")).toContain("zintercard")
  })
})
