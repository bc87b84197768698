/**
 * The identity of a definition's content: executions name the definition that they run by it.
 */
import { createHash } from "node:crypto"
import type { Block, TaskDefinition, WorkflowDefinition } from "./Definition.ts"

/**
 * The SHA-256 (hexadecimal) of a definition as canonical JSON: keys sorted, and without the `source` of its tasks,
 * so that moving code changes nothing.
 *
 * @example
 * ```ts
 * import { Schema } from "effect"
 * import { defineWorkflow, definitionHash } from "compozy"
 *
 * const empty = defineWorkflow({ id: "empty", input: Schema.Struct({}) }, () => null)
 * definitionHash(empty.definition).length // => 64
 * ```
 */
export const definitionHash = (definition: WorkflowDefinition): string =>
  createHash("sha256")
    .update(canonical(withoutSources(definition)))
    .digest("hex")

/** The definition without the `source` of its tasks; a `source` in the data of a workflow stays. */
export const withoutSources = (definition: WorkflowDefinition): WorkflowDefinition => ({
  ...definition,
  tasks: definition.tasks.map(withoutSource)
})

/** JSON with sorted keys and without white space. */
const canonical = (value: unknown): string => {
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null)
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`
  const entries = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${canonical(part)}`).join(",")}}`
}

const plain = (block: Block): Block => ({ ...block, tasks: block.tasks.map(withoutSource) })

const plainAll = (blocks: { readonly [name: string]: Block }): { readonly [name: string]: Block } =>
  Object.fromEntries(Object.entries(blocks).map(([name, block]) => [name, plain(block)]))

const withoutSource = (task: TaskDefinition): TaskDefinition => {
  const { source: _, ...rest } = task
  switch (rest.type) {
    case "router":
      return {
        ...rest,
        routes: plainAll(rest.routes),
        ...(rest.default === undefined ? {} : { default: plain(rest.default) })
      }
    case "when":
      return {
        ...rest,
        // oxlint-disable-next-line unicorn/no-thenable -- data: it is a block, never a function
        then: plain(rest.then),
        ...(rest.otherwise === undefined ? {} : { otherwise: plain(rest.otherwise) })
      }
    case "parallel":
      return { ...rest, branches: plainAll(rest.branches) }
    case "collection":
      return { ...rest, each: plain(rest.each) }
    case "wait":
      return rest.onTimeout === undefined ? rest : { ...rest, onTimeout: plain(rest.onTimeout) }
    case "group":
      return { ...rest, block: plain(rest.block) }
    case "attempt":
      return { ...rest, block: plain(rest.block), onError: plain(rest.onError) }
    default:
      return rest
  }
}
