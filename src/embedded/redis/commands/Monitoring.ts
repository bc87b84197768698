import type { CommandDefinition } from "../exec/CommandTable.ts"
import { ErrorReply, OK } from "../resp/Reply.ts"
import { LATENCY } from "./Latency.ts"
import { MEMORY } from "./MemoryUse.ts"
import { SLOWLOG } from "./SlowLog.ts"

/** Commands that watch the server. */
export const MONITORING: ReadonlyArray<CommandDefinition> = [
  {
    name: "monitor",
    arity: 1,
    flags: "admin noscript loading stale",
    since: "1.0.0",
    summary: "Listens for all requests received by the server in real-time.",
    run: (client) => {
      if (client.deniesBlocking) throw new ErrorReply("ERR MONITOR isn't allowed for DENY BLOCKING client")
      client.server.monitor(client, true)
      return OK
    }
  },
  SLOWLOG,
  LATENCY,
  MEMORY
]
