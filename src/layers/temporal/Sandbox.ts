/**
 * The thread in which Temporal's SDK runs workflows, started ahead. It loads 190 files before the first workflow can
 * begin, and the SDK would start it only once the rest of it is loaded; both can go on at the same time.
 */
import { createRequire, getCompileCacheDir } from "node:module"
import { dirname } from "node:path"
import { Worker as Thread } from "node:worker_threads"
import type { Worker } from "@temporalio/worker"
import { Effect, type Scope } from "effect"

const require = createRequire(import.meta.url)

const script = "@temporalio/worker/lib/workflow/workflow-worker-thread.js"

/** Node's compile cache, if this program has one, serves a thread only if its environment says so. */
const environment = (): NodeJS.ProcessEnv => {
  const folder = getCompileCacheDir()
  return folder === undefined ? process.env : { NODE_COMPILE_CACHE: dirname(folder), ...process.env }
}

/** Gives the thread, once; undefined if it was given or has ended. */
export type Sandbox = () => Thread | undefined

/** Starts the thread; if no worker has taken it by then, it ends with the scope. */
export const startSandbox: Effect.Effect<Sandbox, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => {
      const thread = new Thread(require.resolve(script), { env: environment() })
      const started: { thread: Thread | undefined } = { thread }
      const drop = () => {
        started.thread = undefined
      }
      // The SDK starts one of its own then, and whoever starts the worker hears of what is wrong.
      thread.once("error", drop)
      thread.once("exit", drop)
      return { started, drop }
    }),
    ({ started }) => Effect.promise(async () => void (await started.thread?.terminate()))
  ),
  ({ drop, started }) =>
    () => {
      const { thread } = started
      thread?.off("error", drop)
      thread?.off("exit", drop)
      drop()
      return thread
    }
)

/** The SDK's worker, which takes the thread that is there instead of starting one. */
export const workerWithSandbox = async (
  base: typeof Worker,
  sandbox: Sandbox
): Promise<Pick<typeof Worker, "create">> => {
  const { ThreadedVMWorkflowCreator, WorkerThreadClient } =
    await import("@temporalio/worker/lib/workflow/threaded-vm.js")
  return class extends base {
    protected static override async createWorkflowCreator(
      ...given: Parameters<typeof base.createWorkflowCreator>
    ) {
      const thread = sandbox()
      if (thread === undefined) return super.createWorkflowCreator(...given)
      const [workflowBundle, options, logger] = given
      const client = new WorkerThreadClient(thread, logger)
      try {
        // As `ThreadedVMWorkflowCreator.create` does it for the threads that it starts.
        await client.send({
          type: "init",
          workflowBundle,
          isolateExecutionTimeoutMs: options.isolateExecutionTimeoutMs,
          reuseV8Context: options.reuseV8Context ?? true,
          registeredActivityNames: new Set(options.activities.keys()),
          hasPatchActivationCallback: false
        })
      } catch (cause) {
        await thread.terminate()
        throw cause
      }
      return new ThreadedVMWorkflowCreator([client])
    }
  }
}
