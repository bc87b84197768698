import type { WorkflowExecution } from "../proto/root.ts"
import type { Engine } from "../engine.ts"
import { invalidArgument, notFound, workflowCompleted } from "../errors.ts"
import type { Namespaces } from "../namespaces.ts"
import type { Run } from "../run.ts"
import { isOpen } from "../state.ts"

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

type Name = string | null | undefined
type Execution = WorkflowExecution | null | undefined

/** Finds the runs that requests name. */
export class Lookup {
  readonly #engine: Engine
  readonly #namespaces: Namespaces

  constructor(engine: Engine, namespaces: Namespaces) {
    this.#engine = engine
    this.#namespaces = namespaces
  }

  /** Checks that there is such a namespace. Returns its name. */
  namespace(namespace: Name): string {
    return this.#namespaces.check(namespace)
  }

  /** The named run, or the current one of the workflow id. */
  find(namespace: Name, execution: Execution): Run {
    const name = this.#namespaces.check(namespace)
    const workflowId = execution?.workflowId ?? ""
    if (workflowId === "") throw invalidArgument("WorkflowId is not set on request.")
    const asked = execution?.runId ?? ""
    if (asked !== "" && !uuid.test(asked)) throw invalidArgument("Invalid RunId.")
    const runId = asked || this.#engine.currentRunId(name, workflowId)
    const run = runId === undefined ? undefined : this.#engine.findRun(runId)
    if (run === undefined || run.namespace !== name || run.workflowId !== workflowId)
      throw notFound(
        asked === ""
          ? `workflow not found for ID: ${workflowId}`
          : `workflow execution not found for workflow ID "${workflowId}" and run ID "${asked}"`
      )
    return run
  }

  /** The same, of runs that are not closed. */
  open(namespace: Name, execution: Execution): Run {
    const run = this.find(namespace, execution)
    if (!isOpen(run.h)) throw workflowCompleted()
    return run
  }
}

/** A request may name the first run of the chain that it means. */
export const checkChain = (run: Run, firstExecutionRunId: Name): void => {
  if (firstExecutionRunId && run.h.started.firstExecutionRunId !== firstExecutionRunId)
    throw notFound("workflow execution not found")
}
