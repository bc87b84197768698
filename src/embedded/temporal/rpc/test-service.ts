import { fromMillis, toMillis } from "../proto/time.ts"
import type { Duration } from "../proto/root.ts"
import type { Call } from "../call.ts"
import { ServiceError } from "../errors.ts"
import { Code } from "../proto/enums.ts"
import type { TimeSkipping } from "../time-skipping.ts"
import type { Handler } from "./handler.ts"

/** The requests of the test service, which is in no generated service of the package that has types. */
interface SleepRequest {
  readonly duration?: Duration | null | undefined
  readonly timestamp?: Duration | null | undefined
}

const onSleep =
  (handler: (request: SleepRequest, call: Call) => unknown): Handler =>
  (request, call) =>
    handler(request as SleepRequest, call)

const sleep = async (
  time: TimeSkipping,
  until: number,
  unlocking: boolean,
  call: Call
): Promise<Record<string, never>> => {
  await time.sleepUntil(until, unlocking, (cancel) => call.onCancel(cancel))
  if (time.now() < until) throw new ServiceError(Code.Unavailable, "the service is shutting down")
  return {}
}

/** The handlers of `temporal.api.testservice.v1.TestService`. */
export const testService = (time: TimeSkipping): Record<string, Handler> => ({
  LockTimeSkipping: () => {
    time.lock()
    return {}
  },
  UnlockTimeSkipping: () => {
    time.unlock()
    return {}
  },
  Sleep: onSleep(({ duration }, call) => sleep(time, time.now() + (toMillis(duration) ?? 0), false, call)),
  SleepUntil: onSleep(({ timestamp }, call) => sleep(time, toMillis(timestamp) ?? 0, false, call)),
  UnlockTimeSkippingWithSleep: onSleep(({ duration }, call) =>
    sleep(time, time.now() + (toMillis(duration) ?? 0), true, call)
  ),
  GetCurrentTime: () => ({ time: fromMillis(time.now()) })
})
