/** The programs of a deployment's workflows: what an execution carries, made once and known by content. */
import { definitionHash, withoutSources } from "../../workflow/DefinitionHash.ts"
import type { Program, ProgramWorkflow } from "../../workflow/interpreter/Protocol.ts"
import type { AnyWorkflow } from "../../workflow/Workflow.ts"

/** Programs up to this many bytes travel in the start arguments; larger ones by the hash of a blob. */
const inlineSize = 16_000

/** A program as JSON text too. */
export interface PreparedProgram {
  readonly program: Program
  readonly text: string
  /** The content hash of the workflow's own definition. */
  readonly hash: string
  readonly inline: boolean
}

const prepareWorkflow = (workflow: AnyWorkflow): ProgramWorkflow => {
  // The schemas stay with the process, which checks with its own; the sandbox has no use for them.
  const { description: _, ...rest } = workflow.definition
  return {
    definition: withoutSources({ ...rest, input: true, output: true }),
    hash: definitionHash(workflow.definition),
    checkOutput: workflow.output !== undefined
  }
}

/** A workflow and its children, however deep. */
export const withChildren = (
  workflow: AnyWorkflow,
  found = new Map<string, AnyWorkflow>()
): Map<string, AnyWorkflow> => {
  if (found.has(workflow.id)) return found
  found.set(workflow.id, workflow)
  for (const child of Object.values(workflow.workflows)) withChildren(child, found)
  return found
}

/** The program of a workflow. */
export const prepare = (workflow: AnyWorkflow): PreparedProgram => {
  const workflows: Record<string, ProgramWorkflow> = {}
  for (const [id, each] of withChildren(workflow)) workflows[id] = prepareWorkflow(each)
  const program: Program = { workflows }
  const text = JSON.stringify(program)
  return {
    program,
    text,
    hash: definitionHash(workflow.definition),
    inline: Buffer.byteLength(text) < inlineSize
  }
}
