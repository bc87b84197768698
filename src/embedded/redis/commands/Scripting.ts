import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { ErrorReply, OK, type Reply } from "../resp/Reply.ts"
import { help } from "./Help.ts"
import { numberedKeys } from "./NumberedKeys.ts"

const NOSCRIPT = new ErrorReply("NOSCRIPT No matching script. Please use EVAL.")

const evaluate =
  (bySha: boolean, readOnly: boolean) =>
  (client: Client, args: Arguments): Reply => {
    const number = integer(argument(args, 2))
    if (number > args.length - 3)
      throw new ErrorReply("ERR Number of keys can't be greater than number of args")
    if (number < 0) throw new ErrorReply("ERR Number of keys can't be negative")
    const { scripts } = client.server
    const body = bySha ? scripts.find(argument(args, 1).toLowerCase()) : argument(args, 1)
    if (body === undefined) throw NOSCRIPT
    return scripts.run(client, body, args.slice(3, 3 + number), args.slice(3 + number), readOnly)
  }

const flags = "noscript stale skip_monitor no_mandatory_keys movablekeys"

/** Scripts. */
export const SCRIPTING: ReadonlyArray<CommandDefinition> = [
  {
    name: "eval",
    arity: -3,
    flags,
    since: "2.6.0",
    complexity: "Depends on the script that is executed.",
    summary: "Executes a server-side Lua script.",
    keysOf: numberedKeys(2),
    run: evaluate(false, false)
  },
  {
    name: "evalsha",
    arity: -3,
    flags,
    since: "2.6.0",
    complexity: "Depends on the script that is executed.",
    summary: "Executes a server-side Lua script by SHA1 digest.",
    keysOf: numberedKeys(2),
    run: evaluate(true, false)
  },
  {
    name: "eval_ro",
    arity: -3,
    flags: "readonly noscript stale skip_monitor no_mandatory_keys movablekeys",
    since: "7.0.0",
    complexity: "Depends on the script that is executed.",
    summary: "Executes a read-only server-side Lua script.",
    keysOf: numberedKeys(2),
    run: evaluate(false, true)
  },
  {
    name: "evalsha_ro",
    arity: -3,
    flags: "readonly noscript stale skip_monitor no_mandatory_keys movablekeys",
    since: "7.0.0",
    complexity: "Depends on the script that is executed.",
    summary: "Executes a read-only server-side Lua script by SHA1 digest.",
    keysOf: numberedKeys(2),
    run: evaluate(true, true)
  },
  {
    name: "script",
    arity: -2,
    flags: "",
    since: "2.6.0",
    summary: "A container for Lua scripts management commands.",
    subcommands: [
      {
        name: "load",
        arity: 3,
        flags: "noscript stale",
        since: "2.6.0",
        complexity: "O(N)",
        summary: "Loads a server-side Lua script to the script cache.",
        run: (client, args) => client.server.scripts.load(argument(args, 2))
      },
      {
        name: "exists",
        arity: -3,
        flags: "noscript",
        since: "2.6.0",
        complexity: "O(N)",
        summary: "Determines whether server-side Lua scripts exist in the script cache.",
        run: (client, args) =>
          args.slice(2).map((sha) => (client.server.scripts.find(sha.toLowerCase()) === undefined ? 0 : 1))
      },
      {
        name: "flush",
        arity: -2,
        flags: "noscript",
        since: "2.6.0",
        complexity: "O(N)",
        summary: "Removes all server-side Lua scripts from the script cache.",
        run: (client, args) => {
          const mode = args.length === 3 ? argument(args, 2).toUpperCase() : "SYNC"
          if (args.length > 3 || (mode !== "SYNC" && mode !== "ASYNC")) {
            throw new ErrorReply("ERR SCRIPT FLUSH only support SYNC|ASYNC option")
          }
          client.server.scripts.flush()
          return OK
        }
      },
      {
        name: "kill",
        arity: 2,
        flags: "noscript allow_busy",
        since: "2.6.0",
        summary: "Terminates a server-side Lua script during execution.",
        run: (client) => {
          client.server.scripts.kill(false)
          return OK
        }
      },
      {
        name: "debug",
        arity: 3,
        flags: "noscript",
        since: "3.2.0",
        summary: "Sets the debug mode of server-side Lua scripts.",
        run: (_client, args) => {
          const mode = argument(args, 2).toUpperCase()
          if (mode === "NO") return OK
          if (mode === "YES" || mode === "SYNC") throw new ErrorReply("ERR The Lua debugger is not available")
          throw new ErrorReply("ERR Use SCRIPT DEBUG YES/SYNC/NO")
        }
      },
      help("script", "5.0.0", [
        "DEBUG (YES|SYNC|NO)",
        "    Set the debug mode for subsequent scripts executed.",
        "EXISTS <sha1> [<sha1> ...]",
        "    Return information about the existence of the scripts in the script cache.",
        "FLUSH [ASYNC|SYNC]",
        "    Flush the Lua scripts cache. Very dangerous on replicas.",
        "    When called without the optional mode argument, the behavior is determined by the",
        "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
        "    * ASYNC: Asynchronously flush the scripts cache.",
        "    * SYNC: Synchronously flush the scripts cache.",
        "KILL",
        "    Kill the currently executing Lua script.",
        "LOAD <script>",
        "    Load a script into the scripts cache without executing it."
      ])
    ]
  }
]
