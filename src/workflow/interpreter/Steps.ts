/** The records of an execution's steps: kept for the query, and told to the process through the sink. */
import { proxySinks, workflowInfo } from "@temporalio/workflow"
import type { TaskDefinition } from "../Definition.ts"
import { type Frame, pathIn } from "./Scope.ts"
import {
  type ExecutionRecord,
  type SinkMessage,
  type StepError,
  type StepRecord,
  type StepStatus,
  type StepsPage,
  sinkName
} from "./Protocol.ts"
import { plain, sizeUpTo, type Value } from "./Value.ts"

/** The sink as the interpreter sees it. */
interface CompozySinks {
  readonly [interfaceName: string]: { readonly [functionName: string]: (message: SinkMessage) => void }
}

/** A page of the query holds at most this many characters of values. */
const pageSize = 512 * 1024

/** What a record says beside its path. */
export interface Opening {
  readonly status?: StepStatus
  readonly input?: Value
  readonly component?: string
  /** The step's activity tells it itself. */
  readonly quiet?: boolean
}

/** The step records of one run. */
export class Steps {
  readonly records = new Map<string, StepRecord>()
  private readonly workflow: string
  /** How many steps the runs before this one recorded. */
  private readonly before: number
  private readonly open: Map<string, number>
  private seq: number
  /** Some of this run was replayed, so that what the sink was told is not certain. */
  private replayed = false
  private readonly sink = proxySinks<CompozySinks>()[sinkName]

  constructor(
    workflow: string,
    carried: { readonly seq: number; readonly steps: number; readonly open: Map<string, number> }
  ) {
    this.workflow = workflow
    this.seq = carried.seq
    this.before = carried.steps
    this.open = carried.open
  }

  /** How many steps all runs recorded. Steps that were open at a continue-as-new count once. */
  get count(): number {
    return this.before + this.records.size
  }

  get lastSeq(): number {
    return this.seq
  }

  next(by = 1): number {
    const first = this.seq + 1
    this.seq += by
    return first
  }

  begin(frame: Frame, task: TaskDefinition, opening: Opening = {}): StepRecord {
    const path = pathIn(frame, task)
    const now = Date.now()
    const since = this.open.get(path)
    const record: StepRecord = {
      path,
      parent: frame.container,
      id: task.id,
      type: task.type,
      component: opening.component ?? null,
      status: opening.status ?? "RUNNING",
      input: opening.input === undefined ? null : plain(opening.input),
      output: null,
      error: null,
      startedAt: since ?? now,
      updatedAt: now,
      closedAt: null,
      seq: this.next(opening.quiet === true ? 2 : 1),
      attempt: 1
    }
    this.keep(record, opening.quiet === true)
    return record
  }

  end(
    path: string,
    status: StepStatus,
    result: { readonly output?: Value; readonly error?: StepError; readonly attempt?: number },
    quiet = false
  ): void {
    const record = this.records.get(path)
    if (record === undefined) return
    const now = Date.now()
    this.keep(
      {
        ...record,
        status,
        output: result.output === undefined ? null : plain(result.output),
        error: result.error ?? null,
        updatedAt: now,
        closedAt: now,
        seq: this.next(),
        attempt: result.attempt ?? record.attempt
      },
      quiet
    )
  }

  /** Changes the state of a step that goes on. */
  change(path: string, status: StepStatus): void {
    const record = this.records.get(path)
    if (record === undefined || record.status === status) return
    this.keep({ ...record, status, updatedAt: Date.now(), seq: this.next() }, false)
  }

  /** Open steps, with the time that they began. */
  opened(): Record<string, number> {
    const open: Record<string, number> = {}
    for (const record of this.records.values()) {
      if (record.closedAt === null) open[record.path] = record.startedAt
    }
    return open
  }

  /** How many of this run's steps are over: the open ones are recorded by the next run again. */
  get closed(): number {
    let closed = 0
    for (const record of this.records.values()) if (record.closedAt !== null) closed += 1
    return this.before + closed
  }

  tell(message: Omit<SinkMessage, "workflow">): void {
    if (workflowInfo().unsafe.isReplayingHistoryEvents) this.replayed = true
    else this.sink?.["tell"]?.({ workflow: this.workflow, ...message })
  }

  /** Tells every record of this run again, if some of it was replayed. */
  retell(): void {
    if (this.replayed) this.tell({ steps: [...this.records.values()], repair: true })
  }

  page(execution: ExecutionRecord, cursor: number): StepsPage {
    const steps: Array<StepRecord> = []
    let size = 0
    let index = -1
    for (const record of this.records.values()) {
      index += 1
      if (index < cursor) continue
      steps.push(record)
      size += 300 + sizeUpTo(record.input, pageSize) + sizeUpTo(record.output, pageSize)
      if (size > pageSize) break
    }
    const next = cursor + steps.length
    return { execution, steps, next: next < this.records.size ? next : null }
  }

  private keep(record: StepRecord, quiet: boolean): void {
    this.records.set(record.path, record)
    if (quiet) {
      if (workflowInfo().unsafe.isReplayingHistoryEvents) this.replayed = true
    } else this.tell({ steps: [record] })
  }
}
