/**
 * Workflows: tools, signals, the build function's tasks and operators, and the recorded definition.
 */
export { Activity, type ToolContext } from "./Activity.ts"
export { defineWorkflow, type BuildScope, type WorkflowOptions } from "./DefineWorkflow.ts"
export { DefinitionError, DefinitionErrorCode, type DefinitionPlace } from "./DefinitionError.ts"
export type { AttemptError, Json, TaskDefinition, WorkflowDefinition } from "./Definition.ts"
export { definitionHash } from "./DefinitionHash.ts"
export { WorkflowDefinitionSchema } from "./DefinitionSchema.ts"
export { decode, fn } from "./Functions.ts"
export { toMermaid } from "./Mermaid.ts"
export {
  add,
  and,
  coalesce,
  concat,
  eq,
  gt,
  gte,
  includes,
  json,
  length,
  lt,
  lte,
  ne,
  not,
  or,
  text
} from "./Operators.ts"
export type { PlainSchema } from "./PlainSchema.ts"
export type { Absent, Deref, Outcome, Ref, RefBase, Val } from "./Reference.ts"
export { defineSignal, type AnySignal, type Signal } from "./Signal.ts"
export type {
  CollectionOptions,
  ConditionOption,
  DurationVal,
  ParallelResult,
  RetryOptions,
  Task,
  WaitOptions,
  WorkTaskOptions
} from "./Task.ts"
export { defineTool, type AnyTool, type DefinedTool, type Given, type Tool } from "./Tool.ts"
export { isWorkflow, type AnyWorkflow, type Workflow } from "./Workflow.ts"
