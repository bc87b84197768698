import { EventType, Status, TaskFailedCause } from "./proto/enums.ts"
import { fromMillis, positiveMillis, toMillis, toNumber } from "./proto/time.ts"
import { mergeFields } from "./payload.ts"
import { withResetPoint } from "./reset-points.ts"
import type {
  ActivityScheduledAttributes,
  CancelExternalAttributes,
  ChildInitiatedAttributes,
  HistoryEvent,
  Payload,
  SignalExternalAttributes,
  StartedAttributes,
  UserMetadata,
  ResetPoint,
  WorkerVersion
} from "./proto/root.ts"

export interface ActivityInfo {
  readonly scheduledEventId: number
  readonly attributes: ActivityScheduledAttributes
  readonly scheduledTime: number
  readonly userMetadata: UserMetadata | undefined
  cancelRequestedEventId: number
}

export interface TimerInfo {
  readonly timerId: string
  readonly startedEventId: number
  readonly fireAt: number
}

export interface ChildInfo {
  readonly initiatedEventId: number
  readonly attributes: ChildInitiatedAttributes
  readonly userMetadata: UserMetadata | undefined
  /** 0 until it started, {@link buffered} while its started event waits in the buffer. */
  startedEventId: number
  runId: string
}

/** The events of an update, 0 until they are there. Only a reset admits an update by an event. */
export interface UpdateInfo {
  acceptedEventId: number
  completedEventId: number
}

/** The id of an event that is buffered and has none yet. */
export const buffered = -1

/** The mutable state of a run as far as its history tells it. Only {@link applyEvent} changes it. */
export interface HistoryState {
  nextEventId: number
  status: number
  started: StartedAttributes
  /** What the start said for people to read. */
  userMetadata: UserMetadata | undefined
  /** When the run began; for one that a reset made the time of the reset. */
  startTime: number
  /** When the started event was written. */
  originalStartTime: number
  /** Whether the run was made by a reset. */
  wasReset: boolean
  closeTime: number
  closeEvent: HistoryEvent | undefined
  cancelRequested: boolean
  /** Whether a workflow task was ever scheduled. */
  hadTask: boolean
  /** The started event of the last completed workflow task. */
  lastStartedEventId: number
  /** What the search attribute of this name says of the workers that ran it. */
  buildIds: readonly string[]
  /** The version that the last worker told of itself. */
  workerVersion: WorkerVersion | undefined
  /** Where a reset by a worker's build may go. */
  resetPoints: readonly ResetPoint[]
  signals: number
  /** Request ids of the signals that were applied. */
  readonly signalRequestIds: Set<string>
  /** Updates of which the history tells; the outcome is in the event of their completion (0 until then). */
  readonly updates: Map<string, UpdateInfo>
  readonly activities: Map<number, ActivityInfo>
  readonly activityIds: Map<string, number>
  readonly timers: Map<string, TimerInfo>
  readonly children: Map<number, ChildInfo>
  readonly signalsOut: Map<number, SignalExternalAttributes>
  readonly cancelsOut: Map<number, CancelExternalAttributes>
  memo: Record<string, Payload>
  searchAttributes: Record<string, Payload>
}

export const emptyState = (): HistoryState => ({
  nextEventId: 1,
  status: Status.Unspecified,
  started: {},
  userMetadata: undefined,
  startTime: 0,
  originalStartTime: 0,
  wasReset: false,
  closeTime: 0,
  closeEvent: undefined,
  cancelRequested: false,
  hadTask: false,
  lastStartedEventId: 0,
  buildIds: [],
  workerVersion: undefined,
  resetPoints: [],
  signals: 0,
  signalRequestIds: new Set(),
  updates: new Map(),
  activities: new Map(),
  activityIds: new Map(),
  timers: new Map(),
  children: new Map(),
  signalsOut: new Map(),
  cancelsOut: new Map(),
  memo: {},
  searchAttributes: {}
})

export const isOpen = (state: HistoryState): boolean => state.status === Status.Running

/** When the first workflow task may be scheduled. */
export const executionTime = (state: HistoryState): number =>
  state.originalStartTime + (positiveMillis(state.started.firstWorkflowTaskBackoff) ?? 0)

/** From when on the run's timeout counts. */
export const timeoutsFrom = (state: HistoryState): number =>
  state.wasReset ? state.startTime : executionTime(state)

const required = <T>(attributes: T | null | undefined, event: HistoryEvent): T => {
  if (attributes === null || attributes === undefined)
    throw new Error(`event ${toNumber(event.eventId)} of type ${event.eventType} has no attributes`)
  return attributes
}

/** What an event says of how a child ended, or why it was not started. */
export const childEnd = (event: HistoryEvent) =>
  event.startChildWorkflowExecutionFailedEventAttributes ??
  event.childWorkflowExecutionCompletedEventAttributes ??
  event.childWorkflowExecutionFailedEventAttributes ??
  event.childWorkflowExecutionCanceledEventAttributes ??
  event.childWorkflowExecutionTimedOutEventAttributes ??
  event.childWorkflowExecutionTerminatedEventAttributes

