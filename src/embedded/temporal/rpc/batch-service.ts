import { Batches } from "../batches/batches.ts"
import type { Call } from "../call.ts"
import type { Engine } from "../engine.ts"
import { invalidArgument } from "../errors.ts"
import type { Namespaces } from "../namespaces.ts"
import { fromMillis } from "../proto/time.ts"
import { allRecords } from "../visibility/list.ts"
import { on } from "./handler.ts"
import type { Handler } from "./handler.ts"
import { Lookup } from "./lookup.ts"

const largestPage = 1000

const checkJobId = (jobId: string | null | undefined): string => {
  if (!jobId) throw invalidArgument("JobId is not set on request.")
  return jobId
}

const timeOf = (ms: number) => (ms > 0 ? fromMillis(ms) : null)

/** Where a page of a list goes on. */
const offsetOf = (token: Uint8Array | null | undefined): number => {
  if (!token || token.length === 0) return 0
  const offset = Number(new TextDecoder().decode(token))
  if (!Number.isInteger(offset) || offset < 0) throw invalidArgument("Invalid NextPageToken.")
  return offset
}

/** The calls about batch operations. */
export const batchHandlers = (batches: Batches, namespaces: Namespaces): Record<string, Handler> => ({
  StartBatchOperation: on<"StartBatchOperation">((request) => {
    namespaces.check(request.namespace)
    batches.start(request)
    return {}
  }),
  DescribeBatchOperation: on<"DescribeBatchOperation">((request) => {
    const job = batches.find(namespaces.check(request.namespace), checkJobId(request.jobId))
    return {
      operationType: job.type,
      jobId: job.jobId,
      state: job.state,
      startTime: timeOf(job.startTime),
      closeTime: timeOf(job.closeTime),
      totalOperationCount: job.total,
      completeOperationCount: job.completed,
      failureOperationCount: job.failed,
      identity: job.identity,
      reason: job.reason
    }
  }),
  StopBatchOperation: on<"StopBatchOperation">((request) => {
    const namespace = namespaces.check(request.namespace)
    const jobId = checkJobId(request.jobId)
    if (!request.reason) throw invalidArgument("Reason is not set on request.")
    batches.stop(namespace, jobId)
    return {}
  }),
  ListBatchOperations: on<"ListBatchOperations">((request) => {
    const jobs = batches.list(namespaces.check(request.namespace))
    const asked = request.pageSize ?? 0
    const pageSize = asked <= 0 || asked > largestPage ? largestPage : asked
    const offset = offsetOf(request.nextPageToken)
    const end = offset + pageSize
    return {
      operationInfo: jobs.slice(offset, end).map((job) => ({
        jobId: job.jobId,
        state: job.state,
        startTime: timeOf(job.startTime),
        closeTime: timeOf(job.closeTime)
      })),
      nextPageToken: new TextEncoder().encode(end < jobs.length ? String(end) : "")
    }
  })
})

/** A call that nobody waits for. */
const internalCall: Call = {
  deadline: Number.POSITIVE_INFINITY,
  onCancel: () => {},
  isCancelled: () => false
}

/** The batches of a service, which make their calls by its own handlers. */
export const openBatches = (
  engine: Engine,
  namespaces: Namespaces,
  handlers: () => Readonly<Record<string, Handler>>
): Batches => {
  const lookup = new Lookup(engine, namespaces)
  return new Batches(engine, {
    call: ({ method, request }) => {
      handlers()[method]?.(request, internalCall)
    },
    run: (namespace, execution) => lookup.find(namespace, execution),
    find: function* (namespace, query) {
      for (const records of allRecords(engine.storage, namespace, query, namespaces.types(namespace)))
        for (const { workflowId, runId } of records) yield { workflowId, runId }
    }
  })
}
