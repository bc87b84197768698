/** What listings and counts find, in both storages. */
import * as fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import { jsonPayload } from "../../../src/embedded/temporal/payload.ts"
import { MemoryStorage } from "../../../src/embedded/temporal/storage/memory.ts"
import { SqliteStorage } from "../../../src/embedded/temporal/storage/sqlite.ts"
import type { Storage, VisibilityRecord } from "../../../src/embedded/temporal/storage/storage.ts"
import type { AttributeType, CustomTypes } from "../../../src/embedded/temporal/visibility/attributes.ts"
import { allRecords, countRecords, listRecords } from "../../../src/embedded/temporal/visibility/list.ts"
import { decodeValues } from "../../../src/embedded/temporal/visibility/values.ts"
import { openRig } from "./support.ts"
import type { Rig } from "./support.ts"
import { answerToCount, answerToList, refusal, seed } from "./visibility-answers.ts"
import {
  attributeTypes,
  counts,
  differing,
  lists,
  refusedCounts,
  refusedLists
} from "./visibility-queries.ts"

describe.each(["memory", "file"] as const)("list filters on %s storage", (kind) => {
  let rig: Rig
  beforeAll(async () => {
    rig = await openRig({
      ...(kind === "file" ? { file: ":memory:" } : {}),
      searchAttributes: attributeTypes
    })
    await seed(rig.connection, "default")
  })
  afterAll(() => rig.close())

  // Asked without the way there: two more tests below take it.
  const list = (query: string): string => {
    const { engine } = rig.service
    try {
      return listRecords(engine.storage, "default", { query }, engine.searchAttributes("default"))
        .records.map(({ workflowId }) => workflowId)
        .join(",")
    } catch (error) {
      return refusal(error)
    }
  }
  const count = (query: string): string => {
    const { engine } = rig.service
    try {
      return String(countRecords(engine.storage, "default", query, engine.searchAttributes("default")).total)
    } catch (error) {
      return refusal(error)
    }
  }

  it("find what the real server finds", () => {
    for (const [query, answer] of [...lists, ...differing])
      expect([query, list(query)]).toEqual([query, answer])
  })

  it("are refused in the real server's words", async () => {
    for (const [query, answer] of refusedLists) expect([query, list(query)]).toEqual([query, `3 ${answer}`])
    for (const [query, answer] of refusedCounts) expect([query, count(query)]).toEqual([query, `3 ${answer}`])
    expect(await answerToList(rig.connection, "default", "Foo = 'x'")).toBe(
      "3 invalid query: invalid expression: column name 'Foo' is not a valid search attribute"
    )
  })

  it("are counted, by status if asked", async () => {
    for (const [query, answer] of counts)
      expect([query, await answerToCount(rig.connection, "default", query)]).toEqual([query, answer])
  })
})

// Random filters, evaluated a second time by the definitions below.

const types: Readonly<Record<string, AttributeType>> = {
  Word: "Keyword",
  Number: "Int",
  Amount: "Double",
  Flag: "Bool",
  At: "Datetime",
  Tags: "KeywordList",
  Note: "Text"
}
const custom: CustomTypes = (name) => types[name]

interface Row {
  readonly index: number
  readonly word: string | undefined
  readonly number: number | undefined
  readonly amount: number | undefined
  readonly flag: boolean | undefined
  readonly at: number | undefined
  readonly tags: readonly string[] | undefined
  readonly note: readonly string[] | undefined
  readonly start: number
  readonly close: number
  readonly status: number
  readonly parent: string
}

const words = ["a", "ab", "b", "B", "ä", "a%b", "it's", "\ud83d\ude00", "\uffff"]
const epoch = Date.UTC(2026, 0, 1)
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 })
const word = fc.constantFrom(...words)
const small = fc.integer({ min: -2, max: 3 })

