import type { WorkerVersion } from "./proto/root.ts"

/** Who takes a task, as its started event tells. */
export interface TaskWorker {
  readonly identity: string
  readonly workerVersion?: WorkerVersion
}

interface Versions {
  readonly buildId?: string | null | undefined
  readonly useVersioning?: boolean | null | undefined
}

// StampFromCapabilities of worker_versioning.go: which build it is goes into the history, used for versioning or not.
const workerWith = (identity: string | null | undefined, version: Versions | null | undefined): TaskWorker =>
  version
    ? {
        identity: identity ?? "",
        workerVersion: { buildId: version.buildId ?? "", useVersioning: version.useVersioning ?? false }
      }
    : { identity: identity ?? "" }

/** The worker that polls. */
export const pollingWorker = (request: {
  readonly identity?: string | null | undefined
  readonly workerVersionCapabilities?:
    | (Versions & { readonly deploymentSeriesName?: string | null | undefined })
    | null
    | undefined
}): TaskWorker => {
  const { identity, workerVersionCapabilities: capabilities } = request
  const deployed = capabilities?.useVersioning === true && capabilities.deploymentSeriesName
  return workerWith(identity, deployed ? undefined : capabilities)
}

/** The worker that completes a workflow task, to which the tasks in the answer go. */
export const respondingWorker = (request: {
  readonly identity?: string | null | undefined
  readonly workerVersionStamp?: Versions | null | undefined
}): TaskWorker => workerWith(request.identity, request.workerVersionStamp)

/** The worker that says what became of an activity. One that does so by the activity's id tells no version. */
export const answeringWorker = (request: {
  readonly identity?: string | null | undefined
  readonly workerVersion?: Versions | null | undefined
}): TaskWorker => workerWith(request.identity, request.workerVersion)
