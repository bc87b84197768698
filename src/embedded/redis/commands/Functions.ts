import { argument } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { ErrorReply, OK } from "../resp/Reply.ts"

/** Libraries of functions. */
export const FUNCTIONS: ReadonlyArray<CommandDefinition> = [
  {
    name: "function",
    arity: -2,
    flags: "",
    since: "7.0.0",
    summary: "A container for function commands.",
    subcommands: [
      {
        name: "flush",
        arity: -2,
        flags: "write noscript",
        since: "7.0.0",
        complexity: "O(N)",
        summary: "Deletes all libraries and functions.",
        run: (_client, args) => {
          const mode = args.length === 3 ? argument(args, 2).toUpperCase() : "SYNC"
          if (args.length > 3 || (mode !== "SYNC" && mode !== "ASYNC")) {
            throw new ErrorReply("ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
          }
          return OK
        }
      }
    ]
  }
]
