/**
 * Where a command finds executions: on the running server of this very config, or in a stack of its own inside this
 * process.
 */
import * as Effect from "effect/Effect"
import { findServer } from "../runtime/Discovery.ts"
import { mark } from "../runtime/Startup.ts"
import type { Project } from "./Project.ts"
import { type ExecutionsClient, remoteExecutions, ServerProblem } from "./RemoteExecutions.ts"
import type { CommandContext } from "./Terminal.ts"

/** Where the executions are. */
export interface Backend {
  readonly client: ExecutionsClient
  /** The server; `undefined` when they run in this process. */
  readonly server: { readonly url: string; readonly pid: number | undefined } | undefined
}

const noServer = new ServerProblem({
  code: "COMPOZY_SERVER_NOT_FOUND",
  message:
    "No server of this config is running, and in memory mode nothing else knows its executions. Start one: compozy start"
})

/** Whether another process finds the executions of this one when it has ended. */
export const keepsState = ({ settings }: Project): boolean =>
  settings.database.mode !== "memory" && settings.temporal.mode !== "memory"

/**
 * Gives the executions of a project to `use`.
 *
 * @param options `inProcess`: whether a stack is started when there is no server: `always`, or only where there is
 *   `state` that it could find
 */
export const withExecutions = <A>(
  context: CommandContext,
  project: Project,
  options: { readonly inProcess: "always" | "state" },
  use: (backend: Backend) => Effect.Effect<A, unknown>
): Effect.Effect<A, unknown> =>
  Effect.gen(function* () {
    const { apiKey, baseUrl, timeout } = project.settings.cli
    if (baseUrl !== undefined) {
      // Named on purpose: it is used as it is, and nothing is started in its place.
      const client = remoteExecutions(baseUrl, { timeout, apiKey })
      return yield* use({ client, server: { url: baseUrl, pid: undefined } })
    }
    const server = yield* findServer(project.settings)
    mark("discovery")
    if (server !== undefined) {
      return yield* use({ client: remoteExecutions(server.url, { timeout, apiKey }), server })
    }
    if (options.inProcess === "state" && !keepsState(project)) return yield* Effect.fail(noServer)
    const { withLocalExecutions } = yield* Effect.promise(() => import("./LocalExecutions.ts"))
    return yield* withLocalExecutions(context, project, (client) => use({ client, server: undefined }))
  })
