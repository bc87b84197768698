// Numbers of the protocol's enumerations, as constants: the generated package only has them behind its reflection
// root, where a typo would be `undefined` at run time.

export const EventType = {
  WorkflowExecutionStarted: 1,
  WorkflowExecutionCompleted: 2,
  WorkflowExecutionFailed: 3,
  WorkflowExecutionTimedOut: 4,
  WorkflowTaskScheduled: 5,
  WorkflowTaskStarted: 6,
  WorkflowTaskCompleted: 7,
  WorkflowTaskTimedOut: 8,
  WorkflowTaskFailed: 9,
  ActivityTaskScheduled: 10,
  ActivityTaskStarted: 11,
  ActivityTaskCompleted: 12,
  ActivityTaskFailed: 13,
  ActivityTaskTimedOut: 14,
  ActivityTaskCancelRequested: 15,
  ActivityTaskCanceled: 16,
  TimerStarted: 17,
  TimerFired: 18,
  TimerCanceled: 19,
  WorkflowExecutionCancelRequested: 20,
  WorkflowExecutionCanceled: 21,
  RequestCancelExternalInitiated: 22,
  RequestCancelExternalFailed: 23,
  ExternalCancelRequested: 24,
  MarkerRecorded: 25,
  WorkflowExecutionSignaled: 26,
  WorkflowExecutionTerminated: 27,
  WorkflowExecutionContinuedAsNew: 28,
  StartChildInitiated: 29,
  StartChildFailed: 30,
  ChildStarted: 31,
  ChildCompleted: 32,
  ChildFailed: 33,
  ChildCanceled: 34,
  ChildTimedOut: 35,
  ChildTerminated: 36,
  SignalExternalInitiated: 37,
  SignalExternalFailed: 38,
  ExternalSignaled: 39,
  UpsertSearchAttributes: 40,
  UpdateAccepted: 41,
  UpdateCompleted: 43,
  UpdateAdmitted: 47,
  WorkflowPropertiesModified: 46,
  WorkflowExecutionOptionsUpdated: 55
} as const

export const Status = {
  Unspecified: 0,
  Running: 1,
  Completed: 2,
  Failed: 3,
  Canceled: 4,
  Terminated: 5,
  ContinuedAsNew: 6,
  TimedOut: 7
} as const

export const CommandType = {
  ScheduleActivityTask: 1,
  RequestCancelActivityTask: 2,
  StartTimer: 3,
  CompleteWorkflowExecution: 4,
  FailWorkflowExecution: 5,
  CancelTimer: 6,
  CancelWorkflowExecution: 7,
  RequestCancelExternal: 8,
  RecordMarker: 9,
  ContinueAsNew: 10,
  StartChild: 11,
  SignalExternal: 12,
  UpsertSearchAttributes: 13,
  ProtocolMessage: 14,
  ModifyWorkflowProperties: 16,
  ScheduleNexusOperation: 17,
  RequestCancelNexusOperation: 18
} as const

export const TaskFailedCause = {
  Unspecified: 0,
  UnhandledCommand: 1,
  BadScheduleActivityAttributes: 2,
  BadRequestCancelActivityAttributes: 3,
  BadStartTimerAttributes: 4,
  BadCancelTimerAttributes: 5,
  BadRecordMarkerAttributes: 6,
  BadCompleteWorkflowExecutionAttributes: 7,
  BadFailWorkflowExecutionAttributes: 8,
  BadCancelWorkflowExecutionAttributes: 9,
  BadRequestCancelExternalWorkflowExecutionAttributes: 10,
  BadContinueAsNewAttributes: 11,
  StartTimerDuplicateId: 12,
  BadSignalWorkflowExecutionAttributes: 15,
  BadStartChildExecutionAttributes: 16,
  ForceCloseCommand: 17,
  ResetWorkflow: 20,
  ScheduleActivityDuplicateId: 22,
  BadSearchAttributes: 23,
  BadModifyWorkflowPropertiesAttributes: 25,
  PendingChildWorkflowsLimitExceeded: 26,
  PendingActivitiesLimitExceeded: 27,
  PendingSignalsLimitExceeded: 28,
  PendingRequestCancelLimitExceeded: 29,
  BadUpdateWorkflowExecutionMessage: 30,
  BadScheduleNexusOperationAttributes: 32,
  FeatureDisabled: 35
} as const

/** The name of a cause, as the real server's messages begin with it. */
export const causeName = (cause: number): string =>
  Object.entries(TaskFailedCause).find(([, number]) => number === cause)?.[0] ?? String(cause)

export const TimeoutType = { StartToClose: 1, ScheduleToStart: 2, ScheduleToClose: 3, Heartbeat: 4 } as const

export const RetryState = {
  Unspecified: 0,
  InProgress: 1,
  NonRetryableFailure: 2,
  Timeout: 3,
  MaximumAttemptsReached: 4,
  RetryPolicyNotSet: 5,
  InternalServerError: 6,
  CancelRequested: 7
} as const

export const ParentClosePolicy = { Terminate: 1, Abandon: 2, RequestCancel: 3 } as const

export const ReusePolicy = {
  Unspecified: 0,
  AllowDuplicate: 1,
  AllowDuplicateFailedOnly: 2,
  RejectDuplicate: 3,
  TerminateIfRunning: 4
} as const

export const ConflictPolicy = { Unspecified: 0, Fail: 1, UseExisting: 2, TerminateExisting: 3 } as const

export const Initiator = { Unspecified: 0, Workflow: 1, Retry: 2, Cron: 3 } as const

export const TaskQueueKind = { Unspecified: 0, Normal: 1, Sticky: 2 } as const

export const HistoryFilter = { Unspecified: 0, All: 1, Close: 2 } as const

/** What a reset does not apply to the new run. */
export const ResetExclude = { Signal: 1, Update: 2, Nexus: 3, CancelRequest: 4 } as const

/** The older way to say what a reset applies to the new run. */
export const ResetReapplyType = { Unspecified: 0, Signal: 1, None: 2, AllEligible: 3 } as const

export const UpdateAdmittedOrigin = { Reapply: 1 } as const

export const QueryResultType = { Unspecified: 0, Answered: 1, Failed: 2 } as const

export const QueryRejectCondition = { Unspecified: 0, None: 1, NotOpen: 2, NotCompletedCleanly: 3 } as const

export const UpdateStage = { Unspecified: 0, Admitted: 1, Accepted: 2, Completed: 3 } as const

export const PendingActivityState = {
  Scheduled: 1,
  Started: 2,
  CancelRequested: 3,
  Paused: 4,
  PauseRequested: 5
} as const

export const PendingTaskState = { Scheduled: 1, Started: 2 } as const

/** gRPC status codes. */
export const Code = {
  Ok: 0,
  Cancelled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  AlreadyExists: 6,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthenticated: 16
} as const
