/**
 * The schema of definitions: checks JSON that was imported or stored, and is published as
 * `schemas/workflow.json`.
 */
import * as Schema from "effect/Schema"
import type { Access, Block, Expression, Source, TaskDefinition, WorkflowDefinition } from "./Definition.ts"

const SourceSchema: Schema.Codec<Source> = Schema.Union([
  Schema.Struct({ from: Schema.Literal("input") }),
  Schema.Struct({ from: Schema.Literal("task"), path: Schema.String }),
  Schema.Struct({ from: Schema.Literals(["item", "index"]), path: Schema.String }),
  Schema.Struct({ from: Schema.Literal("signal"), path: Schema.String }),
  Schema.Struct({ from: Schema.Literal("error"), path: Schema.String })
]).annotate({
  identifier: "Source",
  description: "Where a reference points: the input, the result of a task, or what a block is given."
})

const AccessSchema: Schema.Codec<Access> = Schema.Union([
  Schema.String,
  Schema.Int,
  Schema.Struct({ $key: Schema.suspend((): Schema.Codec<Expression> => ExpressionSchema) })
]).annotate({
  identifier: "Access",
  description: "One step into a value: a field, an index (negative from the end), or a computed key or index."
})

const OperatorSchema = Schema.Literals([
  "eq",
  "ne",
  "lt",
  "lte",
  "gt",
  "gte",
  "and",
  "or",
  "not",
  "add",
  "concat",
  "coalesce",
  "length",
  "includes",
  "json",
  "text"
])

const inner = Schema.suspend((): Schema.Codec<Expression> => ExpressionSchema)
const computedKey = /^\$(?:ref|get|op|object)$/

/** An object of expressions that is none itself. */
const Fields: Schema.Codec<{ readonly [key: string]: Expression }> = Schema.Record(
  Schema.String,
  inner
).check(
  Schema.makeFilter(
    (fields) =>
      !Object.keys(fields).some((key) => computedKey.test(key)) ||
      "an object with $ref, $get, $op or $object is computed, and has nothing beside what belongs to that",
    {
      toJsonSchema: () => ({ propertyNames: { not: { enum: ["$ref", "$get", "$op", "$object"] } } })
    }
  )
)

/** The schema of an expression. */
const ExpressionSchema: Schema.Codec<Expression> = Schema.Union([
  Schema.Null,
  Schema.Boolean,
  Schema.Finite,
  Schema.String,
  Schema.Array(inner),
  Schema.Struct({ $ref: SourceSchema, path: Schema.optionalKey(Schema.Array(AccessSchema)) }),
  Schema.Struct({ $get: inner, path: Schema.Array(AccessSchema) }),
  Schema.Struct({ $op: OperatorSchema, args: Schema.Array(inner) }),
  Schema.Struct({ $object: Schema.Record(Schema.String, inner) }),
  Fields
]).annotate({
  identifier: "Expression",
  description:
    "JSON in which an object with $ref, $get, $op or $object is computed; everything else stands for itself."
})

const BlockSchema: Schema.Codec<Block> = Schema.Struct({
  tasks: Schema.Array(Schema.suspend((): Schema.Codec<TaskDefinition> => TaskSchema)),
  result: ExpressionSchema
}).annotate({ identifier: "Block", description: "Tasks in the order written, and the value of the whole." })

const block = Schema.suspend((): Schema.Codec<Block> => BlockSchema)

const millis = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)).annotate({ description: "Milliseconds." })
const count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))

const base = {
  id: Schema.String,
  path: Schema.String,
  when: Schema.optionalKey(ExpressionSchema),
  source: Schema.optionalKey(
    Schema.String.annotate({
      description: "file:line:column of the call that recorded it. Not part of the hash."
    })
  )
}

const work = {
  retry: Schema.optionalKey(
    Schema.Struct({
      maximumAttempts: Schema.optionalKey(count),
      initialInterval: Schema.optionalKey(millis),
      backoffCoefficient: Schema.optionalKey(Schema.Finite.check(Schema.isGreaterThanOrEqualTo(1))),
      maximumInterval: Schema.optionalKey(millis),
      nonRetryableErrorTypes: Schema.optionalKey(Schema.Array(Schema.String))
    })
  ),
  timeout: Schema.optionalKey(millis),
  totalTimeout: Schema.optionalKey(millis),
  heartbeat: Schema.optionalKey(millis)
}

