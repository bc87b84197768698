/** The code in a config: its workflows and the layer that gives their services. */
import * as Layer from "effect/Layer"
import { type AnyWorkflow, isWorkflow } from "../workflow/Workflow.ts"
import type { Services } from "./ModeConfig.ts"
import type { Gathered } from "./Reading.ts"

const isUserLayer = (value: unknown): value is Layer.Layer<never, unknown, Services> => Layer.isLayer(value)

const checkWorkflows = (value: unknown, into: Gathered): ReadonlyArray<AnyWorkflow> => {
  if (value === undefined) return []
  if (!Array.isArray(value)) {
    into.findings.push({
      problem: {
        code: "COMPOZY_CONFIG_WORKFLOWS",
        key: "workflows",
        message: "workflows must be a list of what defineWorkflow gives.",
        fix: "write workflows: [myWorkflow]"
      },
      at: ["workflows"],
      target: "value"
    })
    return []
  }
  const workflows: Array<AnyWorkflow> = []
  const ids = new Set<string>()
  for (const [index, item] of value.entries()) {
    const at = ["workflows", String(index)]
    if (!isWorkflow(item)) {
      into.findings.push({
        problem: {
          code: "COMPOZY_CONFIG_WORKFLOWS",
          key: `workflows[${index}]`,
          message: `workflows[${index}] is no workflow.`,
          fix: "give what defineWorkflow returned; an import that is undefined here is a circular import or a wrong name"
        },
        at,
        target: "value"
      })
    } else if (ids.has(item.id)) {
      into.findings.push({
        problem: {
          code: "COMPOZY_CONFIG_WORKFLOWS",
          key: `workflows[${index}]`,
          value: JSON.stringify(item.id),
          message: `There are two workflows with the id "${item.id}".`,
          fix: "give one of them another id, or list it once"
        },
        at,
        target: "value"
      })
    } else {
      ids.add(item.id)
      workflows.push(item)
    }
  }
  return workflows
}

/** The services that workflows and their children list, by key, with the workflow that lists each. */
const listedServices = (workflows: ReadonlyArray<AnyWorkflow>): ReadonlyMap<string, string> => {
  const services = new Map<string, string>()
  const seen = new Set<AnyWorkflow>()
  const visit = (workflow: AnyWorkflow): void => {
    if (seen.has(workflow)) return
    seen.add(workflow)
    for (const service of workflow.services) services.set(service.key, workflow.id)
    for (const child of Object.values(workflow.workflows)) visit(child)
  }
  for (const workflow of workflows) visit(workflow)
  return services
}

/** Checks the code in a config. */
export const checkCode = (
  config: { readonly [name: string]: unknown },
  into: Gathered
): {
  readonly workflows: ReadonlyArray<AnyWorkflow>
  readonly layer: Layer.Layer<never, unknown, Services> | undefined
} => {
  const workflows = checkWorkflows(config.workflows, into)
  const { layer } = config
  if (layer !== undefined && !isUserLayer(layer)) {
    into.findings.push({
      problem: {
        code: "COMPOZY_CONFIG_LAYER_MISSING",
        key: "layer",
        message: "layer must be an Effect Layer.",
        fix: "write layer: Layer.succeed(MyService, { ... })"
      },
      at: ["layer"],
      target: "value"
    })
    return { workflows, layer: undefined }
  }
  if (layer === undefined) {
    for (const [service, workflow] of listedServices(workflows)) {
      into.findings.push({
        problem: {
          code: "COMPOZY_CONFIG_LAYER_MISSING",
          key: "layer",
          message: `Workflow "${workflow}" needs the service "${service}", but the config has no layer.`,
          fix: "give defineMode a layer with that service"
        },
        at: ["layer"],
        target: "missing"
      })
    }
  }
  return { workflows, layer: isUserLayer(layer) ? layer : undefined }
}
