/** Asks a service for listings and counts, and writes its answers down as the tables of queries do. */
import { randomUUID } from "node:crypto"

import type { Connection } from "@temporalio/client"

import { payloads } from "./fake-worker.ts"
import { seeds } from "./visibility-queries.ts"

const fields = (values: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, payloads(value).payloads?.[0] ?? {}])
  )

/** A refusal as the tables write it down: of a client, or of the service itself. */
export const refusal = (error: unknown): string => {
  const { code, details, message } = error as { code?: number; details?: unknown; message?: string }
  return `${code} ${typeof details === "string" ? details : message}`
}

/** Starts the executions that the tables are about, and closes some of them. */
export const seed = async ({ workflowService }: Connection, namespace: string): Promise<void> => {
  for (const { id, type, attributes } of seeds) {
    await workflowService.startWorkflowExecution({
      namespace,
      workflowId: id,
      workflowType: { name: type },
      taskQueue: { name: `q-${type}` },
      requestId: randomUUID(),
      searchAttributes: { indexedFields: fields(attributes) }
    })
    // Listings are sorted by the time.
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  for (const { id, terminated } of seeds)
    if (terminated) {
      await workflowService.terminateWorkflowExecution({ namespace, workflowExecution: { workflowId: id } })
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
}

/** The workflow ids of a listing, or its refusal. */
export const answerToList = async (
  { workflowService }: Connection,
  namespace: string,
  query: string
): Promise<string> => {
  try {
    const { executions } = await workflowService.listWorkflowExecutions({ namespace, query })
    return executions.map(({ execution }) => execution?.workflowId).join(",")
  } catch (error) {
    return refusal(error)
  }
}

/** A count and the counts of its groups, or its refusal. */
export const answerToCount = async (
  { workflowService }: Connection,
  namespace: string,
  query: string
): Promise<string> => {
  try {
    const { count, groups } = await workflowService.countWorkflowExecutions({ namespace, query })
    const texts = groups.map(
      ({ groupValues, count: each }) =>
        `${(groupValues ?? []).map(({ data, metadata }) => `${Buffer.from(data ?? []).toString()}/${Buffer.from(metadata?.["type"] ?? []).toString()}`).join()}=${String(each)}`
    )
    return [String(count), ...texts.toSorted()].join(" ")
  } catch (error) {
    return refusal(error)
  }
}
