import type { temporal } from "@temporalio/proto"

import { messageType } from "../proto/root.ts"
import type { View } from "../proto/root.ts"

// The messages of schedules, as the engine handles them.

export type Range = View<temporal.api.schedule.v1.IRange>
export type CalendarSpec = View<temporal.api.schedule.v1.ICalendarSpec>
export type StructuredCalendarSpec = View<temporal.api.schedule.v1.IStructuredCalendarSpec>
export type IntervalSpec = View<temporal.api.schedule.v1.IIntervalSpec>
export type ScheduleSpec = View<temporal.api.schedule.v1.IScheduleSpec>
export type Schedule = View<temporal.api.schedule.v1.ISchedule>
type ScheduleInfo = View<temporal.api.schedule.v1.IScheduleInfo>
export type SchedulePatch = View<temporal.api.schedule.v1.ISchedulePatch>
export type ActionResult = View<temporal.api.schedule.v1.IScheduleActionResult>
export type NewWorkflow = View<temporal.api.workflow.v1.INewWorkflowExecutionInfo>

export const messages = {
  schedule: messageType<Schedule>("temporal.api.schedule.v1.Schedule"),
  info: messageType<ScheduleInfo>("temporal.api.schedule.v1.ScheduleInfo")
}
