import { invalidArgument } from "../errors.ts"
import { jsonPayload } from "../payload.ts"
import { Status } from "../proto/enums.ts"
import type { VisibilityRecord } from "../storage/storage.ts"
import { findAttribute, isReservedName } from "../visibility/attributes.ts"
import type { CustomTypes } from "../visibility/attributes.ts"
import { compileFilter } from "../visibility/evaluate.ts"
import type { Filter } from "../visibility/filter.ts"
import { isOrdinary, readQuery } from "../visibility/resolve.ts"
import { decodeValues } from "../visibility/values.ts"
import type { ScheduleState } from "./state.ts"

const largestPage = 1000

/** A schedule as the real server shows it to filters: as a workflow. */
const recordOf = (state: ScheduleState, custom: CustomTypes): VisibilityRecord => ({
  namespace: state.namespace,
  workflowId: state.scheduleId,
  runId: state.runId,
  type: "",
  status: Status.Running,
  startTime: state.createTime,
  executionTime: state.createTime,
  closeTime: 0,
  taskQueue: "",
  historyLength: 0,
  historySize: 0,
  stateTransitions: 0,
  firstRunId: state.runId,
  parentWorkflowId: "",
  parentRunId: "",
  rootWorkflowId: "",
  rootRunId: "",
  memo: {},
  searchAttributes: {},
  attributes: decodeValues(
    {
      ScheduleId: jsonPayload(state.scheduleId),
      ...state.searchAttributes,
      TemporalSchedulePaused: jsonPayload(state.schedule.state?.paused === true)
    },
    (name) => (name === "ScheduleId" ? "Keyword" : findAttribute(name, custom)?.type)
  )
})

/** The names that a filter looks at. */
const namesIn = (filter: Filter): string[] => {
  if (isOrdinary(filter)) return []
  if ("attribute" in filter) return [filter.attribute.name]
  return filter.kind === "not" ? namesIn(filter.of) : filter.of.flatMap(namesIn)
}

/** Of what every workflow has, only whether it is paused says something about a schedule. */
const checkNames = (filter: Filter): void => {
  for (const name of namesIn(filter))
    if (isReservedName(name) && name !== "TemporalSchedulePaused")
      throw invalidArgument(`invalid query filter for schedules: cannot filter on "${name}"`)
}

/** One page of the schedules that a filter means. */
export const listSchedules = (
  states: readonly ScheduleState[],
  request: {
    readonly namespace: string
    readonly query: string
    readonly pageSize: number
    readonly token?: Uint8Array | null | undefined
    /** The search attributes of the namespace. */
    readonly custom: CustomTypes
  }
): { states: ScheduleState[]; total: number; nextPageToken: Uint8Array } => {
  const custom: CustomTypes = (name) => {
    const type = name === "ScheduleId" ? "Keyword" : request.custom(name)
    if (type !== undefined) return type
    throw invalidArgument(
      `Namespace ${request.namespace} has no mapping defined for search attribute ${name}`
    )
  }
  const { filter } = readQuery(request.query, custom)
  if (filter !== undefined) checkNames(filter)
  const matches = filter === undefined ? () => true : compileFilter(filter)
  const found = states.filter((state) => matches(recordOf(state, request.custom)) === true)
  const pageSize = request.pageSize > 0 ? Math.min(request.pageSize, largestPage) : largestPage
  const last =
    (request.token?.length ?? 0) > 0
      ? parseToken(new TextDecoder().decode(request.token ?? undefined))
      : undefined
  // The last one of the page before may be gone: its time tells where it stood.
  const from =
    last === undefined
      ? 0
      : found.findIndex(
          (state) =>
            state.createTime < last.createTime ||
            (state.createTime === last.createTime && state.runId > last.runId)
        )
  const page = from < 0 ? [] : found.slice(from, from + pageSize)
  const end = page.at(-1)
  const more = from >= 0 && from + pageSize < found.length && end !== undefined
  return {
    states: page,
    total: found.length,
    nextPageToken: new TextEncoder().encode(more ? JSON.stringify([end.createTime, end.runId]) : "")
  }
}

const parseToken = (text: string): { createTime: number; runId: string } => {
  try {
    const value: unknown = JSON.parse(text)
    if (Array.isArray(value)) {
      const [createTime, runId] = value as unknown[]
      if (typeof createTime === "number" && typeof runId === "string") return { createTime, runId }
    }
  } catch {
    // Falls through to the refusal below.
  }
  throw invalidArgument("Invalid NextPageToken.")
}