const row: fc.Arbitrary<Omit<Row, "index">> = fc.record({
  word: maybe(word),
  number: maybe(small),
  amount: maybe(fc.constantFrom(-1.5, 0, 0.25, 1, 2)),
  flag: maybe(fc.boolean()),
  at: maybe(small),
  tags: maybe(fc.array(word, { minLength: 1, maxLength: 3 })),
  note: maybe(fc.array(fc.constantFrom("one", "two", "three"), { minLength: 1, maxLength: 3 })),
  start: fc.integer({ min: 0, max: 3 }),
  close: fc.integer({ min: 0, max: 3 }),
  status: fc.integer({ min: 2, max: 5 }),
  parent: fc.constantFrom("", "p")
})

const time = (value: number): string => new Date(epoch + value * 1000).toISOString()

const recordOf = (each: Row): VisibilityRecord => {
  const searchAttributes = Object.fromEntries(
    Object.entries({
      Word: each.word,
      Number: each.number,
      Amount: each.amount,
      Flag: each.flag,
      At: each.at === undefined ? undefined : time(each.at),
      Tags: each.tags,
      Note: each.note?.join(", ")
    }).flatMap(([name, value]) => (value === undefined ? [] : [[name, jsonPayload(value)]]))
  )
  return {
    namespace: "default",
    workflowId: `w${each.index % 5}`,
    runId: `r${String(each.index).padStart(3, "0")}`,
    type: "t",
    status: each.close === 0 ? 1 : each.status,
    startTime: epoch + each.start,
    executionTime: epoch + each.start,
    closeTime: each.close === 0 ? 0 : epoch + 10 + each.close,
    taskQueue: "q",
    historyLength: each.index,
    historySize: 100,
    stateTransitions: 1,
    firstRunId: "",
    parentWorkflowId: each.parent,
    parentRunId: "",
    rootWorkflowId: "root",
    rootRunId: "root",
    memo: {},
    searchAttributes,
    attributes: decodeValues(searchAttributes, custom)
  }
}

const fill = (storage: Storage, records: readonly VisibilityRecord[]): void =>
  storage.commit(
    records.map((record) => ({
      namespace: record.namespace,
      workflowId: record.workflowId,
      runId: record.runId,
      base: 0,
      frames: [],
      overlay: () => "",
      attempts: () => [],
      open: record.closeTime === 0,
      wakeAt: Number.POSITIVE_INFINITY,
      hasTasks: false,
      closeTime: record.closeTime,
      historySize: record.historySize,
      visibility: () => record,
      detailsChanged: false,
      current: false
    })),
    []
  )

type Truth = boolean | undefined

interface Condition {
  readonly text: string
  readonly holds: (each: Row) => Truth
}

const quote = (value: string): string => `'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`
const points = (value: string): number[] => Array.from(value, (char) => char.codePointAt(0) ?? 0)
const order = (a: string | number, b: string | number): number => {
  if (typeof a === "number" || typeof b === "number") return Number(a) - Number(b)
  const [left, right] = [points(a), points(b)]
  const at = left.findIndex((point, index) => point !== right[index])
  return at < 0 ? left.length - right.length : (left[at] ?? 0) - (right[at] ?? -1)
}

const operators: readonly (readonly [text: string, holds: (order: number) => boolean])[] = [
  ["=", (result) => result === 0],
  ["!=", (result) => result !== 0],
  ["<", (result) => result < 0],
  ["<=", (result) => result <= 0],
  [">", (result) => result > 0],
  [">=", (result) => result >= 0]
]

const onValue =
  (read: (each: Row) => string | number | undefined, test: (value: string | number) => boolean) =>
  (each: Row): Truth => {
    const value = read(each)
    return value === undefined ? undefined : test(value)
  }

/** All conditions on an attribute whose values have an order. */
const ordered = <T extends string | number>(
  name: string,
  values: fc.Arbitrary<T>,
  read: (each: Row) => T | undefined,
  literal: (value: T) => string
): fc.Arbitrary<Condition> =>
  fc.oneof(
    fc.tuple(fc.constantFrom(...operators), values).map(([[operator, holds], value]) => ({
      text: `${name} ${operator} ${literal(value)}`,
      holds: onValue(read, (found) => holds(order(found, value)))
    })),
    fc.tuple(fc.array(values, { minLength: 1, maxLength: 3 }), fc.boolean()).map(([list, not]) => ({
      text: `${name} ${not ? "not in" : "IN"} (${list.map(literal).join(", ")})`,
      holds: onValue(read, (found) => list.some((value) => value === found) !== not)
    })),
    fc.tuple(values, values, fc.boolean()).map(([from, to, not]) => ({
      text: `${name} ${not ? "NOT " : ""}BETWEEN ${literal(from)} AND ${literal(to)}`,
      holds: onValue(read, (found) => (order(found, from) >= 0 && order(found, to) <= 0) !== not)
    }))
  )

