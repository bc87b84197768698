/** What is left out: the list is that of docs/embedded-temporal.md. */
import type { Connection } from "@temporalio/client"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import { serviceMethods } from "../../../src/embedded/temporal/proto/root.ts"
import { openRig } from "./support.ts"
import type { Rig } from "./support.ts"

const workflowService = "temporal.api.workflowservice.v1.WorkflowService"
const operatorService = "temporal.api.operatorservice.v1.OperatorService"
const unimplemented = 12

let rig: Rig
beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

/** The refusals of all methods that answer a request of the namespace alone with UNIMPLEMENTED. */
const refusals = async (
  service: string,
  calls: Connection["workflowService"] | Connection["operatorService"]
): Promise<Record<string, string>> => {
  const found: Record<string, string> = {}
  await Promise.all(
    serviceMethods(service).map(async ({ name }) => {
      const method: unknown = Reflect.get(calls, name.charAt(0).toLowerCase() + name.slice(1))
      if (typeof method !== "function") throw new Error(`the client has no method ${name}`)
      try {
        await rig.connection.withDeadline(Date.now() + 30_000, async () => {
          await (Reflect.apply(method, calls, [{ namespace: "missing" }]) as Promise<unknown>)
        })
      } catch (error) {
        const { code, details } = error as { code?: number; details?: string }
        if (code === unimplemented) found[name] = details ?? ""
      }
    })
  )
  return found
}

const unknown = (service: string, methods: readonly string[]): Record<string, string> =>
  Object.fromEntries(methods.map((method) => [method, `unknown method ${method} for service ${service}`]))

const each = (methods: readonly string[], text: (method: string) => string): Record<string, string> =>
  Object.fromEntries(methods.map((method) => [method, text(method)]))

const leftOut = [
  // Activities that belong to no workflow.
  ..."Start Describe Poll List Count RequestCancel Terminate Delete Pause Unpause Reset"
    .split(" ")
    .map((verb) => `${verb}ActivityExecution${verb === "List" || verb === "Count" ? "s" : ""}`),
  "UpdateActivityExecutionOptions",
  // Nexus.
  ..."Start Describe Poll List Count RequestCancel Terminate Delete"
    .split(" ")
    .map((verb) => `${verb}NexusOperationExecution${verb === "List" || verb === "Count" ? "s" : ""}`),
  "PollNexusTaskQueue",
  "RespondNexusTaskCompleted",
  "RespondNexusTaskFailed",
  // Versions of workers.
  "CreateWorkerDeployment",
  "CreateWorkerDeploymentVersion",
  "DeleteWorkerDeployment",
  "DeleteWorkerDeploymentVersion",
  "DescribeWorkerDeployment",
  "DescribeWorkerDeploymentVersion",
  "GetWorkerBuildIdCompatibility",
  "GetWorkerTaskReachability",
  "GetWorkerVersioningRules",
  "ListWorkerDeployments",
  "SetWorkerDeploymentCurrentVersion",
  "SetWorkerDeploymentManager",
  "SetWorkerDeploymentRampingVersion",
  "UpdateWorkerBuildIdCompatibility",
  "UpdateWorkerDeploymentVersionComputeConfig",
  "UpdateWorkerDeploymentVersionMetadata",
  "UpdateWorkerVersioningRules",
  "ValidateWorkerDeploymentVersionComputeConfig",
  // What no released server does by default.
  "PauseWorkflowExecution",
  "PollWorkflowExecutionTimeSkipping",
  "UnpauseWorkflowExecution"
]

describe("methods that are left out", () => {
  it("of the workflow service say so", async () => {
    const deployments = [
      "DescribeDeployment",
      "ListDeployments",
      "GetDeploymentReachability",
      "GetCurrentDeployment",
      "SetCurrentDeployment"
    ]
    const rules = ["CreateWorkflowRule", "DescribeWorkflowRule", "DeleteWorkflowRule", "ListWorkflowRules"]
    expect(await refusals(workflowService, rig.connection.workflowService)).toEqual({
      ...each(
        deployments,
        () => "Deployments are deprecated and no longer supported, use Worker Deployments instead"
      ),
      ...each(rules, (method) => `method ${method} not supported`),
      ...each(["FetchWorkerConfig", "UpdateWorkerConfig"], (method) => `${method} command is not enabled.`),
      TriggerWorkflowRule: "method TriggerWorkflowRule not implemented",
      ...unknown(workflowService, leftOut)
    })
  })

  it("of the operator service say so", async () => {
    const endpoints = ["Get", "Create", "Update", "Delete", "List"].map(
      (verb) => `${verb}NexusEndpoint${verb === "List" ? "s" : ""}`
    )
    expect(await refusals(operatorService, rig.connection.operatorService)).toEqual({
      ...each(endpoints, () => "Nexus APIs are disabled"),
      ...unknown(operatorService, ["AddOrUpdateRemoteCluster"])
    })
  })
})
