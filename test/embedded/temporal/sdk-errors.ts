/** Errors as both services have to bring them about. */

/** An error without its stack: its name, its message, what a failure of Temporal carries, and its cause. */
export const tellError = (error: unknown): unknown => {
  if (!(error instanceof Error)) return String(error)
  const told: Record<string, unknown> = { name: error.name, message: error.message }
  const given = error as unknown as Record<string, unknown>
  for (const name of [
    "type",
    "nonRetryable",
    "details",
    "retryState",
    "timeoutType",
    "lastHeartbeatDetails",
    "activityType",
    "activityId",
    "workflowType",
    "code",
    "reason"
  ]) {
    const value = given[name]
    if (value !== undefined && value !== null && value !== false) told[name] = value
  }
  if (error.cause !== undefined) told["cause"] = tellError(error.cause)
  return told
}
