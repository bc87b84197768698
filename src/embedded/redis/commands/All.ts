import { CommandTable } from "../exec/CommandTable.ts"
import { BITMAPS } from "./Bitmaps.ts"
import { CONNECTION } from "./Connection.ts"
import { FUNCTIONS } from "./Functions.ts"
import { HASHES } from "./Hashes.ts"
import { KEYS } from "./Keys.ts"
import { LISTS } from "./Lists.ts"
import { PUBSUB } from "./PubSub.ts"
import { SCRIPTING } from "./Scripting.ts"
import { SERVER } from "./Server.ts"
import { SETS } from "./Sets.ts"
import { SORTED_SETS } from "./SortedSets.ts"
import { STRINGS } from "./Strings.ts"
import { TRANSACTIONS } from "./Transactions.ts"

/** Every command that the engine knows. */
export const COMMANDS = new CommandTable({
  string: STRINGS,
  bitmap: BITMAPS,
  list: LISTS,
  hash: HASHES,
  set: SETS,
  "sorted-set": SORTED_SETS,
  generic: KEYS,
  pubsub: PUBSUB,
  transactions: TRANSACTIONS,
  scripting: [...SCRIPTING, ...FUNCTIONS],
  connection: CONNECTION,
  server: SERVER
})
