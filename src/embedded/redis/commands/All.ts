import { CommandTable } from "../exec/CommandTable.ts"
import { BIT_FIELDS } from "./BitField.ts"
import { BITMAPS } from "./Bitmaps.ts"
import { CONNECTION } from "./Connection.ts"
import { DUMP } from "./Dump.ts"
import { FUNCTIONS } from "./Functions.ts"
import { GEO } from "./Geo.ts"
import { HASHES } from "./Hashes.ts"
import { HYPERLOGLOGS } from "./HyperLogLogs.ts"
import { KEYS } from "./Keys.ts"
import { LISTS } from "./Lists.ts"
import { PUBSUB } from "./PubSub.ts"
import { SCRIPTING } from "./Scripting.ts"
import { SERVER } from "./Server.ts"
import { SETS } from "./Sets.ts"
import { SORT } from "./Sort.ts"
import { SORTED_SETS } from "./SortedSets.ts"
import { STREAMS } from "./Streams.ts"
import { STRINGS } from "./Strings.ts"
import { TRANSACTIONS } from "./Transactions.ts"
import { VECTOR_SETS } from "./VectorSets.ts"

/** Every command that the engine knows. */
export const COMMANDS = new CommandTable({
  string: STRINGS,
  bitmap: [...BITMAPS, ...BIT_FIELDS],
  hyperloglog: HYPERLOGLOGS,
  geo: GEO,
  list: LISTS,
  hash: HASHES,
  set: SETS,
  "sorted-set": SORTED_SETS,
  stream: STREAMS,
  "vector-set": VECTOR_SETS,
  generic: [...KEYS, ...SORT, ...DUMP],
  pubsub: PUBSUB,
  transactions: TRANSACTIONS,
  scripting: [...SCRIPTING, ...FUNCTIONS],
  connection: CONNECTION,
  server: SERVER
})
