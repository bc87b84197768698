import { LOWEST_ID, type StreamId } from "../format/StreamIds.ts"
import type { StreamValue } from "./StreamValue.ts"

/** A message that waits for its acknowledgement. */
interface PendingState {
  readonly key: StreamId
  readonly deliveredAt: number
  readonly deliveries: number
}

/** A group at a moment. */
export interface GroupState {
  readonly name: string
  readonly lastId: StreamId
  readonly entriesRead: number | undefined
  readonly pending: ReadonlyArray<PendingState>
  readonly consumers: ReadonlyArray<{
    readonly name: string
    readonly seenTime: number
    readonly pending: ReadonlyArray<StreamId>
  }>
}

/** What a stream is at a moment, apart from its entries. */
export interface StreamHead {
  readonly length: number
  readonly lastId: StreamId
  readonly firstId: StreamId
  readonly maxDeletedId: StreamId
  readonly entriesAdded: number
  readonly groups: ReadonlyArray<GroupState>
}

/** Copies what a stream is apart from its entries: pending messages change in place. */
export const streamHead = (stream: StreamValue): StreamHead => ({
  length: stream.length,
  lastId: stream.lastId,
  firstId: stream.firstId,
  maxDeletedId: stream.maxDeletedId,
  entriesAdded: stream.entriesAdded,
  groups: stream.listGroups().map(([name, group]) => ({
    name,
    lastId: group.lastId,
    entriesRead: group.entriesRead,
    pending: group.pending
      .range(LOWEST_ID, Infinity)
      .map(({ key, deliveredAt, deliveries }) => ({ key, deliveredAt, deliveries })),
    consumers: group.list().map((consumer) => ({
      name: consumer.name,
      seenTime: consumer.seenTime,
      pending: consumer.pending.range(LOWEST_ID, Infinity).map((entry) => entry.key)
    }))
  }))
})
