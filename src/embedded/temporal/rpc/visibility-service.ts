import { executionInfo } from "../describe.ts"
import type { Engine } from "../engine.ts"
import { invalidArgument } from "../errors.ts"
import type { Namespaces } from "../namespaces.ts"
import { searchAttributeFields } from "../namespaces.ts"
import { toMillis } from "../proto/time.ts"
import type { Timestamp } from "../proto/root.ts"
import type { VisibilityRecord } from "../storage/storage.ts"
import { predefinedAttributes, systemAttributes, typeNumber } from "../visibility/attributes.ts"
import { countRecords, listRecords } from "../visibility/list.ts"
import type { ListOptions } from "../visibility/list.ts"
import { statusName } from "../visibility/literals.ts"
import { attributePayload, withTypes } from "../visibility/record.ts"
import { on } from "./handler.ts"
import type { Handler } from "./handler.ts"

/** The largest page of archived executions, of which there are none; frontend.visibilityArchivalQueryMaxPageSize. */
const archivedPageSize = 10_000

const running = 1

const quote = (value: string): string => `'${value.replace(/[\\']/g, "\\$&")}'`

/** The filters of the old listings are fields. */
interface OldFilters {
  readonly startTimeFilter?:
    | {
        readonly earliestTime?: Timestamp | null | undefined
        readonly latestTime?: Timestamp | null | undefined
      }
    | null
    | undefined
  readonly executionFilter?: { readonly workflowId?: string | null | undefined } | null | undefined
  readonly typeFilter?: { readonly name?: string | null | undefined } | null | undefined
}

const oldQuery = (request: OldFilters, base: string, time: "StartTime" | "CloseTime"): string => {
  const earliest = toMillis(request.startTimeFilter?.earliestTime) ?? 0
  const latest = toMillis(request.startTimeFilter?.latestTime) ?? 0
  if (earliest > 0 && latest > 0 && earliest > latest)
    throw invalidArgument("EarliestTime in StartTimeFilter should not be larger than LatestTime.")
  return [
    base,
    ...(earliest > 0 ? [`${time} >= ${earliest * 1e6}`] : []),
    ...(latest > 0 ? [`${time} <= ${latest * 1e6}`] : []),
    ...(request.executionFilter ? [`WorkflowId = ${quote(request.executionFilter.workflowId ?? "")}`] : []),
    ...(request.typeFilter ? [`WorkflowType = ${quote(request.typeFilter.name ?? "")}`] : [])
  ].join(" AND ")
}

/** The calls that list and count executions. */
export const visibilityHandlers = (engine: Engine, namespaces: Namespaces): Record<string, Handler> => {
  const list = (name: string | null | undefined, options: ListOptions) => {
    const namespace = namespaces.check(name)
    const custom = namespaces.types(namespace)
    const page = listRecords(engine.storage, namespace, options, custom)
    const info = (record: VisibilityRecord) =>
      // What an open execution has so far is only told by its description.
      executionInfo({
        ...record,
        ...(record.closeTime === 0 ? { historyLength: 0, historySize: 0, stateTransitions: 0 } : {}),
        searchAttributes: withTypes(record.searchAttributes, custom)
      })
    return { executions: page.records.map(info), nextPageToken: page.nextPageToken }
  }
  return {
    ListWorkflowExecutions: on<"ListWorkflowExecutions">((request) => list(request.namespace, request)),
    ScanWorkflowExecutions: on<"ScanWorkflowExecutions">((request) => list(request.namespace, request)),
    ListOpenWorkflowExecutions: on<"ListOpenWorkflowExecutions">((request) =>
      list(request.namespace, {
        nextPageToken: request.nextPageToken,
        query: oldQuery(request, "ExecutionStatus = 'Running'", "StartTime"),
        pageSize: request.maximumPageSize
      })
    ),
    ListClosedWorkflowExecutions: on<"ListClosedWorkflowExecutions">((request) => {
      const status = request.statusFilter ? (request.statusFilter.status ?? 0) : undefined
      if (status === 0 || status === running)
        throw invalidArgument("StatusFilter must be specified and must be not Running.")
      return list(request.namespace, {
        nextPageToken: request.nextPageToken,
        query: oldQuery(
          request,
          status === undefined ? "ExecutionStatus != 'Running'" : `ExecutionStatus = ${status}`,
          "CloseTime"
        ),
        pageSize: request.maximumPageSize
      })
    }),
    ListArchivedWorkflowExecutions: on<"ListArchivedWorkflowExecutions">((request) => {
      if ((request.pageSize ?? 0) > archivedPageSize)
        throw invalidArgument(`PageSize is larger than allowed ${archivedPageSize}.`)
      throw invalidArgument("Cluster is not configured for visibility archival.")
    }),
    CountWorkflowExecutions: on<"CountWorkflowExecutions">((request) => {
      const namespace = namespaces.check(request.namespace)
      const custom = namespaces.types(namespace)
      const { total, byStatus } = countRecords(engine.storage, namespace, request.query ?? "", custom)
      return {
        count: total,
        groups: Array.from(byStatus ?? [], ([status, count]) => ({
          groupValues: [attributePayload(statusName(status), "Keyword")],
          count
        }))
      }
    }),
    GetSearchAttributes: () => ({
      keys: {
        ...Object.fromEntries(
          Object.entries({ ...systemAttributes, ...predefinedAttributes }).map(([name, type]) => [
            name,
            typeNumber(type)
          ])
        ),
        ...searchAttributeFields()
      }
    })
  }
}
