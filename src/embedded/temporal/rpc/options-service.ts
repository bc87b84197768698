import { invalidArgument, unimplemented } from "../errors.ts"
import { on } from "./handler.ts"
import type { Handler } from "./handler.ts"
import type { Lookup } from "./lookup.ts"

/** The rules of workflows, which the real server has switched off. */
const rules = ["Create", "Describe", "Delete"].map((what) => `${what}WorkflowRule`)

const refuse =
  (message: string): Handler =>
  () => {
    throw unimplemented(message)
  }

// The only options that 1.29.1 knows belong to worker versioning.
const override = /^versioning_override(?:\.|$)/

/** The calls that change the options of running workflows, and the rules that there are none of. */
export const optionsHandlers = (lookup: Lookup): Record<string, Handler> => ({
  UpdateWorkflowExecutionOptions: on<"UpdateWorkflowExecutionOptions">((request) => {
    if (!request.workflowExecution?.workflowId) throw invalidArgument("WorkflowId is not set on request.")
    if (!request.updateMask) throw invalidArgument("UpdateMask is required")
    const options = request.workflowExecutionOptions
    if (!options) throw invalidArgument("WorkflowExecutionOptions is required")
    for (const path of request.updateMask.paths ?? [])
      if (!override.test(path))
        throw invalidArgument(
          `error parsing UpdateMask: proto: invalid path "${path}" for message "temporal.api.workflow.v1.WorkflowExecutionOptions"`
        )
    if (options.versioningOverride) throw unimplemented("worker versioning is not supported")
    lookup.open(request.namespace, request.workflowExecution)
    return { workflowExecutionOptions: {} }
  }),
  ...Object.fromEntries(
    [...rules, "ListWorkflowRules"].map((method) => [method, refuse(`method ${method} not supported`)])
  ),
  TriggerWorkflowRule: refuse("method TriggerWorkflowRule not implemented")
})
