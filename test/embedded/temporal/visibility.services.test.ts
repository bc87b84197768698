/** The tables of list filters say what the real server answers. */
import { randomUUID } from "node:crypto"

import { Connection } from "@temporalio/client"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import { address, isLeftOut } from "../../layers/Services.ts"
import { millis } from "./fake-worker.ts"
import { answerToCount, answerToList, seed } from "./visibility-answers.ts"
import {
  attributeTypes,
  counts,
  differing,
  lists,
  refusedCounts,
  refusedLists
} from "./visibility-queries.ts"

const numbers = { Text: 1, Keyword: 2, Int: 3, Double: 4, Bool: 5, Datetime: 6, KeywordList: 7 } as const

describe.skipIf(isLeftOut("temporal"))("list filters on the dev server", () => {
  const namespace = `filters-${randomUUID()}`
  let connection: Connection
  beforeAll(async () => {
    connection = await Connection.connect({ address: address("TEMPORAL_HOST_PORT") })
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: millis(86_400_000)
    })
    const searchAttributes = Object.fromEntries(
      Object.entries(attributeTypes).map(([name, type]) => [name, numbers[type]])
    )
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes })
    // The server's parts learn of a namespace and of its attributes one after the other.
    const patience = Date.now() + 30_000
    const until = async (attempt: () => Promise<boolean>): Promise<void> => {
      while (!(await attempt().catch((error: unknown) => Date.now() > patience && Promise.reject(error))))
        await new Promise((resolve) => setTimeout(resolve, 250))
    }
    await until(() => seed(connection, namespace).then(() => true))
    await until(async () => (await answerToCount(connection, namespace, "CloseTime IS NOT NULL")) === "2")
  })
  afterAll(() => connection.close())

  it("answers lists so", async () => {
    for (const [query, answer] of lists)
      expect([query, await answerToList(connection, namespace, query)]).toEqual([query, answer])
    for (const [query, answer] of refusedLists)
      expect([query, await answerToList(connection, namespace, query)]).toEqual([query, `3 ${answer}`])
    for (const [query, , answer] of differing)
      if (!answer.startsWith("14 "))
        expect([query, await answerToList(connection, namespace, query)]).toEqual([query, answer])
  })

  it("answers counts so", async () => {
    for (const [query, answer] of counts)
      expect([query, await answerToCount(connection, namespace, query)]).toEqual([query, answer])
    for (const [query, answer] of refusedCounts)
      expect([query, await answerToCount(connection, namespace, query)]).toEqual([query, `3 ${answer}`])
  })
})