const unversioned = "unversioned"

// mutable_state_impl.go, addBuildIdToLoadedSearchAttribute, for workers that are not versioned.
const withBuildId = (known: readonly string[], buildId: string): readonly string[] => {
  const value = `${unversioned}:${buildId}`
  if (known.length > 0 && (buildId === "" || known.includes(value))) return known
  return [...(known.length > 0 ? known : [unversioned]), ...(buildId === "" ? [] : [value])]
}

const close = (state: HistoryState, event: HistoryEvent, status: number): void => {
  state.status = status
  state.closeTime = toMillis(event.eventTime) ?? 0
  state.closeEvent = event
  state.activities.clear()
  state.activityIds.clear()
  state.timers.clear()
  state.children.clear()
  state.signalsOut.clear()
  state.cancelsOut.clear()
}

const closeActivity = (state: HistoryState, scheduledEventId: number): void => {
  const activity = state.activities.get(scheduledEventId)
  if (activity === undefined) return
  state.activities.delete(scheduledEventId)
  state.activityIds.delete(activity.attributes.activityId ?? "")
}

/**
 * Applies one event. A buffered event (id 0) has its effect at once and gets its id later, when
 * {@link assignEventId} is told.
 */
export const applyEvent = (state: HistoryState, event: HistoryEvent): void => {
  const id = toNumber(event.eventId)
  if (id > 0) state.nextEventId = id + 1
  const time = toMillis(event.eventTime) ?? 0
  switch (event.eventType) {
    case EventType.WorkflowExecutionStarted: {
      const attributes = required(event.workflowExecutionStartedEventAttributes, event)
      state.started = attributes
      state.userMetadata = event.userMetadata ?? undefined
      state.startTime = time
      state.originalStartTime = time
      state.status = Status.Running
      state.resetPoints = attributes.prevAutoResetPoints?.points ?? []
      state.memo = mergeFields({}, attributes.memo?.fields)
      state.searchAttributes = mergeFields({}, attributes.searchAttributes?.indexedFields)
      return
    }
    case EventType.WorkflowTaskScheduled:
      state.hadTask = true
      return
    case EventType.WorkflowTaskCompleted: {
      const { startedEventId, workerVersion } = required(event.workflowTaskCompletedEventAttributes, event)
      state.lastStartedEventId = toNumber(startedEventId)
      state.buildIds = withBuildId(state.buildIds, workerVersion?.buildId ?? "")
      state.workerVersion = workerVersion ?? state.workerVersion
      const isQuiet = state.signalsOut.size === 0 && state.cancelsOut.size === 0
      state.resetPoints = withResetPoint(state.resetPoints, event, isQuiet)
      return
    }
    case EventType.WorkflowTaskFailed: {
      const { cause } = required(event.workflowTaskFailedEventAttributes, event)
      if (cause !== TaskFailedCause.ResetWorkflow) return
      // RefreshExpirationTimeoutTask of mutable_state_impl.go: after a reset the timeouts count anew.
      state.wasReset = true
      state.startTime = time
      const timeout = positiveMillis(state.started.workflowExecutionTimeout)
      if (timeout !== undefined)
        state.started = { ...state.started, workflowExecutionExpirationTime: fromMillis(time + timeout) }
      return
    }
    case EventType.ActivityTaskScheduled: {
      const attributes = required(event.activityTaskScheduledEventAttributes, event)
      state.activities.set(id, {
        scheduledEventId: id,
        attributes,
        scheduledTime: time,
        userMetadata: event.userMetadata ?? undefined,
        cancelRequestedEventId: 0
      })
      state.activityIds.set(attributes.activityId ?? "", id)
      return
    }
    case EventType.ActivityTaskCancelRequested: {
      const attributes = required(event.activityTaskCancelRequestedEventAttributes, event)
      const activity = state.activities.get(toNumber(attributes.scheduledEventId))
      if (activity !== undefined) activity.cancelRequestedEventId = id
      return
    }
    case EventType.ActivityTaskCompleted:
    case EventType.ActivityTaskFailed:
    case EventType.ActivityTaskTimedOut:
    case EventType.ActivityTaskCanceled: {
      const attributes =
        event.activityTaskCompletedEventAttributes ??
        event.activityTaskFailedEventAttributes ??
        event.activityTaskTimedOutEventAttributes ??
        event.activityTaskCanceledEventAttributes
      return closeActivity(state, toNumber(required(attributes, event).scheduledEventId))
    }
    case EventType.TimerStarted: {
      const attributes = required(event.timerStartedEventAttributes, event)
      const timerId = attributes.timerId ?? ""
      state.timers.set(timerId, {
        timerId,
        startedEventId: id,
        fireAt: time + (toMillis(attributes.startToFireTimeout) ?? 0)
      })
      return
    }
    case EventType.TimerFired:
      state.timers.delete(required(event.timerFiredEventAttributes, event).timerId ?? "")
      return
    case EventType.TimerCanceled:
      state.timers.delete(required(event.timerCanceledEventAttributes, event).timerId ?? "")
      return
    case EventType.StartChildInitiated:
      state.children.set(id, {
        initiatedEventId: id,
        attributes: required(event.startChildWorkflowExecutionInitiatedEventAttributes, event),
        userMetadata: event.userMetadata ?? undefined,
        startedEventId: 0,
        runId: ""
      })
      return
    case EventType.ChildStarted: {
      const attributes = required(event.childWorkflowExecutionStartedEventAttributes, event)
      const child = state.children.get(toNumber(attributes.initiatedEventId))
      if (child === undefined) return
      child.startedEventId = id > 0 ? id : buffered
      child.runId = attributes.workflowExecution?.runId ?? ""
      return
    }
    case EventType.StartChildFailed:
    case EventType.ChildCompleted:
    case EventType.ChildFailed:
    case EventType.ChildCanceled:
    case EventType.ChildTimedOut:
    case EventType.ChildTerminated: {
      state.children.delete(toNumber(required(childEnd(event), event).initiatedEventId))
      return
    }
    case EventType.SignalExternalInitiated:
      state.signalsOut.set(id, required(event.signalExternalWorkflowExecutionInitiatedEventAttributes, event))
      return
    case EventType.SignalExternalFailed:
      state.signalsOut.delete(
        toNumber(required(event.signalExternalWorkflowExecutionFailedEventAttributes, event).initiatedEventId)
      )
      return
    case EventType.ExternalSignaled:
      state.signalsOut.delete(
        toNumber(required(event.externalWorkflowExecutionSignaledEventAttributes, event).initiatedEventId)
      )
      return
    case EventType.RequestCancelExternalInitiated:
      state.cancelsOut.set(
        id,
        required(event.requestCancelExternalWorkflowExecutionInitiatedEventAttributes, event)
      )
      return
    case EventType.RequestCancelExternalFailed:
      state.cancelsOut.delete(
        toNumber(
          required(event.requestCancelExternalWorkflowExecutionFailedEventAttributes, event).initiatedEventId
        )
      )
      return
    case EventType.ExternalCancelRequested:
      state.cancelsOut.delete(
        toNumber(
          required(event.externalWorkflowExecutionCancelRequestedEventAttributes, event).initiatedEventId
        )
      )
      return
    case EventType.WorkflowExecutionSignaled:
      state.signals += 1
      state.signalRequestIds.add(event.workflowExecutionSignaledEventAttributes?.requestId ?? "")
      return
    case EventType.WorkflowExecutionCancelRequested:
      state.cancelRequested = true
      return
    case EventType.UpdateAdmitted:
      state.updates.set(
        required(event.workflowExecutionUpdateAdmittedEventAttributes, event).request?.meta?.updateId ?? "",
        { acceptedEventId: 0, completedEventId: 0 }
      )
      return
    case EventType.UpdateAccepted:
      state.updates.set(
        required(event.workflowExecutionUpdateAcceptedEventAttributes, event).protocolInstanceId ?? "",
        { acceptedEventId: id, completedEventId: 0 }
      )
      return
    case EventType.UpdateCompleted: {
      const attributes = required(event.workflowExecutionUpdateCompletedEventAttributes, event)
      const update = state.updates.get(attributes.meta?.updateId ?? "")
      if (update !== undefined) update.completedEventId = id
      return
    }
    case EventType.UpsertSearchAttributes:
      state.searchAttributes = mergeFields(
        state.searchAttributes,
        required(event.upsertWorkflowSearchAttributesEventAttributes, event).searchAttributes?.indexedFields
      )
      return
    case EventType.WorkflowPropertiesModified:
      state.memo = mergeFields(
        state.memo,
        required(event.workflowPropertiesModifiedEventAttributes, event).upsertedMemo?.fields
      )
      return
    case EventType.WorkflowExecutionCompleted:
      return close(state, event, Status.Completed)
    case EventType.WorkflowExecutionFailed:
      return close(state, event, Status.Failed)
    case EventType.WorkflowExecutionTimedOut:
      return close(state, event, Status.TimedOut)
    case EventType.WorkflowExecutionCanceled:
      return close(state, event, Status.Canceled)
    case EventType.WorkflowExecutionTerminated:
      return close(state, event, Status.Terminated)
    case EventType.WorkflowExecutionContinuedAsNew:
      return close(state, event, Status.ContinuedAsNew)
    default:
      // Workflow task results, markers and started activities are only told, they change nothing here.
      return
  }
}

/** Tells the state the id that a buffered event got when it entered the history. */
export const assignEventId = (state: HistoryState, event: HistoryEvent): void => {
  const id = toNumber(event.eventId)
  state.nextEventId = id + 1
  if (event.eventType !== EventType.ChildStarted) return
  const attributes = required(event.childWorkflowExecutionStartedEventAttributes, event)
  const child = state.children.get(toNumber(attributes.initiatedEventId))
  if (child !== undefined) child.startedEventId = id
}

/** The state that a history tells. */
export const rebuildState = (events: Iterable<HistoryEvent>): HistoryState => {
  const state = emptyState()
  for (const event of events) applyEvent(state, event)
  return state
}
