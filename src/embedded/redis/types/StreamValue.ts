import { LOWEST_ID, type StreamId } from "../format/StreamIds.ts"
import { ScoreTree } from "../structures/ScoreTree.ts"
import { StreamLog } from "../structures/StreamLog.ts"

/** A message that was delivered to a consumer and not yet acknowledged. */
export interface PendingEntry {
  readonly key: StreamId
  readonly score: 0
  /** Milliseconds since the epoch. */
  deliveredAt: number
  deliveries: number
  consumer: Consumer
}

/** Pending messages by ID: O(log n) each. */
export class PendingList {
  private readonly tree = new ScoreTree<PendingEntry>()

  get size(): number {
    return this.tree.size
  }

  get(id: StreamId): PendingEntry | undefined {
    const found = this.tree.at(this.tree.rank(0, id))
    return found?.key === id ? found : undefined
  }

  add(entry: PendingEntry): void {
    this.tree.insert(entry)
  }

  remove(entry: PendingEntry): void {
    this.tree.remove(entry)
  }

  first(): PendingEntry | undefined {
    return this.tree.at(0)
  }

  last(): PendingEntry | undefined {
    return this.tree.at(this.tree.size - 1)
  }

  /** The first message whose ID is `id` or later. */
  from(id: StreamId): PendingEntry | undefined {
    return this.tree.at(this.tree.rank(0, id))
  }

  /** Up to `count` messages from an ID on. */
  range(from: StreamId, count: number): Array<PendingEntry> {
    return this.tree.range(this.tree.rank(0, from), count)
  }
}

/** A consumer of a group. */
export interface Consumer {
  readonly name: string
  /** When it last did something, in milliseconds since the epoch. */
  seenTime: number
  readonly pending: PendingList
}

const byName = <T>(left: readonly [string, T], right: readonly [string, T]): number =>
  left[0] < right[0] ? -1 : left[0] > right[0] ? 1 : 0

/** A consumer group. A message pending in it is pending for exactly one of its consumers. */
export class ConsumerGroup {
  lastId: StreamId
  /** How many entries were read; `undefined` if that cannot be told. */
  entriesRead: number | undefined
  readonly pending = new PendingList()
  readonly consumers = new Map<string, Consumer>()

  constructor(lastId: StreamId, entriesRead: number | undefined) {
    this.lastId = lastId
    this.entriesRead = entriesRead
  }

  /** The consumers in the order of their names. */
  list(): Array<Consumer> {
    return [...this.consumers].toSorted(byName).map(([, consumer]) => consumer)
  }

  /** Adds a consumer that does not exist. */
  addConsumer(name: string, now: number): Consumer {
    const consumer: Consumer = { name, seenTime: now, pending: new PendingList() }
    this.consumers.set(name, consumer)
    return consumer
  }

  /** Removes a consumer with its pending messages. */
  removeConsumer(consumer: Consumer): void {
    for (const entry of consumer.pending.range(LOWEST_ID, Infinity)) this.pending.remove(entry)
    this.consumers.delete(consumer.name)
  }

  /** Makes a message pending for a consumer, whoever had it before. */
  assign(id: StreamId, consumer: Consumer, deliveredAt: number, deliveries: number): PendingEntry {
    const existing = this.pending.get(id)
    if (existing === undefined) {
      const entry: PendingEntry = { key: id, score: 0, deliveredAt, deliveries, consumer }
      this.pending.add(entry)
      consumer.pending.add(entry)
      return entry
    }
    if (existing.consumer !== consumer) {
      existing.consumer.pending.remove(existing)
      existing.consumer = consumer
      consumer.pending.add(existing)
    }
    existing.deliveredAt = deliveredAt
    existing.deliveries = deliveries
    return existing
  }

  /** Forgets a pending message. */
  release(entry: PendingEntry): void {
    this.pending.remove(entry)
    entry.consumer.pending.remove(entry)
  }
}

/** The value of a stream key. */
export class StreamValue {
  log = new StreamLog()
  /** The ID of the last entry ever added, or what XSETID made of it. */
  lastId: StreamId = LOWEST_ID
  /** How many entries were ever added. */
  entriesAdded = 0
  /** The highest ID that XDEL removed. */
  maxDeletedId: StreamId = LOWEST_ID
  readonly groups = new Map<string, ConsumerGroup>()

  get length(): number {
    return this.log.length
  }

  /** The ID of the first entry; 0-0 if there is none. */
  get firstId(): StreamId {
    return this.log.firstId() ?? LOWEST_ID
  }

  /** The groups in the order of their names. */
  listGroups(): Array<[string, ConsumerGroup]> {
    return [...this.groups].toSorted(byName)
  }

  /** Adds a group that does not exist. */
  addGroup(name: string, lastId: StreamId, entriesRead: number | undefined): ConsumerGroup {
    const group = new ConsumerGroup(lastId, entriesRead)
    this.groups.set(name, group)
    return group
  }

  /** A stream of its own with the same content. */
  clone(): StreamValue {
    const copy = new StreamValue()
    copy.log = this.log.clone()
    copy.lastId = this.lastId
    copy.entriesAdded = this.entriesAdded
    copy.maxDeletedId = this.maxDeletedId
    for (const [name, group] of this.groups) {
      const target = copy.addGroup(name, group.lastId, group.entriesRead)
      for (const consumer of group.consumers.values()) {
        const owner = target.addConsumer(consumer.name, consumer.seenTime)
        for (const entry of consumer.pending.range(LOWEST_ID, Infinity)) {
          target.assign(entry.key, owner, entry.deliveredAt, entry.deliveries)
        }
      }
    }
    return copy
  }
}
