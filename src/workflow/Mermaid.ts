/**
 * Draws a definition as a Mermaid flowchart.
 */
import type { Block, TaskDefinition, WorkflowDefinition } from "./Definition.ts"

/** A loose end: the node that the next task follows, and what its arrow says. */
interface End {
  readonly node: string
  readonly label: string
}

/** A block that belongs to a task. */
interface Part {
  readonly label: string
  readonly block: Block
}

/**
 * Draws a definition: a node for each task, an arrow in the order written, a labelled arrow into each block, and a
 * frame around the blocks of a task that has several steps of its own.
 *
 * @param definition the recorded workflow
 * @returns the text of a Mermaid flowchart, ending with a newline
 *
 * @example
 * ```ts
 * import { Schema } from "effect"
 * import { defineWorkflow, toMermaid } from "compozy"
 *
 * const empty = defineWorkflow({ id: "empty", input: Schema.Struct({}) }, () => null)
 * const chart = toMermaid(empty.definition) // flowchart TD ...
 * ```
 */
export const toMermaid = (definition: WorkflowDefinition): string => {
  const lines = ["flowchart TD", `  start([${quote(definition.id)}])`]
  let count = 0

  const connect = (ends: ReadonlyArray<End>, node: string, indent: string): void => {
    for (const { node: from, label } of ends) {
      lines.push(`${indent}${from} -->${label === "" ? "" : `|${quote(label)}|`} ${node}`)
    }
  }

  const draw = (
    tasks: ReadonlyArray<TaskDefinition>,
    from: ReadonlyArray<End>,
    indent: string
  ): ReadonlyArray<End> => {
    let ends = from
    for (const task of tasks) {
      const node = `t${count++}`
      const parts = partsOf(task)
      const [open, close] = outline(task)
      lines.push(`${indent}${node}${open}${quote(describe(task))}${close}`)
      connect(ends, node, indent)
      const skips = task.when !== undefined || isOptional(task)
      const own: ReadonlyArray<End> = parts.length === 0 || skips ? [{ node, label: "" }] : []
      if (task.type === "fail") {
        ends = task.when === undefined ? [] : own
        continue
      }
      const framed = parts.some(({ block }) => block.tasks.length > 0)
      if (framed) lines.push(`${indent}subgraph ${node}s [${quote(task.id)}]`)
      const inner = parts.flatMap(({ label, block }) =>
        draw(block.tasks, [{ node, label }], framed ? `${indent}  ` : indent)
      )
      if (framed) lines.push(`${indent}end`)
      ends = distinct([...inner, ...own])
    }
    return ends
  }

  const ends = draw(definition.tasks, [{ node: "start", label: "" }], "  ")
  lines.push(`  done([${quote("output")}])`)
  connect(ends, "done", "  ")
  return `${lines.join("\n")}\n`
}

const quote = (text: string): string =>
  `"${text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(/\s+/g, " ")}"`

const distinct = (ends: ReadonlyArray<End>): ReadonlyArray<End> => [
  ...new Map(ends.map((end) => [JSON.stringify([end.node, end.label]), end])).values()
]

/** Whether the next task may follow although none of the task's blocks ran. */
const isOptional = (task: TaskDefinition): boolean =>
  task.type === "wait" || (task.type === "when" && task.otherwise === undefined)

const describe = (task: TaskDefinition): string => {
  switch (task.type) {
    case "tool":
      return `${task.id}: ${task.tool}`
    case "workflow":
      return `${task.id}: workflow ${task.workflow}${task.mode === "start" ? " (start)" : ""}`
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

const outline = (task: TaskDefinition): readonly [string, string] => {
  switch (task.type) {
    case "router":
    case "when":
      return ["{", "}"]
    case "sleep":
    case "wait":
      return ["([", "])"]
    case "fail":
      return ["[/", "/]"]
    default:
      return ["[", "]"]
  }
}

const named = (blocks: { readonly [name: string]: Block }): ReadonlyArray<Part> =>
  Object.entries(blocks).map(([label, block]) => ({ label, block }))

const maybe = (label: string, block: Block | undefined): ReadonlyArray<Part> =>
  block === undefined ? [] : [{ label, block }]

const partsOf = (task: TaskDefinition): ReadonlyArray<Part> => {
  switch (task.type) {
    case "router":
      return [...named(task.routes), ...maybe("default", task.default)]
    case "when":
      return [{ label: "then", block: task.then }, ...maybe("otherwise", task.otherwise)]
    case "parallel":
      return named(task.branches)
    case "collection":
      return [{ label: "each", block: task.each }]
    case "wait":
      return maybe("on timeout", task.onTimeout)
    case "group":
      return [{ label: "", block: task.block }]
    case "attempt":
      return [
        { label: "try", block: task.block },
        { label: "on error", block: task.onError }
      ]
    default:
      return []
  }
}
