import type { Command } from "../exec/Context.ts"
import { MapReply, type Reply, SetReply, Status } from "../resp/Reply.ts"
import { parseSyntax, type SyntaxArgument } from "./ArgumentSyntax.ts"
import { DATA_SYNTAX } from "./DataSyntax.ts"
import { SERVER_SYNTAX } from "./ServerSyntax.ts"

/** Commands that something else has taken the place of: since when, and what that is. */
const DEPRECATED: Readonly<Record<string, readonly [since: string, replacedBy: string]>> = {
  brpoplpush: ["6.2.0", "`BLMOVE` with the `RIGHT` and `LEFT` arguments"],
  "cluster|slaves": ["5.0.0", "`CLUSTER REPLICAS`"],
  "cluster|slots": ["7.0.0", "`CLUSTER SHARDS`"],
  georadius: ["6.2.0", "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument"],
  georadius_ro: ["6.2.0", "`GEOSEARCH` with the `BYRADIUS` argument"],
  georadiusbymember: [
    "6.2.0",
    "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments"
  ],
  georadiusbymember_ro: ["6.2.0", "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments"],
  getset: ["6.2.0", "`SET` with the `!GET` argument"],
  hmset: ["4.0.0", "`HSET` with multiple field-value pairs"],
  rpoplpush: ["6.2.0", "`LMOVE` with the `RIGHT` and `LEFT` arguments"],
  slaveof: ["5.0.0", "`REPLICAOF`"],
  substr: ["2.0.0", "`GETRANGE`"],
  zrangebylex: ["6.2.0", "`ZRANGE` with the `BYLEX` argument"],
  zrangebyscore: ["6.2.0", "`ZRANGE` with the `BYSCORE` argument"],
  zrevrange: ["6.2.0", "`ZRANGE` with the `REV` argument"],
  zrevrangebylex: ["6.2.0", "`ZRANGE` with the `REV` and `BYLEX` arguments"],
  zrevrangebyscore: ["6.2.0", "`ZRANGE` with the `REV` and `BYSCORE` arguments"]
}

/** Commands that are meant for the server itself. */
const INTERNAL: ReadonlySet<string> = new Set([
  "debug",
  "pfdebug",
  "pfselftest",
  "replconf",
  "restore-asking"
])

/** How a command is written; empty if it takes nothing. */
export const syntaxOf = (command: Command): ReadonlyArray<SyntaxArgument> =>
  parseSyntax(DATA_SYNTAX[command.name] ?? SERVER_SYNTAX[command.name] ?? "")

const argumentReply = (argument: SyntaxArgument): Reply => {
  const { name, type, keySpec, token, since, deprecatedSince, isOptional, repeats, parts } = argument
  const out: Array<Reply> = ["name", name, "type", type]
  if (keySpec !== undefined) out.push("key_spec_index", keySpec)
  if (token !== undefined) out.push("token", token)
  if (since !== undefined) out.push("since", since)
  if (deprecatedSince !== undefined) out.push("deprecated_since", deprecatedSince)
  const flags = [
    ...(isOptional ? ["optional"] : []),
    ...(repeats === "no" ? [] : ["multiple"]),
    ...(repeats === "withToken" ? ["multiple_token"] : [])
  ]
  if (flags.length > 0) out.push("flags", new SetReply(flags.map((flag) => new Status(flag))))
  if (parts.length > 0) out.push("arguments", parts.map(argumentReply))
  return new MapReply(out)
}

/** What COMMAND DOCS says of a command. */
export const documentation = (command: Command): MapReply => {
  const { name, summary, since, group, complexity, subcommands } = command
  const out: Array<Reply> = ["summary", summary, "since", since, "group", group, "complexity", complexity]
  const deprecated = DEPRECATED[name]
  if (deprecated !== undefined) {
    out.push("doc_flags", new SetReply([new Status("deprecated")]))
    out.push("deprecated_since", deprecated[0], "replaced_by", deprecated[1])
  } else if (INTERNAL.has(name)) out.push("doc_flags", new SetReply([new Status("syscmd")]))
  const syntax = syntaxOf(command)
  if (syntax.length > 0) out.push("arguments", syntax.map(argumentReply))
  if (subcommands !== undefined) {
    out.push(
      "subcommands",
      new MapReply([...subcommands.values()].flatMap((sub): Array<Reply> => [sub.name, documentation(sub)]))
    )
  }
  return new MapReply(out)
}
