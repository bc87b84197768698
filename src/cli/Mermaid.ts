/** Draws a workflow as a Mermaid flowchart. */
import type { Block, TaskDefinition, WorkflowDefinition } from "../workflow/Definition.ts"

const label = (text: string): string =>
  `"${text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;")}"`

interface Branch {
  readonly name: string
  readonly block: Block
}

const describe = (task: TaskDefinition): string => {
  switch (task.type) {
    case "tool":
      return `${task.id}: ${task.tool}`
    case "workflow":
      return `${task.id}: workflow ${task.workflow}`
    case "wait":
      return `${task.id}: wait for ${task.signal}`
    case "signal":
      return `${task.id}: signal ${task.signal}`
    case "parallel":
    case "collection":
      return `${task.id}: ${task.type} (${task.strategy})`
    default:
      return `${task.id}: ${task.type}`
  }
}

const branchesOf = (task: TaskDefinition): ReadonlyArray<Branch> => {
  const named = (blocks: Readonly<Record<string, Block>>) =>
    Object.entries(blocks).map(([name, block]) => ({ name, block }))
  switch (task.type) {
    case "router":
      return [
        ...named(task.routes),
        ...(task.default === undefined ? [] : [{ name: "default", block: task.default }])
      ]
    case "when":
      return [
        { name: "then", block: task.then },
        ...(task.otherwise === undefined ? [] : [{ name: "otherwise", block: task.otherwise }])
      ]
    case "parallel":
      return named(task.branches)
    case "collection":
      return [{ name: "each", block: task.each }]
    case "wait":
      return task.onTimeout === undefined ? [] : [{ name: "on timeout", block: task.onTimeout }]
    case "group":
      return [{ name: "", block: task.block }]
    case "attempt":
      return [
        { name: "try", block: task.block },
        { name: "on error", block: task.onError }
      ]
    default:
      return []
  }
}

const shape = (task: TaskDefinition): readonly [string, string] => {
  switch (task.type) {
    case "router":
    case "when":
      return ["{", "}"]
    case "sleep":
    case "wait":
      return ["([", "])"]
    default:
      return ["[", "]"]
  }
}

/**
 * Draws a definition: one node a task, an edge in the order written, a labelled edge into each branch.
 *
 * @param definition the recorded workflow
 * @returns the text of a Mermaid flowchart
 *
 * @example
 * ```ts
 * import { mermaid } from "./Mermaid.ts"
 *
 * declare const definition: Parameters<typeof mermaid>[0]
 * const chart = mermaid(definition) // flowchart TD ...
 * ```
 */
export const mermaid = (definition: WorkflowDefinition): string => {
  const lines = ["flowchart TD"]
  let count = 0

  /** Draws tasks after the open ends, and gives the ends that the next task follows. */
  const draw = (
    tasks: ReadonlyArray<TaskDefinition>,
    from: ReadonlyArray<{ readonly node: string; readonly label: string }>
  ): ReadonlyArray<{ readonly node: string; readonly label: string }> => {
    let ends = from
    for (const task of tasks) {
      const node = `t${count++}`
      const [open, close] = shape(task)
      lines.push(`  ${node}${open}${label(describe(task))}${close}`)
      for (const end of ends) {
        lines.push(`  ${end.node} -->${end.label === "" ? "" : `|${label(end.label)}|`} ${node}`)
      }
      const branches = branchesOf(task)
      const drawn = branches.flatMap((branch) => draw(branch.block.tasks, [{ node, label: branch.name }]))
      const goesOn =
        branches.length === 0 || task.type === "wait" || (task.type === "when" && branches.length === 1)
      const unique = new Map(
        [...drawn, ...(goesOn ? [{ node, label: "" }] : [])].map((end) => [`${end.node} ${end.label}`, end])
      )
      ends = [...unique.values()]
    }
    return ends
  }

  lines.push(`  start([${label(definition.id)}])`)
  const ends = draw(definition.tasks, [{ node: "start", label: "" }])
  lines.push(`  done([${label("output")}])`)
  for (const end of ends)
    lines.push(`  ${end.node} -->${end.label === "" ? "" : `|${label(end.label)}|`} done`)
  return `${lines.join("\n")}\n`
}
