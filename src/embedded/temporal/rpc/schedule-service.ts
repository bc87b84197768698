import { invalidArgument, notFound } from "../errors.ts"
import type { Namespaces } from "../namespaces.ts"
import { definedFields, sizeOfFields, sizeOfPayloads } from "../payload.ts"
import { fromMillis, toMillis } from "../proto/time.ts"
import { decodeToken, describeSchedule, encodeToken, listedSchedule } from "../schedules/describe.ts"
import { listSchedules } from "../schedules/listing.ts"
import type { NewWorkflow, Schedule } from "../schedules/messages.ts"
import { readSchedule } from "../schedules/schedules.ts"
import type { Schedules } from "../schedules/schedules.ts"
import type { Limits } from "../limits.ts"
import { validateSearchAttributes } from "../visibility/validate.ts"
import { on } from "./handler.ts"
import type { Handler } from "./handler.ts"

/** The longest that a workflow's id grows by: the time behind it. */
const timeSuffix = "-2009-11-10T23:00:00Z"
const longestNote = 1000
const allowDuplicate = 1

const checkRequestId = (requestId: string | null | undefined, limits: Limits): string => {
  if ((requestId ?? "").length > limits.idLength) throw invalidArgument("RequestId length exceeds limit.")
  return requestId ?? ""
}

/** What the workflow that a schedule starts must hold to. */
const checkAction = (action: NewWorkflow | null | undefined, limits: Limits): void => {
  if (!action) return
  if (`${action.workflowId ?? ""}${timeSuffix}`.length > limits.idLength)
    throw invalidArgument("WorkflowId length exceeds limit.")
  const type = action.workflowType?.name ?? ""
  if (type === "") throw invalidArgument("WorkflowType is not set on request.")
  if (type.length > limits.idLength) throw invalidArgument("WorkflowType length exceeds limit.")
  if (!action.taskQueue) throw invalidArgument("taskQueue is not set")
  if (!action.taskQueue.name) throw invalidArgument("missing task queue name")
  if (action.taskQueue.name.length > limits.idLength) throw invalidArgument("taskQueue length exceeds limit")
  if (action.cronSchedule) throw invalidArgument("Scheduled workflow must not contain CronSchedule")
  if ((action.workflowIdReusePolicy || allowDuplicate) !== allowDuplicate)
    throw invalidArgument("Scheduled workflow must not contain WorkflowIDReusePolicy")
  if (sizeOfPayloads(action.input) + sizeOfFields(action.memo?.fields) > limits.blobSize)
    throw invalidArgument("Blob data size exceeds limit.")
}

const check = (
  schedule: Schedule | null | undefined,
  namespace: string,
  namespaces: Namespaces,
  limits: Limits
): Schedule => {
  const read = readSchedule(schedule)
  const action = read.action?.startWorkflow
  checkAction(action, limits)
  validateSearchAttributes(namespace, action?.searchAttributes, namespaces.types(namespace))
  if (!action) return read
  const taskQueue = { ...action.taskQueue, kind: action.taskQueue?.kind || 1 }
  return { ...read, action: { ...read.action, startWorkflow: { ...action, taskQueue } } }
}

/** The calls about schedules. */
export const scheduleHandlers = (
  schedules: Schedules,
  namespaces: Namespaces,
  limits: Limits
): Record<string, Handler> => ({
  CreateSchedule: on<"CreateSchedule">((request) => {
    const namespace = namespaces.check(request.namespace)
    const scheduleId = request.scheduleId ?? ""
    if (`temporal-sys-scheduler:${scheduleId}`.length > limits.idLength)
      throw invalidArgument("WorkflowId length exceeds limit.")
    const requestId = checkRequestId(request.requestId, limits)
    if (requestId === "") throw invalidArgument("RequestId is not set on request.")
    const memo = definedFields(request.memo?.fields)
    if (sizeOfFields(memo) > limits.memoSize) throw invalidArgument("Memo size exceeds limit.")
    const schedule = check(request.schedule, namespace, namespaces, limits)
    validateSearchAttributes(namespace, request.searchAttributes, namespaces.types(namespace))
    schedules.create({
      namespace,
      scheduleId,
      schedule,
      initialPatch: request.initialPatch ?? undefined,
      memo,
      searchAttributes: definedFields(request.searchAttributes?.indexedFields),
      requestId
    })
    return { conflictToken: encodeToken(1) }
  }),
  DescribeSchedule: on<"DescribeSchedule">((request) => {
    const state = schedules.find(namespaces.check(request.namespace), request.scheduleId ?? "")
    if (state.closeTime > 0) throw notFound("schedule not found")
    return describeSchedule(schedules, state, namespaces.types(state.namespace))
  }),
  UpdateSchedule: on<"UpdateSchedule">((request) => {
    const requestId = checkRequestId(request.requestId, limits)
    const namespace = namespaces.check(request.namespace)
    const schedule = check(request.schedule, namespace, namespaces, limits)
    validateSearchAttributes(namespace, request.searchAttributes, namespaces.types(namespace))
    schedules.update(namespace, request.scheduleId ?? "", requestId, {
      schedule,
      conflictToken: decodeToken(request.conflictToken),
      searchAttributes: request.searchAttributes
        ? definedFields(request.searchAttributes.indexedFields)
        : undefined
    })
    return {}
  }),
  PatchSchedule: on<"PatchSchedule">((request) => {
    const requestId = checkRequestId(request.requestId, limits)
    const namespace = namespaces.check(request.namespace)
    const patch = request.patch ?? {}
    if ((patch.pause ?? "").length > longestNote || (patch.unpause ?? "").length > longestNote)
      throw invalidArgument("Schedule notes exceeds limit.")
    schedules.patch(namespace, request.scheduleId ?? "", requestId, patch)
    return {}
  }),
  ListScheduleMatchingTimes: on<"ListScheduleMatchingTimes">((request) => {
    const namespace = namespaces.check(request.namespace)
    const scheduleId = request.scheduleId ?? ""
    const start = toMillis(request.startTime)
    const end = toMillis(request.endTime)
    schedules.find(namespace, scheduleId)
    if (start === undefined || end === undefined) throw invalidArgument("missing or invalid query")
    return { startTime: schedules.matchingTimes(namespace, scheduleId, start, end).map(fromMillis) }
  }),
  DeleteSchedule: on<"DeleteSchedule">((request) => {
    schedules.delete(namespaces.check(request.namespace), request.scheduleId ?? "")
    return {}
  }),
  ListSchedules: on<"ListSchedules">((request) => {
    const namespace = namespaces.check(request.namespace)
    const custom = namespaces.types(namespace)
    const page = listSchedules(schedules.list(namespace), {
      namespace,
      custom,
      query: request.query ?? "",
      pageSize: request.maximumPageSize ?? 0,
      token: request.nextPageToken
    })
    return {
      schedules: page.states.map((state) => listedSchedule(schedules, state, custom)),
      nextPageToken: page.nextPageToken
    }
  }),
  CountSchedules: on<"CountSchedules">((request) => {
    const namespace = namespaces.check(request.namespace)
    const custom = namespaces.types(namespace)
    const query = request.query ?? ""
    const { total } = listSchedules(schedules.list(namespace), { namespace, custom, query, pageSize: 0 })
    return { count: total }
  })
})
