import { ServiceError } from "../errors.ts"
import { Code } from "../proto/enums.ts"
import type { Handler } from "./handler.ts"

// What is left out, with what the real server answers where it is left out there: by its settings, or because it was
// given up. Every other method without a handler is unknown to the service, as one is that an older server lacks.

const deployments = "Deployments are deprecated and no longer supported, use Worker Deployments instead"

const notSupported = (...methods: readonly string[]): [method: string, text: string][] =>
  methods.map((method) => [method, `method ${method} not supported`])

const texts: readonly (readonly [method: string, text: string])[] = [
  ...[
    "DescribeDeployment",
    "ListDeployments",
    "GetDeploymentReachability",
    "GetCurrentDeployment",
    "SetCurrentDeployment"
  ].map((method) => [method, deployments] as const),
  ...notSupported("CreateWorkflowRule", "DescribeWorkflowRule", "DeleteWorkflowRule", "ListWorkflowRules"),
  ["FetchWorkerConfig", "FetchWorkerConfig command is not enabled."],
  ["UpdateWorkerConfig", "UpdateWorkerConfig command is not enabled."]
]

/** The calls of the operator service that manage Nexus endpoints. */
export const nexusEndpointHandlers: Readonly<Record<string, Handler>> = Object.fromEntries(
  [
    "GetNexusEndpoint",
    "CreateNexusEndpoint",
    "UpdateNexusEndpoint",
    "DeleteNexusEndpoint",
    "ListNexusEndpoints"
  ].map((method) => [
    method,
    () => {
      throw new ServiceError(Code.Unimplemented, "Nexus APIs are disabled")
    }
  ])
)

/** Handlers that refuse. */
export const unimplementedHandlers: Readonly<Record<string, Handler>> = Object.fromEntries(
  texts.map(([method, text]) => [
    method,
    () => {
      throw new ServiceError(Code.Unimplemented, text)
    }
  ])
)
