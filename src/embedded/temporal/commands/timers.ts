import { EventType, TaskFailedCause } from "../proto/enums.ts"
import { toMillis } from "../proto/time.ts"
import type { Command } from "../proto/root.ts"
import { CommandFailure, metadataOf } from "./context.ts"
import type { CommandContext } from "./context.ts"

export const startTimer = (context: CommandContext, command: Command): void => {
  const { tx, run } = context
  const cause = TaskFailedCause.BadStartTimerAttributes
  const attributes = command.startTimerCommandAttributes
  if (!attributes)
    throw new CommandFailure(cause, "StartTimerCommandAttributes is not set on StartTimerCommand.")
  const timerId = attributes.timerId ?? ""
  if (timerId === "") throw new CommandFailure(cause, "TimerId is not set on StartTimerCommand.")
  if (timerId.length > tx.core.limits.idLength)
    throw new CommandFailure(cause, `TimerId on StartTimerCommand exceeds length limit. TimerId=${timerId}`)
  const timeout = toMillis(attributes.startToFireTimeout)
  if (timeout === undefined || timeout < 0)
    throw new CommandFailure(
      cause,
      `An invalid StartToFireTimeout is set on StartTimerCommand. TimerId=${timerId}`
    )
  if (run.h.timers.has(timerId))
    throw new CommandFailure(
      TaskFailedCause.StartTimerDuplicateId,
      `invalid history builder state for action: add-timer-started-event, TimerID: ${timerId}`
    )
  tx.add(run, EventType.TimerStarted, {
    timerStartedEventAttributes: {
      timerId,
      startToFireTimeout: attributes.startToFireTimeout,
      workflowTaskCompletedEventId: context.completedEventId
    },
    ...metadataOf(command)
  })
  run.wakeAt(tx.now + timeout)
}

export const cancelTimer = (context: CommandContext, command: Command): void => {
  const { tx, run } = context
  const cause = TaskFailedCause.BadCancelTimerAttributes
  const timerId = command.cancelTimerCommandAttributes?.timerId ?? ""
  if (timerId === "") throw new CommandFailure(cause, "TimerId is not set on CancelTimerCommand.")
  let startedEventId = run.h.timers.get(timerId)?.startedEventId
  if (startedEventId === undefined) {
    // It fired while the task was with the worker, which does not know of it yet: the firing is taken back.
    const fired = run.x.buffered.find((event) => event.timerFiredEventAttributes?.timerId === timerId)
    if (fired === undefined)
      throw new CommandFailure(
        cause,
        `invalid history builder state for action: add-timer-canceled-event, TimerID: ${timerId}`
      )
    run.x.buffered = run.x.buffered.filter((event) => event !== fired)
    context.hasBuffered = run.x.buffered.length > 0
    startedEventId = Number(fired.timerFiredEventAttributes?.startedEventId ?? 0)
  }
  tx.add(run, EventType.TimerCanceled, {
    timerCanceledEventAttributes: {
      timerId,
      startedEventId,
      workflowTaskCompletedEventId: context.completedEventId,
      identity: context.identity
    },
    ...metadataOf(command)
  })
}
