import { executionInfo } from "../describe.ts"
import type { Engine } from "../engine.ts"
import type { Namespaces } from "../namespaces.ts"
import { jsonPayload } from "../payload.ts"
import { listRecords, matchingRecords } from "../visibility/list.ts"
import { parseVisibilityQuery, statusName } from "../visibility/query.ts"
import { on } from "./handler.ts"
import type { Handler } from "./handler.ts"

/** The calls that list and count executions. */
export const visibilityHandlers = (engine: Engine, namespaces: Namespaces): Record<string, Handler> => ({
  ListWorkflowExecutions: on<"ListWorkflowExecutions">((request) => {
    const page = listRecords(engine.storage, namespaces.check(request.namespace), request)
    return { executions: page.records.map(executionInfo), nextPageToken: page.nextPageToken }
  }),
  ScanWorkflowExecutions: on<"ScanWorkflowExecutions">((request) => {
    const page = listRecords(engine.storage, namespaces.check(request.namespace), request)
    return { executions: page.records.map(executionInfo), nextPageToken: page.nextPageToken }
  }),
  ListOpenWorkflowExecutions: on<"ListOpenWorkflowExecutions">((request) => {
    const page = listRecords(engine.storage, namespaces.check(request.namespace), {
      ...request,
      query: filterQuery(request, 'ExecutionStatus = "Running"'),
      pageSize: request.maximumPageSize
    })
    return { executions: page.records.map(executionInfo), nextPageToken: page.nextPageToken }
  }),
  ListClosedWorkflowExecutions: on<"ListClosedWorkflowExecutions">((request) => {
    const page = listRecords(engine.storage, namespaces.check(request.namespace), {
      ...request,
      query: filterQuery(request, 'ExecutionStatus != "Running"'),
      pageSize: request.maximumPageSize
    })
    return { executions: page.records.map(executionInfo), nextPageToken: page.nextPageToken }
  }),
  CountWorkflowExecutions: on<"CountWorkflowExecutions">((request) => {
    const query = parseVisibilityQuery(request.query ?? "")
    const counts = new Map<number, number>()
    for (const record of matchingRecords(engine.storage, namespaces.check(request.namespace), query))
      counts.set(record.status, (counts.get(record.status) ?? 0) + 1)
    const count = [...counts.values()].reduce((sum, each) => sum + each, 0)
    const groups = query.groupByStatus
      ? [...counts].map(([status, each]) => ({
          groupValues: [
            {
              ...jsonPayload(statusName(status)),
              metadata: {
                ...jsonPayload("").metadata,
                type: new TextEncoder().encode("Keyword")
              }
            }
          ],
          count: each
        }))
      : []
    return { count, groups }
  })
})

const quote = (value: string): string => `"${value.replace(/[\\"]/g, "\\$&")}"`

/** The old listings say their filter in fields. */
const filterQuery = (
  request: {
    readonly executionFilter?: { readonly workflowId?: string | null | undefined } | null | undefined
    readonly typeFilter?: { readonly name?: string | null | undefined } | null | undefined
  },
  base: string
): string =>
  [
    base,
    ...(request.executionFilter?.workflowId
      ? [`WorkflowId = ${quote(request.executionFilter.workflowId)}`]
      : []),
    ...(request.typeFilter?.name ? [`WorkflowType = ${quote(request.typeFilter.name)}`] : [])
  ].join(" AND ")
