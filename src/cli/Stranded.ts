/** Which running executions a config would leave waiting, because it no longer has what they need. */
import * as Effect from "effect/Effect"
import { findServer } from "../runtime/Discovery.ts"
import type { WorkflowDefinition } from "../workflow/Definition.ts"
import type { AnyWorkflow } from "../workflow/Workflow.ts"
import type { Project } from "./Project.ts"
import { remoteExecutions } from "./RemoteExecutions.ts"

/** Executions of one workflow that would wait. */
export interface Stranded {
  readonly workflow: string
  /** What the config lacks: `workflow "a"`, `tool "b"`, `fn "c"`. */
  readonly missing: ReadonlyArray<string>
  readonly executions: ReadonlyArray<string>
}

/**
 * What a definition needs and these workflows do not bring.
 *
 * @param definition the definition that executions began with
 * @param workflows those of the config
 */
export const missingFor = (
  definition: WorkflowDefinition,
  workflows: ReadonlyArray<AnyWorkflow>
): ReadonlyArray<string> => {
  const own = workflows.find((workflow) => workflow.id === definition.id)
  if (own === undefined) return [`workflow "${definition.id}"`]
  const tools = new Set(workflows.flatMap((workflow) => Object.keys(workflow.tools)))
  const { requires } = definition
  return [
    ...requires.tools.filter((tool) => !tools.has(tool)).map((tool) => `tool "${tool}"`),
    ...requires.functions.filter((name) => !Object.hasOwn(own.functions, name)).map((name) => `fn "${name}"`)
  ]
}

const running = ["PENDING", "RUNNING", "WAITING", "PAUSED"] as const

/** Asks the running server of the config, if there is one, for the executions that would wait. */
export const findStranded = Effect.fnUntraced(function* (
  project: Project
): Effect.fn.Return<ReadonlyArray<Stranded>, unknown> {
  const server = yield* findServer(project.settings)
  if (server === undefined) return []
  const client = remoteExecutions(server.url)
  const { items } = yield* client.list({ status: running, limit: 500 })
  const byWorkflow = Map.groupBy(items, (execution) => execution.workflow)
  const stranded: Array<Stranded> = []
  for (const [workflow, executions] of byWorkflow) {
    const missing = missingFor(yield* client.definition(workflow), project.workflows)
    if (missing.length > 0) {
      stranded.push({ workflow, missing, executions: executions.map(({ executionId }) => executionId) })
    }
  }
  return stranded
})
