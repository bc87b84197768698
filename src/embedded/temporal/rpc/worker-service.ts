import type { Namespaces } from "../namespaces.ts"
import type { Tasks } from "../tasks.ts"
import type { Workers } from "../workers.ts"
import { on } from "./handler.ts"
import type { Handler } from "./handler.ts"

/** The calls in which workers tell of themselves, and those that list them. */
export const workerHandlers = (
  tasks: Tasks,
  workers: Workers,
  namespaces: Namespaces
): Record<string, Handler> => ({
  RecordWorkerHeartbeat: on<"RecordWorkerHeartbeat">((request) => {
    workers.record(namespaces.check(request.namespace), request.workerHeartbeat ?? [])
    return {}
  }),
  ListWorkers: on<"ListWorkers">((request) => {
    const token = request.nextPageToken ?? new Uint8Array(0)
    const after = token.length === 0 ? "" : new TextDecoder().decode(token)
    const { heartbeats, next } = workers.list(
      namespaces.check(request.namespace),
      request.query ?? "",
      request.pageSize ?? 0,
      after
    )
    return {
      workersInfo: heartbeats.map((workerHeartbeat) => ({ workerHeartbeat })),
      nextPageToken: new TextEncoder().encode(next)
    }
  }),
  CountWorkers: on<"CountWorkers">((request) => ({
    count: workers.count(namespaces.check(request.namespace), request.query ?? "")
  })),
  DescribeWorker: on<"DescribeWorker">((request) => ({
    workerInfo: {
      workerHeartbeat: workers.describe(namespaces.check(request.namespace), request.workerInstanceKey ?? "")
    }
  })),
  ShutdownWorker: on<"ShutdownWorker">((request) => {
    const namespace = namespaces.check(request.namespace)
    workers.forget(namespace, request.workerInstanceKey ?? "")
    tasks.shutdownWorker(request)
    return {}
  })
})
