/** `compozy workflow list` and `compozy workflow show`. */
import * as Effect from "effect/Effect"
import { WorkflowNotFound } from "../../runtime/ExecutionError.ts"
import { nearestOf } from "../../workflow/Nearest.ts"
import type { TaskDefinition } from "../../workflow/Definition.ts"
import type { AnyWorkflow } from "../../workflow/Workflow.ts"
import { type ExitCode, ExitCode as Code } from "../ExitCode.ts"
import { loadProject, type Project } from "../Project.ts"
import { type CommandContext, paint, printable, printJson, printTable } from "../Terminal.ts"

/** Lists the workflows of the config. */
export const listWorkflows = Effect.fnUntraced(function* (
  context: CommandContext
): Effect.fn.Return<ExitCode, unknown> {
  const { workflows } = yield* loadProject(context)
  if (context.json) {
    printJson(context.terminal, {
      items: workflows.map(({ definition }) => ({
        id: definition.id,
        description: definition.description ?? null,
        version: definition.version ?? null,
        tasks: definition.tasks.length
      }))
    })
    return Code.ok
  }
  if (workflows.length === 0) {
    context.terminal.err("This config defines no workflow yet.\n")
    return Code.ok
  }
  printTable(
    context.terminal,
    ["ID", "VERSION", "TASKS", "DESCRIPTION"],
    workflows.map(({ definition }) => [
      definition.id,
      definition.version ?? "",
      String(definition.tasks.length),
      definition.description ?? ""
    ])
  )
  return Code.ok
})

/** The workflow of that id, or an error with the nearest one. */
export const findWorkflow = (project: Project, id: string): Effect.Effect<AnyWorkflow, WorkflowNotFound> => {
  const found = project.workflows.find((workflow) => workflow.id === id)
  if (found !== undefined) return Effect.succeed(found)
  const ids = project.workflows.map((workflow) => workflow.id)
  return Effect.fail(new WorkflowNotFound({ workflow: id, suggestion: nearestOf(id, ids) ?? null }))
}

const childrenOf = (
  task: TaskDefinition
): ReadonlyArray<readonly [string, ReadonlyArray<TaskDefinition>]> => {
  switch (task.type) {
    case "router":
      return [
        ...Object.entries(task.routes).map(([name, block]) => [name, block.tasks] as const),
        ...(task.default === undefined ? [] : [["default", task.default.tasks] as const])
      ]
    case "when":
      return [
        ["then", task.then.tasks],
        ...(task.otherwise === undefined ? [] : [["otherwise", task.otherwise.tasks] as const])
      ]
    case "parallel":
      return Object.entries(task.branches).map(([name, block]) => [name, block.tasks] as const)
    case "collection":
      return [["each", task.each.tasks]]
    case "wait":
      return task.onTimeout === undefined ? [] : [["on timeout", task.onTimeout.tasks]]
    case "group":
      return [["", task.block.tasks]]
    case "attempt":
      return [
        ["try", task.block.tasks],
        ["on error", task.onError.tasks]
      ]
    default:
      return []
  }
}

const componentOf = (task: TaskDefinition): string => {
  switch (task.type) {
    case "tool":
      return task.tool
    case "workflow":
      return task.workflow
    case "signal":
    case "wait":
      return task.signal
    default:
      return ""
  }
}

/** One line a task, indented by its blocks. */
const outline = (tasks: ReadonlyArray<TaskDefinition>, indent: string, lines: Array<string>): void => {
  for (const task of tasks) {
    lines.push(`${indent}${task.id}  ${`${task.type} ${componentOf(task)}`.trim()}`)
    for (const [name, children] of childrenOf(task)) {
      if (name !== "") lines.push(`${indent}  ${name}:`)
      outline(children, name === "" ? `${indent}  ` : `${indent}    `, lines)
    }
  }
}

/** Shows one workflow: an outline, the recorded JSON, or a diagram. */
export const showWorkflow = Effect.fnUntraced(function* (
  context: CommandContext,
  id: string,
  asMermaid: boolean
): Effect.fn.Return<ExitCode, unknown> {
  const { terminal } = context
  const { definition } = yield* Effect.flatMap(loadProject(context), (project) => findWorkflow(project, id))
  if (asMermaid) {
    const { toMermaid } = yield* Effect.promise(() => import("../../workflow/Mermaid.ts"))
    terminal.out(toMermaid(definition))
    return Code.ok
  }
  if (context.json) {
    printJson(terminal, definition)
    return Code.ok
  }
  const title = paint(terminal.color.out, "bold", printable(definition.id))
  terminal.out(`${title}${definition.version === undefined ? "" : ` ${printable(definition.version)}`}\n`)
  if (definition.description !== undefined) terminal.out(`${printable(definition.description)}\n`)
  terminal.out(`\ninput   ${JSON.stringify(definition.input)}\n`)
  terminal.out(`output  ${JSON.stringify(definition.output)}\n\n`)
  const lines: Array<string> = []
  outline(definition.tasks, "", lines)
  for (const line of lines) terminal.out(`${printable(line)}\n`)
  return Code.ok
})
