/** What this process can run: its workflows with their children, and their tools, functions and schemas. */
import type { PlainCodec } from "../../workflow/PlainSchema.ts"
import type { AnySignal } from "../../workflow/Signal.ts"
import type { AnyTool } from "../../workflow/Tool.ts"
import type { AnyWorkflow, WorkflowFunction } from "../../workflow/Workflow.ts"
import { withChildren } from "./Programs.ts"

/** Finds what definitions name. A tool of another workflow serves when its own has it no longer. */
export interface Registry {
  /** Every workflow, children included. */
  readonly workflows: ReadonlyMap<string, AnyWorkflow>
  readonly tool: (workflow: string, id: string) => AnyTool | undefined
  readonly function: (workflow: string, name: string) => WorkflowFunction | undefined
  readonly decoder: (workflow: string, name: string) => PlainCodec | undefined
  readonly signal: (workflow: string, id: string) => AnySignal | undefined
}

const own = <A>(record: { readonly [key: string]: A } | undefined, key: string): A | undefined =>
  record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined

/** The registry of a deployment's workflows. */
export const makeRegistry = (workflows: ReadonlyArray<AnyWorkflow>): Registry => {
  const all = new Map<string, AnyWorkflow>()
  for (const workflow of workflows) withChildren(workflow, all)
  const tools = new Map<string, AnyTool>()
  for (const workflow of all.values()) {
    for (const [id, tool] of Object.entries(workflow.tools)) if (!tools.has(id)) tools.set(id, tool)
  }
  return {
    workflows: all,
    tool: (workflow, id) => own(all.get(workflow)?.tools, id) ?? tools.get(id),
    function: (workflow, name) => own(all.get(workflow)?.functions, name),
    decoder: (workflow, name) => own(all.get(workflow)?.decoders, name),
    signal: (workflow, id) => own(all.get(workflow)?.signals, id)
  }
}
