import { cut } from "../exec/Errors.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { formatStreamId } from "../format/StreamIds.ts"
import { ErrorReply } from "../resp/Reply.ts"
import type { Consumer, ConsumerGroup, PendingEntry } from "../types/StreamValue.ts"

/** A group with the names that lead to it. */
export interface NamedGroup {
  readonly key: string
  readonly name: string
  readonly group: ConsumerGroup
}

/** The error of a group, or a stream, that does not exist. */
export const noGroup = (key: string, group: string, suffix = ""): ErrorReply =>
  new ErrorReply(`NOGROUP No such key '${cut(key)}' or consumer group '${cut(group)}'${suffix}`)

/** The error of a group that does not exist in a stream that does. */
export const noGroupOfKey = (key: string, group: string): ErrorReply =>
  new ErrorReply(`NOGROUP No such consumer group '${cut(group)}' for key name '${cut(key)}'`)

/** Logs who owns a pending message, as Redis does: the command may be repeated, and moves the group on. */
export const logPending = (client: Client, { key, name, group }: NamedGroup, entry: PendingEntry): void => {
  if (!client.server.logging) return
  client.server.propagate(client.db, [
    "XCLAIM",
    key,
    name,
    entry.consumer.name,
    "0",
    formatStreamId(entry.key),
    "TIME",
    String(entry.deliveredAt),
    "RETRYCOUNT",
    String(entry.deliveries),
    "FORCE",
    "JUSTID",
    "LASTID",
    formatStreamId(group.lastId)
  ])
}

/** Logs how far a group has read. */
export const logPosition = (client: Client, { key, name, group }: NamedGroup): void =>
  client.server.propagate(client.db, [
    "XGROUP",
    "SETID",
    key,
    name,
    formatStreamId(group.lastId),
    "ENTRIESREAD",
    String(group.entriesRead ?? -1)
  ])

/** Adds a consumer, tells who listens, and logs it. */
export const addConsumer = (client: Client, { key, name, group }: NamedGroup, consumer: string): Consumer => {
  const { db, server } = client
  const added = group.addConsumer(consumer, server.now)
  server.dirty++
  server.notify(db, key, NOTIFY.stream, "xgroup-createconsumer")
  server.propagate(db, ["XGROUP", "CREATECONSUMER", key, name, consumer])
  return added
}

/** The consumer of a name, which is marked as seen and made if need be. */
export const useConsumer = (client: Client, group: NamedGroup, name: string): Consumer => {
  const consumer = group.group.consumers.get(name)
  if (consumer === undefined) return addConsumer(client, group, name)
  consumer.seenTime = client.server.now
  return consumer
}
