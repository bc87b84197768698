import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { ErrorReply, OK, type Reply } from "../resp/Reply.ts"
import { help } from "./Help.ts"

const slowlogGet = (client: Client, args: Arguments): Reply => {
  let count = 10
  if (args.length > 2) {
    const problem = new ErrorReply("ERR count should be greater than or equal to -1")
    count = integer(argument(args, 2), problem)
    if (count < -1) throw problem
  }
  const { slow } = client.server.observer
  return slow
    .slice(0, count === -1 ? slow.length : count)
    .map(({ id, at, micros, args: words, address, name }) => [id, at, micros, [...words], address, name])
}

const ADMIN = "admin loading stale"

/** SLOWLOG and its subcommands. */
export const SLOWLOG: CommandDefinition = {
  name: "slowlog",
  arity: -2,
  flags: "",
  since: "2.2.12",
  complexity: "Depends on subcommand.",
  summary: "A container for slow log commands.",
  subcommands: [
    {
      name: "get",
      arity: -2,
      flags: ADMIN,
      since: "2.2.12",
      complexity: "O(N) where N is the number of entries returned",
      summary: "Returns the slow log's entries.",
      run: slowlogGet
    },
    {
      name: "len",
      arity: 2,
      flags: ADMIN,
      since: "2.2.12",
      summary: "Returns the number of entries in the slow log.",
      run: (client) => client.server.observer.slow.length
    },
    {
      name: "reset",
      arity: 2,
      flags: ADMIN,
      since: "2.2.12",
      complexity: "O(N) where N is the number of entries in the slowlog",
      summary: "Clears all entries from the slow log.",
      run: (client) => {
        client.server.observer.slow.length = 0
        return OK
      }
    },
    help("slowlog", "6.2.0", [
      "GET [<count>]",
      "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
      "    Entries are made of:",
      "    id, timestamp, time in microseconds, arguments array, client IP and port,",
      "    client name",
      "LEN",
      "    Return the length of the slowlog.",
      "RESET",
      "    Reset the slowlog."
    ])
  ]
}
