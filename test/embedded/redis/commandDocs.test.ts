import { describe, expect, it } from "vitest"
import { COMMANDS } from "../../../src/embedded/redis/commands/All.ts"
import { parseSyntax, usageOf } from "../../../src/embedded/redis/commands/ArgumentSyntax.ts"
import { syntaxOf } from "../../../src/embedded/redis/commands/CommandDocs.ts"
import { opened } from "./open.ts"

const usage = (syntax: string): string => usageOf(parseSyntax(syntax))

describe("the syntax of commands", () => {
  it("knows types, tokens, keys and versions", () => {
    expect(parseSyntax("key@0 [LIMIT=count:int/6.2.0] nope=NO")).toEqual([
      expect.objectContaining({ name: "key", type: "key", keySpec: 0, token: undefined, isOptional: false }),
      expect.objectContaining({
        name: "count",
        type: "integer",
        token: "LIMIT",
        since: "6.2.0",
        isOptional: true
      }),
      expect.objectContaining({ name: "nope", type: "pure-token", token: "NO" })
    ])
  })

  it("knows groups, choices and what may be repeated", () => {
    const [group, choice] = parseSyntax("[GET=pair(a b:double)*...] mode(ON | off=NOT)/7.0.0")
    expect(group).toMatchObject({ name: "pair", type: "block", token: "GET", repeats: "withToken" })
    expect(group?.parts.map(({ type }) => type)).toEqual(["string", "double"])
    expect(choice).toMatchObject({ name: "mode", type: "oneof", since: "7.0.0", isOptional: false })
    expect(choice?.parts.map(({ name }) => name)).toEqual(["on", "off"])
  })

  it("is shown as documentation shows it", () => {
    expect(usage("key@0 value [condition(NX | XX)] [expiration(EX=seconds:int | KEEPTTL)]")).toBe(
      "key value [NX | XX] [EX seconds | KEEPTTL]"
    )
    expect(usage("numkeys:int key@0... where(MIN | MAX) [COUNT=count:int]")).toBe(
      "numkeys key [key ...] <MIN | MAX> [COUNT count]"
    )
    expect(usage("[GET=pattern:pattern@1*...] field_value(field value)...")).toBe(
      "[GET pattern [GET pattern ...]] field value [field value ...]"
    )
  })

  it("is there for every command that takes arguments", () => {
    const all = COMMANDS.list().flatMap((command) => Array.from(command.subcommands?.values() ?? [command]))
    const takesSome = all.filter(({ name, arity }) => Math.abs(arity) > (name.includes("|") ? 2 : 1))
    const undocumented = new Set(
      takesSome.filter((command) => syntaxOf(command).length === 0).map(({ name }) => name)
    )
    // The real server says nothing of these either.
    expect([...undocumented].toSorted()).toEqual(["command|getkeys", "command|getkeysandflags", "debug"])
  })
})

describe("COMMAND DOCS", () => {
  it("describes arguments by name, type, token and flags", async () => {
    await using server = await opened()
    expect(await server.redis.call("COMMAND", "DOCS", "getdel", "lpos")).toEqual([
      "getdel",
      expect.arrayContaining(["arguments", [["name", "key", "type", "key", "key_spec_index", 0]]]),
      "lpos",
      expect.arrayContaining([
        "arguments",
        expect.arrayContaining([["name", "rank", "type", "integer", "token", "RANK", "flags", ["optional"]]])
      ])
    ])
  })

  it("says what has taken the place of a command", async () => {
    await using server = await opened()
    const reply = await server.redis.call("COMMAND", "DOCS", "hmset")
    expect(reply).toEqual([
      "hmset",
      expect.arrayContaining(["doc_flags", ["deprecated"], "deprecated_since", "4.0.0", "replaced_by"])
    ])
  })
})
