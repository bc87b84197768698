import { RetryState, TimeoutType } from "./proto/enums.ts"
import { fromMillis, positiveMillis, toMillis } from "./proto/time.ts"
import type { Failure, RetryPolicy } from "./proto/root.ts"
import { invalidArgument } from "./errors.ts"

/** The policy that an activity gets where it leaves something open: common/retrypolicy of the real server. */
export const withDefaults = (policy: RetryPolicy): RetryPolicy => {
  const initial = positiveMillis(policy.initialInterval) ?? 1000
  const coefficient = policy.backoffCoefficient ?? 0
  return {
    initialInterval: fromMillis(initial),
    backoffCoefficient: coefficient === 0 ? 2 : coefficient,
    maximumInterval: fromMillis(positiveMillis(policy.maximumInterval) ?? initial * 100),
    maximumAttempts: policy.maximumAttempts ?? 0,
    nonRetryableErrorTypes: policy.nonRetryableErrorTypes ?? []
  }
}

export const validateRetryPolicy = (policy: RetryPolicy | null | undefined): void => {
  if (policy === null || policy === undefined) return
  if (policy.maximumAttempts === 1) return
  const initial = toMillis(policy.initialInterval) ?? 0
  const maximum = toMillis(policy.maximumInterval) ?? 0
  const coefficient = policy.backoffCoefficient ?? 0
  if (initial < 0) throw invalidArgument("InitialInterval cannot be negative on retry policy.")
  if (coefficient !== 0 && coefficient < 1)
    throw invalidArgument("BackoffCoefficient cannot be less than 1 on retry policy.")
  if (maximum < 0) throw invalidArgument("MaximumInterval cannot be negative on retry policy.")
  if (maximum > 0 && maximum < initial)
    throw invalidArgument("MaximumInterval cannot be less than InitialInterval on retry policy.")
  if ((policy.maximumAttempts ?? 0) < 0)
    throw invalidArgument("MaximumAttempts cannot be negative on retry policy.")
}

/** common/retrypolicy/retry_policy.go, IsRetryableFailure. */
export const isRetryable = (
  failure: Failure | null | undefined,
  nonRetryable: readonly string[]
): boolean => {
  if (failure === null || failure === undefined) return true
  if (failure.terminatedFailureInfo || failure.canceledFailureInfo) return false
  if (failure.timeoutFailureInfo) {
    const type = failure.timeoutFailureInfo.timeoutType
    if (type !== TimeoutType.StartToClose && type !== TimeoutType.Heartbeat) return false
    return !nonRetryable.includes(
      type === TimeoutType.StartToClose ? "TemporalTimeout:StartToClose" : "TemporalTimeout:Heartbeat"
    )
  }
  if (failure.serverFailureInfo) return failure.serverFailureInfo.nonRetryable !== true
  if (failure.applicationFailureInfo) {
    const info = failure.applicationFailureInfo
    return info.nonRetryable !== true && !nonRetryable.includes(info.type ?? "")
  }
  return true
}

/** What becomes of a failed attempt: the wait before the next one, or why there is none. */
export type RetryDecision = { readonly delayMs: number } | { readonly state: number }

/** service/history/workflow/retry.go, getBackoffInterval. */
export const decideRetry = (options: {
  readonly now: number
  readonly attempt: number
  readonly policy: RetryPolicy | null | undefined
  readonly failure: Failure | null | undefined
  readonly expiresAt: number | undefined
}): RetryDecision => {
  const { now, attempt, policy, failure, expiresAt } = options
  if (policy === null || policy === undefined) return { state: RetryState.RetryPolicyNotSet }
  if (!isRetryable(failure, policy.nonRetryableErrorTypes ?? []))
    return { state: RetryState.NonRetryableFailure }
  const maximumAttempts = policy.maximumAttempts ?? 0
  if (maximumAttempts > 0 && attempt >= maximumAttempts) return { state: RetryState.MaximumAttemptsReached }
  const initial = toMillis(policy.initialInterval) ?? 0
  const asked = toMillis(failure?.applicationFailureInfo?.nextRetryDelay)
  // A delay that the failure names holds also beyond the longest interval of the policy.
  const maximum = asked ?? positiveMillis(policy.maximumInterval) ?? 0
  let delay = asked ?? initial * (policy.backoffCoefficient ?? 2) ** (attempt - 1)
  if (maximum <= 0 && delay <= 0) return { state: RetryState.Timeout }
  if (maximum > 0 && (delay <= 0 || delay > maximum || !Number.isFinite(delay))) delay = maximum
  if (expiresAt !== undefined && now + delay > expiresAt) return { state: RetryState.Timeout }
  return { delayMs: delay }
}