/** The schema of a task. */
const TaskSchema: Schema.Codec<TaskDefinition> = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("tool"),
    ...base,
    tool: Schema.String,
    input: ExpressionSchema,
    ...work
  }),
  Schema.Struct({
    type: Schema.Literal("fn"),
    ...base,
    name: Schema.String,
    args: Schema.Array(ExpressionSchema)
  }),
  Schema.Struct({ type: Schema.Literal("decode"), ...base, name: Schema.String, value: ExpressionSchema }),
  Schema.Struct({
    type: Schema.Literal("router"),
    ...base,
    on: ExpressionSchema,
    routes: Schema.Record(Schema.String, block),
    default: Schema.optionalKey(block)
  }),
  Schema.Struct({
    type: Schema.Literal("when"),
    ...base,
    condition: ExpressionSchema,
    // oxlint-disable-next-line unicorn/no-thenable -- data: it is a block, never a function
    then: block,
    otherwise: Schema.optionalKey(block)
  }),
  Schema.Struct({
    type: Schema.Literal("parallel"),
    ...base,
    branches: Schema.Record(Schema.String, block),
    strategy: Schema.Literals(["waitAll", "failFast", "bestEffort", "race"]),
    maxWorkers: Schema.optionalKey(count)
  }),
  Schema.Struct({
    type: Schema.Literal("collection"),
    ...base,
    items: ExpressionSchema,
    filter: Schema.optionalKey(ExpressionSchema),
    each: block,
    mode: Schema.Literals(["sequential", "parallel"]),
    batch: Schema.optionalKey(count),
    strategy: Schema.Literals(["waitAll", "failFast", "bestEffort"]),
    maxWorkers: Schema.optionalKey(count)
  }),
  Schema.Struct({ type: Schema.Literal("sleep"), ...base, duration: ExpressionSchema }),
  Schema.Struct({
    type: Schema.Literal("wait"),
    ...base,
    signal: Schema.String,
    until: Schema.optionalKey(ExpressionSchema),
    timeout: Schema.optionalKey(ExpressionSchema),
    onTimeout: Schema.optionalKey(block)
  }),
  Schema.Struct({
    type: Schema.Literal("signal"),
    ...base,
    execution: ExpressionSchema,
    signal: Schema.String,
    payload: ExpressionSchema
  }),
  Schema.Struct({
    type: Schema.Literal("workflow"),
    ...base,
    workflow: Schema.String,
    input: ExpressionSchema,
    mode: Schema.Literals(["wait", "start"]),
    ...work
  }),
  Schema.Struct({ type: Schema.Literal("group"), ...base, block }),
  Schema.Struct({ type: Schema.Literal("attempt"), ...base, block, onError: block }),
  Schema.Struct({
    type: Schema.Literal("fail"),
    ...base,
    message: ExpressionSchema,
    error: Schema.optionalKey(Schema.String)
  })
]).annotate({ identifier: "Task", description: "One task; `path` is its id behind the path of its block." })

/**
 * The schema of a workflow's definition. Unknown keys are ignored, as everywhere; decode with
 * `{ onExcessProperty: "error" }` to have them refused.
 *
 * @example
 * ```ts
 * import { Schema } from "effect"
 * import { WorkflowDefinitionSchema } from "compozy"
 *
 * export const read = Schema.decodeUnknownEffect(WorkflowDefinitionSchema)
 * ```
 */
export const WorkflowDefinitionSchema: Schema.Codec<WorkflowDefinition> = Schema.Struct({
  format: Schema.Literal(1).annotate({ description: "The version of this format." }),
  id: Schema.String,
  description: Schema.optionalKey(Schema.String),
  version: Schema.optionalKey(Schema.String),
  input: Schema.Json.annotate({ description: "JSON Schema of the input." }),
  output: Schema.Json.annotate({ description: "JSON Schema of the output." }),
  requires: Schema.Struct({
    tools: Schema.Array(Schema.String),
    functions: Schema.Array(Schema.String),
    workflows: Schema.Array(Schema.String),
    signals: Schema.Array(Schema.String)
  }).annotate({ description: "What a process must have to run it." }),
  tasks: Schema.Array(TaskSchema),
  result: ExpressionSchema
}).annotate({ identifier: "Workflow", title: "A workflow of Compozy" })
