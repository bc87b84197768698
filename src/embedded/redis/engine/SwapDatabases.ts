import type { Keyspace } from "../db/Keyspace.ts"
import type { Client } from "../exec/Context.ts"

/** Exchanges two databases under those who use them: clients stay with the number, keys change it. */
export const swapDatabases = (
  databases: Array<Keyspace>,
  clients: Iterable<Client>,
  a: Keyspace,
  b: Keyspace
): void => {
  for (const db of [a, b]) {
    const other = db === a ? b : a
    // What has expired was not there, and is not when it takes the place of nothing.
    db.watchers.touchAll((key) => db.peek(key) !== undefined || other.peek(key) !== undefined)
  }
  a.exchangeClients(b)
  const [left, right] = [a.index, b.index]
  databases[left] = b
  databases[right] = a
  a.index = right
  b.index = left
  for (const client of clients) {
    if (client.db === a) client.db = b
    else if (client.db === b) client.db = a
    client.watched = client.watched.map(({ db, key }) => ({ db: db === a ? b : db === b ? a : db, key }))
  }
}
