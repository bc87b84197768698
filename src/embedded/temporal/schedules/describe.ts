import { definedFields } from "../payload.ts"
import { fromMillis } from "../proto/time.ts"
import type { Payload } from "../proto/root.ts"
import type { CustomTypes } from "../visibility/attributes.ts"
import { withTypes } from "../visibility/record.ts"
import type { Schedules } from "./schedules.ts"
import { shownSpec } from "./spec.ts"
import type { ScheduleState } from "./state.ts"

const fieldsOf = (fields: Record<string, Payload>): Record<string, Payload> | undefined =>
  Object.keys(fields).length > 0 ? fields : undefined

const memoOf = (state: ScheduleState) => {
  const fields = fieldsOf(state.memo)
  return fields === undefined ? undefined : { fields }
}

const searchAttributesOf = (state: ScheduleState, custom: CustomTypes) => {
  const fields = fieldsOf(state.searchAttributes)
  return fields === undefined ? undefined : { indexedFields: withTypes(fields, custom) }
}

/** What is started, with the types of its search attributes. */
const shownAction = (state: ScheduleState, custom: CustomTypes) => {
  const { action } = state.schedule
  const fields = action?.startWorkflow?.searchAttributes?.indexedFields
  if (!fields) return action
  const searchAttributes = { indexedFields: withTypes(definedFields(fields), custom) }
  return { startWorkflow: { ...action.startWorkflow, searchAttributes } }
}

/** A conflict token as the protocol has it: eight bytes, the most significant first. */
export const encodeToken = (token: number): Uint8Array => {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigInt64(0, BigInt(token))
  return bytes
}

/** The number in a conflict token, 0 if there is none. */
export const decodeToken = (token: Uint8Array | null | undefined): number =>
  token && token.length >= 8
    ? Number(new DataView(token.buffer, token.byteOffset, token.byteLength).getBigInt64(0))
    : 0

/** The answer to `DescribeSchedule`. */
export const describeSchedule = (schedules: Schedules, state: ScheduleState, custom: CustomTypes) => ({
  schedule: {
    ...state.schedule,
    action: shownAction(state, custom),
    spec: shownSpec(state.schedule.spec ?? {})
  },
  info: {
    actionCount: state.actionCount,
    missedCatchupWindow: state.missedCatchupWindow,
    overlapSkipped: state.overlapSkipped,
    bufferDropped: state.bufferDropped,
    bufferSize: state.buffer.length,
    runningWorkflows: state.running,
    recentActions: state.recentActions,
    futureActionTimes: schedules.futureTimes(state, 10).map(fromMillis),
    createTime: fromMillis(state.createTime),
    updateTime: state.updateTime > 0 ? fromMillis(state.updateTime) : null,
    invalidScheduleError: schedules.problemOf(state)
  },
  memo: memoOf(state),
  searchAttributes: searchAttributesOf(state, custom),
  conflictToken: encodeToken(state.conflictToken)
})

/** A schedule in a listing, which shows less of it. */
export const listedSchedule = (schedules: Schedules, state: ScheduleState, custom: CustomTypes) => {
  const { spec, action, state: settings } = state.schedule
  return {
    scheduleId: state.scheduleId,
    memo: memoOf(state),
    searchAttributes: searchAttributesOf(state, custom),
    info: {
      spec: { ...shownSpec(spec ?? {}, 10), timezoneData: new Uint8Array(0) },
      workflowType: action?.startWorkflow?.workflowType,
      notes: settings?.notes ?? "",
      paused: settings?.paused === true,
      recentActions: state.recentActions.slice(-5),
      futureActionTimes: schedules.futureTimes(state, 5).map(fromMillis)
    }
  }
}
