import { jsonPayload } from "../payload.ts"
import type { Payload } from "../proto/root.ts"
import type { Run } from "../run.ts"
import { executionTime } from "../state.ts"
import type { VisibilityRecord } from "../storage/storage.ts"
import { predefinedAttributes } from "./attributes.ts"
import type { AttributeType } from "./attributes.ts"
import type { AttributeValues } from "./values.ts"

const encoder = new TextEncoder()

/** A search attribute's payload with its type in the metadata, as the real server returns it. */
export const attributePayload = (value: unknown, type: AttributeType): Payload => {
  const payload = jsonPayload(value)
  return { ...payload, metadata: { ...payload.metadata, type: encoder.encode(type) } }
}

/** The types of activities that are paused; mutable_state_impl.go, updatePauseInfoSearchAttribute. */
const pausedTypes = (run: Run): string[] => {
  const types = new Set<string>()
  for (const attempt of run.x.attempts.values()) {
    if (attempt.pause === undefined) continue
    const activity = run.h.activities.get(attempt.scheduledEventId)
    types.add(`property:activityType=${activity?.attributes.activityType?.name ?? ""}`)
  }
  return [...types].toSorted()
}

/** The search attributes of a run, with those that the service sets itself. */
export const searchAttributesOf = (run: Run): Record<string, Payload> => {
  const { searchAttributes, buildIds } = run.h
  const paused = run.x.attempts.size === 0 ? [] : pausedTypes(run)
  if (paused.length === 0 && buildIds.length === 0) return searchAttributes
  return {
    ...searchAttributes,
    ...(buildIds.length === 0 ? {} : { BuildIds: attributePayload(buildIds, "KeywordList") }),
    ...(paused.length === 0 ? {} : { TemporalPauseInfo: attributePayload(paused, "KeywordList") })
  }
}

/** Gives search attributes their types in the metadata, as listings and descriptions show them. */
export const withTypes = (
  fields: Readonly<Record<string, Payload>>,
  typeOf: (name: string) => AttributeType | undefined
): Record<string, Payload> => {
  const typed: Record<string, Payload> = {}
  for (const [name, payload] of Object.entries(fields)) {
    const type = predefinedAttributes[name] ?? typeOf(name)
    typed[name] =
      type === undefined
        ? payload
        : { ...payload, metadata: { ...payload.metadata, type: encoder.encode(type) } }
  }
  return typed
}

/** What listings and descriptions show of a run. */
export const visibilityOf = (run: Run, attributes: AttributeValues = {}): VisibilityRecord => {
  const { h } = run
  const { started } = h
  const root = started.rootWorkflowExecution
  return {
    namespace: run.namespace,
    workflowId: run.workflowId,
    runId: run.runId,
    type: started.workflowType?.name ?? "",
    status: h.status,
    startTime: h.startTime,
    executionTime: executionTime(h),
    closeTime: h.closeTime,
    taskQueue: started.taskQueue?.name ?? "",
    historyLength: run.frames.length,
    historySize: run.historySize,
    stateTransitions: run.x.transitions,
    firstRunId: started.firstExecutionRunId ?? "",
    parentWorkflowId: started.parentWorkflowExecution?.workflowId ?? "",
    parentRunId: started.parentWorkflowExecution?.runId ?? "",
    rootWorkflowId: root?.workflowId || run.workflowId,
    rootRunId: root?.runId || run.runId,
    memo: h.memo,
    searchAttributes: searchAttributesOf(run),
    attributes
  }
}