const isNull = (name: string, read: (each: Row) => unknown): fc.Arbitrary<Condition> =>
  fc.boolean().map((not) => ({
    text: `${name} IS ${not ? "NOT " : ""}NULL`,
    holds: (each: Row) => (read(each) === undefined) !== not
  }))

const condition: fc.Arbitrary<Condition> = fc.oneof(
  ordered("Word", word, (each) => each.word, quote),
  ordered("Number", small, (each) => each.number, String),
  ordered(
    "Amount",
    fc.constantFrom(0, 0.25, 1),
    (each) => each.amount,
    (value) => value.toFixed(2)
  ),
  ordered(
    "At",
    small,
    (each) => each.at,
    (value) => quote(time(value))
  ),
  fc.boolean().map((value) => ({
    text: `Flag = ${value}`,
    holds: (each: Row) => (each.flag === undefined ? undefined : each.flag === value)
  })),
  fc.tuple(word, fc.boolean()).map(([prefix, not]) => ({
    text: `Word ${not ? "NOT " : ""}STARTS_WITH ${quote(prefix)}`,
    holds: onValue(
      (each) => each.word,
      (found) => String(found).startsWith(prefix) !== not
    )
  })),
  fc.tuple(fc.array(word, { minLength: 1, maxLength: 3 }), fc.boolean()).map(([list, not]) => ({
    text: `Tags ${not ? "NOT " : ""}IN (${list.map(quote).join(",")})`,
    holds: (each: Row) => (each.tags ?? []).some((tag: string) => list.includes(tag)) !== not
  })),
  fc.tuple(fc.constantFrom("one", "TWO", "one-two"), fc.boolean()).map(([phrase, not]) => ({
    text: `Note ${not ? "!=" : "="} '${phrase}'`,
    holds: (each: Row) =>
      ` ${(each.note ?? []).join(" ")} `.includes(` ${phrase.toLowerCase().replace("-", " ")} `) !== not
  })),
  isNull("Word", (each) => each.word),
  isNull("Tags", (each) => each.tags),
  isNull("CloseTime", (each) => each.close || undefined),
  isNull("ParentWorkflowId", (each) => each.parent || undefined),
  fc.constantFrom(1, 2, 5).map((status) => ({
    text: `ExecutionStatus = ${status}`,
    holds: (each: Row) => (each.close === 0 ? 1 : each.status) === status
  })),
  fc.constantFrom("w0", "w1").map((id) => ({
    text: `WorkflowId = '${id}'`,
    holds: (each: Row) => `w${each.index % 5}` === id
  }))
)

const { filter } = fc.letrec<{ filter: Condition }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    condition,
    tie("filter").map((of) => ({
      text: `NOT (${of.text})`,
      holds: (each: Row) => {
        const held = of.holds(each)
        return held === undefined ? undefined : !held
      }
    })),
    fc.tuple(tie("filter"), tie("filter"), fc.boolean()).map(([left, right, isAnd]) => ({
      text: `(${left.text} ${isAnd ? "AND" : "or"} ${right.text})`,
      holds: (each: Row) => {
        const both = new Set([left.holds(each), right.holds(each)])
        return both.has(!isAnd) ? !isAnd : both.has(undefined) ? undefined : isAnd
      }
    }))
  )
}))

const sortKeys = fc.constantFrom("", "Word", "Number DESC", "CloseTime", "Tags", "Word DESC, Number")

const readers: Readonly<Record<string, (each: Row) => string | number | undefined>> = {
  Word: (each) => each.word,
  Number: (each) => each.number,
  CloseTime: (each) => each.close || undefined,
  Tags: (each) => each.tags && JSON.stringify(each.tags)
}

