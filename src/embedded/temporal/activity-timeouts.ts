/** The timeouts of an activity in milliseconds; zero means none. */
export interface ActivityTimeouts {
  readonly scheduleToClose: number
  readonly scheduleToStart: number
  readonly startToClose: number
  readonly heartbeat: number
}

const atMost = (value: number, limit: number): number =>
  limit > 0 && (value === 0 || value > limit) ? limit : value

/**
 * Fills in the timeouts that follow from the others, none longer than the run's. Undefined if neither the
 * start-to-close nor the schedule-to-close timeout is set (command_attr_validator.go,
 * ValidateActivityScheduleAttributes).
 */
export const deduceTimeouts = (given: ActivityTimeouts, runTimeout: number): ActivityTimeouts | undefined => {
  let { scheduleToClose, scheduleToStart, startToClose } = given
  if (scheduleToClose > 0) {
    scheduleToStart = atMost(scheduleToStart, scheduleToClose)
    startToClose = atMost(startToClose, scheduleToClose)
  } else if (startToClose > 0) {
    scheduleToClose = runTimeout
    if (scheduleToStart === 0) scheduleToStart = runTimeout
  } else return undefined
  scheduleToClose = atMost(scheduleToClose, runTimeout)
  scheduleToStart = atMost(scheduleToStart, runTimeout)
  startToClose = atMost(startToClose, runTimeout)
  return {
    scheduleToClose,
    scheduleToStart,
    startToClose,
    heartbeat: Math.min(given.heartbeat, startToClose)
  }
}
