/** The activities of a worker: tools, and the local ones that the interpreter calls for what it cannot do itself. */
import { Context as ActivityContext } from "@temporalio/activity"
import { Effect } from "effect"
import type { ActivityFunction } from "../../services/Temporal.ts"
import type { Json } from "../../workflow/Definition.ts"
import { evaluate } from "../../workflow/Evaluate.ts"
import {
  activityNames,
  type CallResult,
  type CheckCall,
  type EvaluateCall,
  type FilterCall,
  type FilterResult,
  type FunctionCall,
  type Packed,
  type Program
} from "../../workflow/interpreter/Protocol.ts"
import { sourceKey } from "../../workflow/interpreter/Value.ts"
import { codecOf, issueText } from "./Codec.ts"
import { refused, toApplicationFailure } from "./Failures.ts"
import { type ActivityDependencies, makeToolActivity } from "./ToolActivity.ts"

const executionId = (): string => ActivityContext.current().info.workflowExecution?.workflowId ?? ""

/** Errors of local activities as failures; Temporal retries those that may pass. */
const local =
  <Argument, Result>(work: (argument: Argument) => Promise<Result>) =>
  async (argument: Argument): Promise<Result> => {
    try {
      return await work(argument)
    } catch (error) {
      throw toApplicationFailure(error, ActivityContext.current().info.attempt)
    }
  }

/** What a worker registers, and how a tool that runs here is stopped. */
export interface Activities {
  readonly functions: Readonly<Record<string, ActivityFunction>>
  readonly abort: (executionId: string, path: string) => void
}

/** The activities of this process. */
export const makeActivities = (dependencies: ActivityDependencies): Activities => {
  const { blobs, registry, run } = dependencies
  const tool = makeToolActivity(dependencies)

  const program = async (call: { readonly blob: string }): Promise<Program> => {
    const json = await run(blobs.read(call.blob))
    // The execution uses it from now on, whoever started it.
    await run(blobs.put(executionId(), JSON.stringify(json)))
    // Written by `prepare` under the hash that leads here.
    return json as unknown as Program
  }

  const callFunction = async (call: FunctionCall): Promise<CallResult> => {
    const args = await run(Effect.forEach(call.args, (arg) => blobs.open(arg)))
    if (call.kind === "decode") {
      const schema = registry.decoder(call.workflow, call.name)
      if (schema === undefined) return { missing: `schema "${call.name}"` }
      const checked = codecOf(schema).normalize(args[0] ?? null)
      if ("issues" in checked) {
        throw refused(
          "COMPOZY_DECODE_FAILED",
          "DecodeFailed",
          `the value of "${call.path}" does not fit its schema: ${issueText(checked.issues)}`
        )
      }
      return { value: await run(blobs.pack(executionId(), checked.value)) }
    }
    const fn = registry.function(call.workflow, call.name)
    if (fn === undefined) return { missing: `function "${call.name}"` }
    let result: unknown
    try {
      result = await fn(...args)
    } catch (error) {
      // A function gives the same again for the same arguments.
      const failure = toApplicationFailure(error, 1)
      const thrown = refused("COMPOZY_TASK_FAILED", failure.type ?? "Error", failure.message)
      if (failure.stack !== undefined) thrown.stack = failure.stack
      throw thrown
    }
    const text = JSON.stringify(result)
    const json: Json = text === undefined ? null : JSON.parse(text)
    return { value: await run(blobs.pack(executionId(), json)) }
  }

  const check = async (call: CheckCall): Promise<null> => {
    const workflow = registry.workflows.get(call.workflow)
    const schema = call.side === "input" ? workflow?.input : workflow?.output
    // A workflow that the config no longer has ends as it began: without its schemas.
    if (schema === undefined) return null
    const checked = codecOf(schema).decode(await run(blobs.open(call.value)))
    if ("issues" in checked) {
      throw refused(
        call.side === "input" ? "COMPOZY_INPUT_INVALID" : "COMPOZY_OUTPUT_INVALID",
        call.side === "input" ? "InputInvalid" : "OutputInvalid",
        `the ${call.side} of workflow "${call.workflow}" does not fit its schema: ${issueText(checked.issues)}`,
        checked.issues.map(({ message, path }) => ({ message, path: [...path] }))
      )
    }
    return null
  }

  const openAll = async (sources: Readonly<Record<string, Packed>>): Promise<Map<string, Json>> => {
    const values = new Map<string, Json>()
    for (const [key, packed] of Object.entries(sources)) values.set(key, await run(blobs.open(packed)))
    return values
  }

  const evaluateOutside = async (call: EvaluateCall): Promise<Packed> => {
    const values = await openAll(call.sources)
    const value = evaluate(call.expression, (source) => values.get(sourceKey(source)))
    return call.inline === true ? { v: value } : run(blobs.pack(executionId(), value))
  }

  const filter = async (call: FilterCall): Promise<FilterResult> => {
    const items = await run(blobs.open(call.items))
    if (!Array.isArray(items)) return { length: -1, kept: null }
    const { filter } = call
    if (filter === null) return { length: items.length, kept: null }
    const values = await openAll(call.sources)
    const kept: Array<number> = []
    for (const [index, item] of items.entries()) {
      values.set(`item:${call.path}`, item)
      values.set(`index:${call.path}`, index)
      if (evaluate(filter, (source) => values.get(sourceKey(source))) === true) kept.push(index)
    }
    return { length: items.length, kept }
  }

  const keep = async (value: Packed): Promise<Packed> =>
    run(Effect.flatMap(blobs.open(value), (json) => blobs.keep(executionId(), json)))

  const concat = async (call: { readonly parts: ReadonlyArray<Packed> }): Promise<Packed> => {
    const parts = await run(Effect.forEach(call.parts, (part) => blobs.open(part)))
    return run(blobs.keep(executionId(), parts.flat()))
  }

  return {
    functions: {
      [activityNames.tool]: tool.activity,
      [activityNames.program]: local(program),
      [activityNames.call]: local(callFunction),
      [activityNames.check]: local(check),
      [activityNames.evaluate]: local(evaluateOutside),
      [activityNames.filter]: local(filter),
      [activityNames.keep]: local(keep),
      [activityNames.concat]: local(concat)
    },
    abort: tool.abort
  }
}
