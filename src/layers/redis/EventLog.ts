/** Numbered events: a counter, a log of the newest entries, and a channel, changed in one step. */
import type { Cache } from "../../services/Cache.ts"
import type { KeyNames } from "./KeyNames.ts"
import type { RedisClient } from "./RedisClient.ts"
import { appendEvent, runScript } from "./Scripts.ts"

type AppendEventOptions = Parameters<Cache["Service"]["appendEvent"]>[0]

/** Appends an event and gives its number. */
export type AppendEvent = (options: AppendEventOptions) => Promise<number>

/** What a transaction answers: one error or reply a command, or null when it was not run. */
export type TransactionReplies = ReadonlyArray<readonly [error: Error | null, reply: unknown]> | null

/** The replies of a transaction; throws the first error among them. */
export const repliesOf = (replies: TransactionReplies): ReadonlyArray<unknown> => {
  if (replies === null) throw new Error("The transaction was not run")
  return replies.map(([error, reply]) => {
    if (error !== null) throw error
    return reply
  })
}

/** The entry after its number. `data` is JSON text. */
const restOfEntry = ({ data, type }: AppendEventOptions): string =>
  `,"type":${JSON.stringify(type)},"data":${data}}`

/** By a script: any number of processes may append to the same log. */
const sharedEventLog =
  (client: RedisClient, names: KeyNames, channelOf: (key: string) => string): AppendEvent =>
  (options) => {
    const { key, maxLength, ttl } = options
    return runScript(
      client.commands,
      appendEvent,
      [names.toRedis(key), names.toRedis(`${key}:sequence`)],
      [channelOf(key), restOfEntry(options), maxLength, ttl]
    )
  }

/** How many logs' numbers are remembered. */
const REMEMBERED = 10_000

/**
 * By a transaction, for a Redis that only this process writes to: the last number is remembered, so that no script has
 * to run, which would load an interpreter first.
 */
const exclusiveEventLog = (
  client: RedisClient,
  names: KeyNames,
  channelOf: (key: string) => string
): AppendEvent => {
  const last = new Map<string, { number: number | Promise<number> }>()
  return async (options) => {
    const { key, maxLength, ttl } = options
    const log = names.toRedis(key)
    const counter = names.toRedis(`${key}:sequence`)
    let entry = last.get(key)
    if (entry === undefined) {
      entry = { number: client.commands.get(counter).then((value) => Number(value ?? 0)) }
      last.set(key, entry)
      if (last.size > REMEMBERED) {
        const oldest = last.keys().next()
        if (!oldest.done) last.delete(oldest.value)
      }
    }
    const known = typeof entry.number === "number" ? entry.number : await entry.number
    // Nothing may come between here and the transaction: it is sent in the order of the numbers.
    const id = (typeof entry.number === "number" ? entry.number : known) + 1
    entry.number = id
    const event = `{"id":${id}${restOfEntry(options)}`
    const replies = await client.commands
      .multi()
      .set(counter, id, "PX", ttl)
      .rpush(log, event)
      .ltrim(log, -maxLength, -1)
      .pexpire(log, ttl)
      .publish(channelOf(key), event)
      .exec()
    repliesOf(replies)
    return id
  }
}

/** The event log of a Redis. */
export const makeEventLog = (
  client: RedisClient,
  names: KeyNames,
  channelOf: (key: string) => string
): AppendEvent => (client.isExclusive ? exclusiveEventLog : sharedEventLog)(client, names, channelOf)
