/** The retries of Temporal's client, which outlive neither their caller nor their connection. */
import type { Connection } from "@temporalio/client/lib/connection.js"
import type { defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from "@temporalio/client/lib/grpc-retry.js"

/** What the SDK's client repeats calls with. */
export interface GrpcRetry {
  readonly defaultGrpcRetryOptions: typeof defaultGrpcRetryOptions
  readonly makeGrpcRetryInterceptor: typeof makeGrpcRetryInterceptor
}

/** How long a retry that has fallen due has to get its answer, in milliseconds. */
const LAST_ANSWER = 50

/**
 * The client's own rules for repeating calls, with an end. Its timers go on when a connection is closed, and the call
 * that such a timer makes then throws where nobody can catch it, which ends the process.
 */
export const makeRetries = ({ defaultGrpcRetryOptions, makeGrpcRetryInterceptor }: GrpcRetry) => {
  const rules = defaultGrpcRetryOptions()
  let closing = false
  let quietAt = 0
  return {
    /** For the connection's options. */
    interceptors: [
      makeGrpcRetryInterceptor({
        delayFunction: (attempt, status) => {
          const delay = rules.delayFunction(attempt, status)
          quietAt = Math.max(quietAt, performance.now() + delay)
          return delay
        },
        retryableDecider: (attempt, status) => !closing && rules.retryableDecider(attempt, status)
      })
    ],
    /** Closes the connection: at once, or when the last retry has been made; nobody waits for that. */
    close: async (connection: Connection): Promise<void> => {
      closing = true
      const left = quietAt - performance.now()
      if (left <= 0) return connection.close()
      setTimeout(() => void connection.close(), left + LAST_ANSWER).unref()
    }
  }
}
