import { LOWEST_ID, nextStreamId, type StreamId } from "../format/StreamIds.ts"
import { ScoreTree } from "../structures/ScoreTree.ts"
import { StreamLog, type StreamNodeLimits } from "../structures/StreamLog.ts"

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

  /** The messages from an ID on, each looked up when it is asked for: others may come and go meanwhile. */
  *iterate(from: StreamId): IterableIterator<PendingEntry> {
    for (let start = from; ;) {
      const batch = this.range(start, 64)
      yield* batch
      const last = batch.at(-1)
      const next = last === undefined ? undefined : nextStreamId(last.key)
      if (next === undefined) return
      start = next
    }
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

  /** Appends an entry, whose ID must be after the last one. The array becomes the stream's. */
  append(id: StreamId, fields: Array<string>, limits: StreamNodeLimits): void {
    this.log.append(id, fields, limits)
    this.lastId = id
    this.entriesAdded++
  }

  /** Removes an entry; false if there is none. */
  remove(id: StreamId): boolean {
    if (!this.log.remove(id)) return false
    if (id > this.maxDeletedId) this.maxDeletedId = id
    return true
  }

  /** Whether entries may have been removed from an ID on, as far as the stream remembers. */
  private hasGapsFrom(id: StreamId): boolean {
    const { maxDeletedId } = this
    if (this.length === 0 || maxDeletedId === LOWEST_ID || this.firstId > maxDeletedId) return false
    return id <= maxDeletedId
  }

  /** How many entries were added up to an ID; `undefined` if that cannot be told. */
  countUpTo(id: StreamId): number | undefined {
    const { entriesAdded, length, lastId, firstId, maxDeletedId } = this
    if (entriesAdded === 0) return 0
    if ((length === 0 && id <= lastId) || id === lastId) return entriesAdded
    if (id > lastId) return undefined
    if (maxDeletedId === LOWEST_ID || maxDeletedId < firstId) {
      if (id < firstId) return entriesAdded - length
      if (id === firstId) return entriesAdded - length + 1
    }
    return undefined
  }

  /** The number of entries read by a group that has read `entriesRead` and now reads the one of an ID. */
  readUpTo(entriesRead: number | undefined, id: StreamId): number | undefined {
    if (entriesRead !== undefined && !this.hasGapsFrom(id)) return entriesRead + 1
    return this.entriesAdded === 0 ? entriesRead : this.countUpTo(id)
  }

  /** How many entries a group has not read; `undefined` if that cannot be told. */
  lagOf(group: ConsumerGroup): number | undefined {
    if (this.entriesAdded === 0) return 0
    const known =
      group.entriesRead !== undefined && !this.hasGapsFrom(group.lastId)
        ? group.entriesRead
        : this.countUpTo(group.lastId)
    return known === undefined ? undefined : this.entriesAdded - known
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
