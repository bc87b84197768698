import { cut } from "../exec/Errors.ts"
import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import type { FunctionLibrary, RestorePolicy } from "../lua/FunctionLibraries.ts"
import { readLibraries, writeLibraries } from "../rdb/FunctionPayload.ts"
import { ErrorReply, MapReply, OK, type Reply, SetReply, Status } from "../resp/Reply.ts"
import { help } from "./Help.ts"
import { numberedKeys } from "./NumberedKeys.ts"

const changed = (client: Client): void => {
  client.server.dirty++
}

const load = (client: Client, args: Arguments): Reply => {
  let replace = false
  let at = 2
  for (; at < args.length - 1; at++) {
    if (argument(args, at).toUpperCase() !== "REPLACE") {
      throw new ErrorReply(`ERR Unknown option given: ${cut(argument(args, at))}`)
    }
    replace = true
  }
  const name = client.server.scripts.libraries.load(argument(args, at), replace)
  changed(client)
  return name
}

const subcommandSyntax = (name: string): ErrorReply =>
  new ErrorReply(
    `ERR unknown subcommand or wrong number of arguments for '${name.toLowerCase()}'. Try FUNCTION HELP.`
  )

const flush = (client: Client, args: Arguments): Reply => {
  if (args.length > 3) throw subcommandSyntax(argument(args, 1))
  const mode = args.length === 3 ? argument(args, 2).toUpperCase() : "SYNC"
  if (mode !== "SYNC" && mode !== "ASYNC") {
    throw new ErrorReply("ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
  }
  client.server.scripts.libraries.flush()
  changed(client)
  return OK
}

const describe = (library: FunctionLibrary, withCode: boolean): MapReply => {
  const functions = library.functions.map(
    ({ name, description, flags }) =>
      new MapReply([
        "name",
        name,
        "description",
        description ?? null,
        "flags",
        new SetReply(flags.map((flag) => new Status(flag)))
      ])
  )
  const entries: Array<Reply> = ["library_name", library.name, "engine", "LUA", "functions", functions]
  if (withCode) entries.push("library_code", library.source)
  return new MapReply(entries)
}

const list = (client: Client, args: Arguments): Reply => {
  let pattern: string | undefined
  let withCode = false
  for (let at = 2; at < args.length; at++) {
    const option = argument(args, at).toUpperCase()
    if (option === "WITHCODE" && !withCode) withCode = true
    else if (option === "LIBRARYNAME" && pattern === undefined) {
      if (at + 1 >= args.length) throw new ErrorReply("ERR library name argument was not given")
      pattern = argument(args, ++at)
    } else throw new ErrorReply(`ERR Unknown argument ${cut(argument(args, at))}`)
  }
  return client.server.scripts.libraries.list(pattern).map((library) => describe(library, withCode))
}

const stats = (client: Client): Reply => {
  const { busy, libraries } = client.server.scripts
  const running =
    busy === undefined || !busy.isFunction
      ? null
      : new MapReply([
          "name",
          busy.name,
          "command",
          [...busy.command],
          "duration_ms",
          Date.now() - busy.startedAt
        ])
  return new MapReply([
    "running_script",
    running,
    "engines",
    new MapReply([
      "LUA",
      new MapReply(["libraries_count", libraries.size, "functions_count", libraries.functionCount])
    ])
  ])
}

const POLICIES: ReadonlyArray<RestorePolicy> = ["flush", "append", "replace"]

const restore = (client: Client, args: Arguments): Reply => {
  if (args.length > 4) throw subcommandSyntax(argument(args, 1))
  const text = args.length === 4 ? argument(args, 3).toLowerCase() : "append"
  const policy = POLICIES.find((other) => other === text)
  if (policy === undefined) {
    throw new ErrorReply("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.")
  }
  const sources = readLibraries(argument(args, 2))
  if ("problem" in sources) throw new ErrorReply(`ERR ${sources.problem}`)
  client.server.scripts.libraries.restore(sources.codes, policy)
  changed(client)
  return OK
}

const call =
  (readOnly: boolean) =>
  (client: Client, args: Arguments): Reply => {
    const name = argument(args, 1)
    const { scripts } = client.server
    if (scripts.libraries.find(name) === undefined) throw new ErrorReply("ERR Function not found")
    const number = integer(argument(args, 2), new ErrorReply("ERR Bad number of keys provided"))
    if (number > args.length - 3)
      throw new ErrorReply("ERR Number of keys can't be greater than number of args")
    if (number < 0) throw new ErrorReply("ERR Number of keys can't be negative")
    return scripts.callFunction(client, name, args.slice(3, 3 + number), args.slice(3 + number), readOnly)
  }

const CALLED = "Depends on the function that is executed."

/** Libraries of functions. */
export const FUNCTIONS: ReadonlyArray<CommandDefinition> = [
  {
    name: "fcall",
    arity: -3,
    flags: "noscript stale skip_monitor no_mandatory_keys movablekeys",
    since: "7.0.0",
    complexity: CALLED,
    summary: "Invokes a function.",
    keysOf: numberedKeys(2),
    run: call(false)
  },
  {
    name: "fcall_ro",
    arity: -3,
    flags: "readonly noscript stale skip_monitor no_mandatory_keys movablekeys",
    since: "7.0.0",
    complexity: CALLED,
    summary: "Invokes a read-only function.",
    keysOf: numberedKeys(2),
    run: call(true)
  },
  {
    name: "function",
    arity: -2,
    flags: "",
    since: "7.0.0",
    complexity: "Depends on subcommand.",
    summary: "A container for function commands.",
    subcommands: [
      {
        name: "load",
        arity: -3,
        flags: "write denyoom noscript",
        since: "7.0.0",
        complexity: "O(1) (considering compilation time is redundant)",
        summary: "Creates a library.",
        run: load
      },
      {
        name: "delete",
        arity: 3,
        flags: "write noscript",
        since: "7.0.0",
        summary: "Deletes a library and its functions.",
        run: (client, args) => {
          client.server.scripts.libraries.delete(argument(args, 2))
          changed(client)
          return OK
        }
      },
      {
        name: "flush",
        arity: -2,
        flags: "write noscript",
        since: "7.0.0",
        complexity: "O(N) where N is the number of functions deleted",
        summary: "Deletes all libraries and functions.",
        run: flush
      },
      {
        name: "list",
        arity: -2,
        flags: "noscript",
        since: "7.0.0",
        complexity: "O(N) where N is the number of functions",
        summary: "Returns information about all libraries.",
        run: list
      },
      {
        name: "stats",
        arity: 2,
        flags: "noscript allow_busy",
        since: "7.0.0",
        summary: "Returns information about a function during execution.",
        run: stats
      },
      {
        name: "dump",
        arity: 2,
        flags: "noscript",
        since: "7.0.0",
        complexity: "O(N) where N is the number of functions",
        summary: "Dumps all libraries into a serialized binary payload.",
        run: (client) => writeLibraries(client.server.scripts.libraries.sources())
      },
      {
        name: "restore",
        arity: -3,
        flags: "write denyoom noscript",
        since: "7.0.0",
        complexity: "O(N) where N is the number of functions on the payload",
        summary: "Restores all libraries from a payload.",
        run: restore
      },
      {
        name: "kill",
        arity: 2,
        flags: "noscript allow_busy",
        since: "7.0.0",
        summary: "Terminates a function during execution.",
        run: (client) => {
          client.server.scripts.kill(true)
          return OK
        }
      },
      help("function", "7.0.0", [
        "LOAD [REPLACE] <FUNCTION CODE>",
        "    Create a new library with the given library name and code.",
        "DELETE <LIBRARY NAME>",
        "    Delete the given library.",
        "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
        "    Return general information on all the libraries:",
        "    * Library name",
        "    * The engine used to run the Library",
        "    * Library description",
        "    * Functions list",
        "    * Library code (if WITHCODE is given)",
        "    It also possible to get only function that matches a pattern using LIBRARYNAME argument.",
        "STATS",
        "    Return information about the current function running:",
        "    * Function name",
        "    * Command used to run the function",
        "    * Duration in MS that the function is running",
        "    If no function is running, return nil",
        "    In addition, returns a list of available engines.",
        "KILL",
        "    Kill the current running function.",
        "FLUSH [ASYNC|SYNC]",
        "    Delete all the libraries.",
        "    When called without the optional mode argument, the behavior is determined by the",
        "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
        "    * ASYNC: Asynchronously flush the libraries.",
        "    * SYNC: Synchronously flush the libraries.",
        "DUMP",
        "    Return a serialized payload representing the current libraries, can be restored using FUNCTION RESTORE command",
        "RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]",
        "    Restore the libraries represented by the given payload, it is possible to give a restore policy to",
        "    control how to handle existing libraries (default APPEND):",
        "    * FLUSH: delete all existing libraries.",
        "    * APPEND: appends the restored libraries to the existing libraries. On collision, abort.",
        "    * REPLACE: appends the restored libraries to the existing libraries, On collision, replace the old",
        "      libraries with the new libraries (notice that even on this option there is a chance of failure",
        "      in case of functions name collision with another library)."
      ])
    ]
  }
]