const sorted = (rows: readonly Row[], keys: string): Row[] =>
  rows.toSorted((a, b) => {
    for (const key of keys === "" ? [] : keys.split(", ")) {
      const [name = "", direction] = key.split(" ")
      const [left, right] = [readers[name]?.(a), readers[name]?.(b)]
      if (left === undefined || right === undefined) {
        if (left !== right) return left === undefined ? 1 : -1
        continue
      }
      const result = order(left, right)
      if (result !== 0) return direction === "DESC" ? -result : result
    }
    const end = (each: Row): number => each.close || 99
    return end(b) - end(a) || b.start - a.start || a.index - b.index
  })

describe("random filters", () => {
  it("find in both storages what their conditions say, page by page", () => {
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 25 }),
        fc.array(fc.tuple(filter, sortKeys, fc.integer({ min: 1, max: 6 })), { minLength: 1, maxLength: 8 }),
        (some, queries) => {
          const rows = some.map((each, index): Row => ({ ...each, index }))
          const storages = [new MemoryStorage(), new SqliteStorage(":memory:", "off")]
          for (const storage of storages) fill(storage, rows.map(recordOf))
          for (const [{ text, holds }, keys, pageSize] of queries) {
            const found = rows.filter((each) => holds(each) === true)
            const expected = sorted(found, keys).map((each) => recordOf(each).runId)
            for (const storage of storages) {
              const query = keys === "" ? text : `${text} ORDER BY ${keys}`
              const ids: string[] = []
              let nextPageToken = new Uint8Array(0)
              do {
                const page = listRecords(storage, "default", { query, pageSize, nextPageToken }, custom)
                ids.push(...page.records.map((record) => record.runId))
                nextPageToken = new Uint8Array(page.nextPageToken)
              } while (nextPageToken.length > 0)
              expect({ query, ids }).toEqual({ query, ids: expected })
              expect(countRecords(storage, "default", text, custom).total).toBe(expected.length)
            }
          }
          for (const storage of storages) storage.close()
        }
      ),
      { numRuns: 12 }
    )
  })

  it("are parsed or refused, never anything else", () => {
    const storage = new MemoryStorage()
    const piece = fc.constantFrom(
      ..."Word Number Tags Note At = != < IN NOT AND OR ( ) , BETWEEN IS NULL STARTS_WITH ORDER BY GROUP 'x' 5 -1 1.5 true ` \" ' -- /* ; . $".split(
        " "
      )
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(" "))
        ),
        (query) => {
          try {
            listRecords(storage, "default", { query }, custom)
          } catch (error) {
            expect(error).toMatchObject({ name: "ServiceError", code: 3 })
          }
        }
      ),
      { numRuns: 200 }
    )
  })
})

describe("pages", () => {
  const record = (index: number, closeTime: number): VisibilityRecord =>
    recordOf({
      index,
      word: undefined,
      number: undefined,
      amount: undefined,
      flag: undefined,
      at: undefined,
      tags: undefined,
      note: undefined,
      start: index,
      close: closeTime,
      status: 2,
      parent: ""
    })

  it.each(["memory", "file"] as const)(
    "neither repeat nor leave out what is there all the time (%s)",
    (kind) => {
      const storage = kind === "memory" ? new MemoryStorage() : new SqliteStorage(":memory:", "off")
      fill(
        storage,
        Array.from({ length: 6 }, (_, index) => record(index, 0))
      )
      const first = listRecords(storage, "default", { pageSize: 2 }, custom)
      expect(first.records.map(({ runId }) => runId)).toEqual(["r005", "r004"])
      // One of the page goes, and a newer one comes.
      storage.deleteRun(record(4, 0))
      fill(storage, [record(6, 0)])
      const rest = listRecords(storage, "default", { nextPageToken: first.nextPageToken }, custom)
      expect(rest.records.map(({ runId }) => runId)).toEqual(["r003", "r002", "r001", "r000"])
      expect(Array.from(allRecords(storage, "default", "", custom)).flat()).toHaveLength(6)
      expect(() => listRecords(storage, "default", { nextPageToken: Buffer.from("bad") }, custom)).toThrow(
        "Invalid NextPageToken."
      )
      storage.close()
    }
  )
})
