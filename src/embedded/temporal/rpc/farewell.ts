import { Code } from "../proto/enums.ts"
import { notFound, ServiceError } from "../errors.ts"
import { on } from "./handler.ts"
import type { Handler } from "./handler.ts"

// A worker that was promised that its polls end with it (`worker_poll_complete_on_shutdown`) asks a service that is
// gone again and again, and never ends. So the connections of workers stay, for as long as the workers want them, with
// just enough behind them for a worker to end.

interface HeldPoll {
  readonly workerInstanceKey: string
  readonly release: () => void
}

const polls: ReadonlySet<string> = new Set([
  "PollWorkflowTaskQueue",
  "PollActivityTaskQueue",
  "PollNexusTaskQueue"
])

/** Whether a method is how workers ask for tasks. */
export const isPoll = (method: string): boolean => polls.has(method)

/** How a closed service answers workers: polls wait until their worker ends, and tasks are not known any more. */
export const farewell = (): ((method: string) => Handler) => {
  const held = new Set<HeldPoll>()
  const poll = on<"PollWorkflowTaskQueue">(
    (request, call) =>
      new Promise((resolve) => {
        const entry = {
          workerInstanceKey: request.workerInstanceKey ?? "",
          release: () => {
            held.delete(entry)
            resolve({})
          }
        }
        held.add(entry)
        call.onCancel(entry.release)
      })
  )
  const shutdown = on<"ShutdownWorker">((request) => {
    for (const entry of Array.from(held))
      if (entry.workerInstanceKey === request.workerInstanceKey) entry.release()
    return {}
  })
  const gone: Handler = () => {
    throw notFound("the embedded service is closed")
  }
  const unavailable: Handler = () => {
    throw new ServiceError(Code.Unavailable, "the embedded service is closed")
  }
  return (method) => {
    if (isPoll(method)) return poll
    if (method === "ShutdownWorker") return shutdown
    return /^(?:Respond|RecordActivity)/.test(method) ? gone : unavailable
  }
}
