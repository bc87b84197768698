import { EventType } from "./proto/enums.ts"
import { types } from "./proto/root.ts"
import type { HistoryEvent, Int64 } from "./proto/root.ts"
import { toNumber } from "./proto/time.ts"
import { buffered } from "./state.ts"

// Every event is encoded once, as one `events` field of a `History` message: a page of history is the frames put
// behind each other, whoever asks for it.

/** Encodes an event as it is stored and sent. */
export const encodeFrame = (event: HistoryEvent): Uint8Array =>
  types.history.encode({ events: [event] }).finish()

/** The event of a frame. */
export const decodeFrame = (frame: Uint8Array): HistoryEvent => {
  const event = types.history.decode(frame).events?.[0]
  if (event === undefined) throw new Error("a stored history frame holds no event")
  return event
}

const varint = (value: number): number[] => {
  const bytes: number[] = []
  let rest = value
  while (rest > 127) {
    bytes.push((rest & 127) | 128)
    rest >>>= 7
  }
  bytes.push(rest)
  return bytes
}

/** A length-delimited field, without copying its parts more than once. */
export const delimited = (field: number, parts: readonly Uint8Array[]): Uint8Array[] => {
  let length = 0
  for (const part of parts) length += part.length
  return [Uint8Array.from([...varint((field << 3) | 2), ...varint(length)]), ...parts]
}

/** Cuts concatenated frames (a stored batch) into single ones. */
export const splitFrames = (batch: Uint8Array): Uint8Array[] => {
  const frames: Uint8Array[] = []
  let offset = 0
  while (offset < batch.length) {
    let length = 0
    let shift = 0
    let position = offset + 1
    for (;;) {
      const byte = batch[position]
      if (byte === undefined) throw new Error("a stored history batch is cut off")
      position += 1
      length += (byte & 127) * 2 ** shift
      shift += 7
      if (byte < 128) break
    }
    frames.push(batch.subarray(offset, position + length))
    offset = position + length
  }
  return frames
}

// service/history/historybuilder/event_store.go, bufferEvent: what comes from outside waits while a workflow task
// is started; what closes the run, belongs to a workflow task or comes from a command does not.
const direct: ReadonlySet<number> = new Set([
  EventType.WorkflowExecutionStarted,
  EventType.WorkflowExecutionCompleted,
  EventType.WorkflowExecutionFailed,
  EventType.WorkflowExecutionTimedOut,
  EventType.WorkflowExecutionTerminated,
  EventType.WorkflowExecutionContinuedAsNew,
  EventType.WorkflowExecutionCanceled,
  EventType.WorkflowTaskScheduled,
  EventType.WorkflowTaskStarted,
  EventType.WorkflowTaskCompleted,
  EventType.WorkflowTaskFailed,
  EventType.WorkflowTaskTimedOut,
  EventType.ActivityTaskScheduled,
  EventType.ActivityTaskCancelRequested,
  EventType.TimerStarted,
  EventType.TimerCanceled,
  EventType.RequestCancelExternalInitiated,
  EventType.MarkerRecorded,
  EventType.StartChildInitiated,
  EventType.SignalExternalInitiated,
  EventType.UpsertSearchAttributes,
  EventType.WorkflowPropertiesModified,
  EventType.UpdateAccepted,
  EventType.UpdateCompleted
])

/** Whether an event waits in the buffer until no workflow task is started. */
export const isBuffered = (type: number): boolean => !direct.has(type)

// event_store.go, reorderBuffer: what closes an activity or a child goes behind everything else that was buffered.
const last: ReadonlySet<number> = new Set([
  EventType.ActivityTaskCompleted,
  EventType.ActivityTaskFailed,
  EventType.ActivityTaskTimedOut,
  EventType.ActivityTaskCanceled,
  EventType.ChildCompleted,
  EventType.ChildFailed,
  EventType.ChildTimedOut,
  EventType.ChildCanceled,
  EventType.ChildTerminated
])

/** The order in which buffered events enter the history. */
export const reorder = (events: readonly HistoryEvent[]): HistoryEvent[] => [
  ...events.filter((event) => !last.has(event.eventType ?? 0)),
  ...events.filter((event) => last.has(event.eventType ?? 0))
]

const closing: ReadonlySet<number> = new Set([
  EventType.WorkflowExecutionCompleted,
  EventType.WorkflowExecutionFailed,
  EventType.WorkflowExecutionTimedOut,
  EventType.WorkflowExecutionTerminated,
  EventType.WorkflowExecutionContinuedAsNew,
  EventType.WorkflowExecutionCanceled
])

/** Whether an event closes its run. */
export const isClosing = (type: number): boolean => closing.has(type)

/** Says in a closing event, if its started event was buffered too, which id that one got by now. */
export const withStarted = (event: HistoryEvent, started: ReadonlyMap<number, number>): HistoryEvent => {
  interface Closing {
    readonly startedEventId?: Int64 | null | undefined
    readonly scheduledEventId?: Int64 | null | undefined
    readonly initiatedEventId?: Int64 | null | undefined
  }
  const wired = <A extends Closing>(attributes: A): A =>
    toNumber(attributes.startedEventId) === buffered
      ? {
          ...attributes,
          startedEventId:
            started.get(toNumber(attributes.scheduledEventId ?? attributes.initiatedEventId)) ?? 0
        }
      : attributes
  const {
    activityTaskCompletedEventAttributes: completed,
    activityTaskFailedEventAttributes: failed,
    activityTaskTimedOutEventAttributes: timedOut,
    activityTaskCanceledEventAttributes: canceled,
    childWorkflowExecutionCompletedEventAttributes: childCompleted,
    childWorkflowExecutionFailedEventAttributes: childFailed,
    childWorkflowExecutionTimedOutEventAttributes: childTimedOut,
    childWorkflowExecutionCanceledEventAttributes: childCanceled,
    childWorkflowExecutionTerminatedEventAttributes: childTerminated
  } = event
  if (completed) event.activityTaskCompletedEventAttributes = wired(completed)
  else if (failed) event.activityTaskFailedEventAttributes = wired(failed)
  else if (timedOut) event.activityTaskTimedOutEventAttributes = wired(timedOut)
  else if (canceled) event.activityTaskCanceledEventAttributes = wired(canceled)
  else if (childCompleted) event.childWorkflowExecutionCompletedEventAttributes = wired(childCompleted)
  else if (childFailed) event.childWorkflowExecutionFailedEventAttributes = wired(childFailed)
  else if (childTimedOut) event.childWorkflowExecutionTimedOutEventAttributes = wired(childTimedOut)
  else if (childCanceled) event.childWorkflowExecutionCanceledEventAttributes = wired(childCanceled)
  else if (childTerminated) event.childWorkflowExecutionTerminatedEventAttributes = wired(childTerminated)
  return event
}
