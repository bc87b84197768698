import { compareDefault, compileFilter, positionComparer, positionReader } from "../visibility/evaluate.ts"
import type { Position } from "../visibility/filter.ts"
import { demanded } from "../visibility/filter.ts"
import type { Filter } from "../visibility/filter.ts"
import { isOrdinary } from "../visibility/resolve.ts"
import type { Listed, ListRequest, VisibilityRecord } from "./storage.ts"

const placeOf = positionReader([])

/** Records in the default order of listings. Nearly all are added at one end: of what is open, or of what is closed. */
class Sorted {
  /** The last one in the order comes first: time only adds at the end. */
  readonly records: VisibilityRecord[] = []

  /** The first index whose record is listed before the given position, or stands at it. */
  #indexOf(position: Position): number {
    let low = 0
    let high = this.records.length
    while (low < high) {
      const middle = (low + high) >> 1
      const record = this.records[middle]
      if (record !== undefined && compareDefault(placeOf(record), position) > 0) low = middle + 1
      else high = middle
    }
    return low
  }

  add(record: VisibilityRecord): void {
    const at = this.#indexOf(placeOf(record))
    if (at === this.records.length) this.records.push(record)
    else this.records.splice(at, 0, record)
  }

  remove(record: VisibilityRecord): void {
    const at = this.#indexOf(placeOf(record))
    if (this.records[at]?.runId !== record.runId) return
    if (at === 0) this.records.shift()
    else this.records.splice(at, 1)
  }

  replace(before: VisibilityRecord, record: VisibilityRecord): void {
    const at = this.#indexOf(placeOf(before))
    if (this.records[at]?.runId === before.runId) this.records[at] = record
  }

  /** The records in the order of listings, from behind a position on. */
  *from(position: Position | undefined): Iterable<VisibilityRecord> {
    let index = position === undefined ? this.records.length : this.#indexOf(position)
    for (index -= 1; index >= 0; index -= 1) {
      const record = this.records[index]
      if (record !== undefined) yield record
    }
  }
}

const isOpenRecord = (record: VisibilityRecord): boolean => record.closeTime === 0

const running = 1

/** What listings and counts look at in one namespace: sorted as listings are, by workflow id, and counted. */
export class NamespaceVisibility {
  readonly #open = new Sorted()
  readonly #closed = new Sorted()
  readonly #byWorkflow = new Map<string, Map<string, VisibilityRecord>>()
  /** How many there are of a status, without those that belong to a division. */
  readonly #counts = new Map<number, number>()

  put(before: VisibilityRecord | undefined, record: VisibilityRecord): void {
    if (before !== undefined && isOpenRecord(before) === isOpenRecord(record))
      this.#listOf(record).replace(before, record)
    else {
      if (before !== undefined) this.#listOf(before).remove(before)
      this.#listOf(record).add(record)
    }
    if (before !== undefined) this.#tally(before, -1)
    this.#tally(record, 1)
    const runs = this.#byWorkflow.get(record.workflowId) ?? new Map<string, VisibilityRecord>()
    this.#byWorkflow.set(record.workflowId, runs.set(record.runId, record))
  }

  delete(record: VisibilityRecord): void {
    this.#listOf(record).remove(record)
    this.#tally(record, -1)
    const runs = this.#byWorkflow.get(record.workflowId)
    runs?.delete(record.runId)
    if (runs?.size === 0) this.#byWorkflow.delete(record.workflowId)
  }

  #listOf(record: VisibilityRecord): Sorted {
    return isOpenRecord(record) ? this.#open : this.#closed
  }

  #tally(record: VisibilityRecord, change: number): void {
    if (record.attributes["TemporalNamespaceDivision"] !== undefined) return
    this.#counts.set(record.status, (this.#counts.get(record.status) ?? 0) + change)
  }

  /** The oldest end first. */
  closed(): readonly VisibilityRecord[] {
    return this.#closed.records
  }

  get openCount(): number {
    return this.#open.records.length
  }

  /** The records that a filter can mean, in the default order. */
  *#candidates(filter: Filter | undefined, after: Position | undefined): Iterable<VisibilityRecord> {
    const workflowId = demanded(filter, "WorkflowId")
    if (typeof workflowId === "string") {
      const runs = Array.from(this.#byWorkflow.get(workflowId)?.values() ?? [])
      yield* runs
        .filter((record) => after === undefined || compareDefault(placeOf(record), after) > 0)
        .toSorted((a, b) => compareDefault(placeOf(a), placeOf(b)))
      return
    }
    const status = demanded(filter, "ExecutionStatus")
    if (status === undefined || status === running) yield* this.#open.from(after)
    if (status !== running) yield* this.#closed.from(after)
  }

  list({ filter, orderBy, after, limit }: ListRequest): Listed[] {
    const matches = filter === undefined ? undefined : compileFilter(filter)
    if (orderBy.length > 0) return this.#sorted({ filter, orderBy, after, limit })
    const listed: Listed[] = []
    for (const record of this.#candidates(filter, after)) {
      if (matches !== undefined && matches(record) !== true) continue
      listed.push({ record, position: placeOf(record) })
      if (listed.length === limit) break
    }
    return listed
  }

  #sorted({ filter, orderBy, after, limit }: Omit<ListRequest, "namespace">): Listed[] {
    const matches = filter === undefined ? undefined : compileFilter(filter)
    const positionOf = positionReader(orderBy)
    const compare = positionComparer(orderBy)
    const listed: Listed[] = []
    for (const record of this.#candidates(filter, undefined)) {
      if (matches !== undefined && matches(record) !== true) continue
      const position = positionOf(record)
      if (after === undefined || compare(position, after) > 0) listed.push({ record, position })
    }
    return listed.toSorted((a, b) => compare(a.position, b.position)).slice(0, limit)
  }

  count(filter: Filter | undefined): Map<number, number> {
    if (filter !== undefined && isOrdinary(filter)) return new Map(this.#counts)
    const counts = new Map<number, number>()
    const matches = filter === undefined ? undefined : compileFilter(filter)
    for (const record of this.#candidates(filter, undefined))
      if (matches === undefined || matches(record) === true)
        counts.set(record.status, (counts.get(record.status) ?? 0) + 1)
    return counts
  }
}
