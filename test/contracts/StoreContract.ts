/** What every `Store` layer must do, whatever runs behind it. */
import { assert, layer as withLayer } from "@effect/vitest"
import { Effect, type Layer, Option } from "effect"
import { randomUUID } from "node:crypto"
import {
  Store,
  type ApiKey,
  type TaskState,
  type User,
  type WorkflowState
} from "../../src/services/Store.ts"

const freshId = (name: string) => `${name}-${randomUUID()}`

const workflowState = (fields: Partial<WorkflowState> = {}): WorkflowState => ({
  executionId: freshId("execution"),
  workflowId: "report",
  status: "RUNNING",
  input: { city: "Zürich" },
  output: null,
  error: null,
  definition: null,
  parentExecutionId: null,
  startedAt: 1_700_000_000_000,
  updatedAt: 1_700_000_000_001,
  closedAt: null,
  eventId: 1,
  ...fields
})

const taskState = (fields: Partial<TaskState> = {}): TaskState => ({
  executionId: freshId("execution"),
  path: "fetch",
  attempt: 1,
  parentPath: null,
  workflowId: "report",
  taskId: "fetch",
  type: "tool",
  component: "weather",
  status: "RUNNING",
  input: { city: "Zürich" },
  output: null,
  error: null,
  startedAt: 1_700_000_000_000,
  updatedAt: 1_700_000_000_001,
  closedAt: null,
  eventId: 5,
  ...fields
})

const user = (fields: Partial<User> = {}): User => {
  const id = freshId("user")
  return { id, email: `${id}@example.com`, role: "user", createdAt: 1_700_000_000_000, ...fields }
}

const apiKey = (userId: string, fields: Partial<ApiKey> = {}): ApiKey => ({
  id: freshId("key"),
  userId,
  hash: Uint8Array.from([0, 1, 2, 255]),
  fingerprint: freshId("fingerprint"),
  prefix: freshId("cpzy"),
  createdAt: 1_700_000_000_000,
  lastUsedAt: null,
  ...fields
})

/** Declares the suite for one layer. */
export const suite = (name: string, layer: Layer.Layer<Store, unknown>): void => {
  withLayer(layer, { excludeTestServices: true, timeout: 60_000 })(`Store: ${name}`, (it) => {
    it.effect("answers a ping", () => Effect.flatMap(Store, (store) => store.ping))

    it.effect("gives back an execution as it was written", () =>
      Effect.gen(function* () {
        const store = yield* Store
        const state = workflowState({
          status: "FAILED",
          input: { z: 1, a: [null, true, 1.5, "\u0000 ✓ \ud83d\ude80"], nested: {} },
          output: "text",
          error: { code: "TOOL_FAILED", message: "no network", task: "fetch", details: [1] },
          definition: "sha256:abc",
          parentExecutionId: "parent",
          closedAt: 1_700_000_000_500,
          eventId: 9_007_199_254_740_991
        })
        yield* store.putWorkflowState(state)
        const stored = Option.getOrThrow(yield* store.getWorkflowState(state.executionId))
        assert.deepStrictEqual(stored, state)
        assert.deepStrictEqual(Object.keys(Object(stored.input)), ["z", "a", "nested"])
      })
    )

    it.effect("has no execution that was not written", () =>
      Effect.gen(function* () {
        const store = yield* Store
        assert.isTrue(Option.isNone(yield* store.getWorkflowState(freshId("missing"))))
        assert.isTrue(Option.isNone(yield* store.getTaskState(freshId("missing"), "fetch")))
        assert.isTrue(Option.isNone(yield* store.getBlob("missing")))
      })
    )

    it.effect("keeps the execution with the higher event id, in whatever order they come", () =>
      Effect.gen(function* () {
        const store = yield* Store
        const running = workflowState({ eventId: 3 })
        const done = { ...running, status: "SUCCESS" as const, output: "done", eventId: 8 }
        yield* store.putWorkflowState(done)
        yield* store.putWorkflowState(running)
        assert.deepStrictEqual(Option.getOrThrow(yield* store.getWorkflowState(running.executionId)), done)
      })
    )

    it.effect("never shows a finished execution as running at the same event id", () =>
      Effect.gen(function* () {
        const store = yield* Store
        const running = workflowState({ eventId: 8 })
        const done = { ...running, status: "SUCCESS" as const, output: "done" }
        yield* store.putWorkflowState(running)
        yield* store.putWorkflowState(done)
        yield* store.putWorkflowState(running)
        assert.deepStrictEqual(Option.getOrThrow(yield* store.getWorkflowState(running.executionId)), done)
      })
    )

    it.effect("lists executions newest first, page by page", () =>
      Effect.gen(function* () {
        const store = yield* Store
        const workflowId = freshId("listed")
        const ids = ["a", "b", "c", "d", "e"].map((letter) => `${workflowId}-${letter}`)
        // b, c and d began in the same millisecond.
        const times = [1_000, 2_000, 2_000, 2_000, 3_000]
        for (const [index, executionId] of ids.entries()) {
          yield* store.putWorkflowState(
            workflowState({ executionId, workflowId, startedAt: times[index] ?? 0 })
          )
        }
        const seen: Array<string> = []
        let cursor: string | null = null
        do {
          const page: { readonly items: ReadonlyArray<WorkflowState>; readonly next: string | null } =
            yield* store.listWorkflowStates({ workflowId, limit: 2, ...(cursor !== null && { cursor }) })
          seen.push(...page.items.map(({ executionId }) => executionId))
          cursor = page.next
        } while (cursor !== null)
        assert.deepStrictEqual(seen, ids.toReversed())
      })
    )

    it.effect("lists executions by status", () =>
      Effect.gen(function* () {
        const store = yield* Store
        const workflowId = freshId("listed")
        const states = (["RUNNING", "SUCCESS", "FAILED"] as const).map((status) =>
          workflowState({ workflowId, status })
        )
        yield* Effect.forEach(states, store.putWorkflowState)
        const page = yield* store.listWorkflowStates({ workflowId, status: ["RUNNING", "FAILED"] })
        assert.sameMembers(
          page.items.map(({ status }) => status),
          ["RUNNING", "FAILED"]
        )
        assert.isNull(page.next)
        const none = yield* store.listWorkflowStates({ workflowId, status: [] })
        assert.deepStrictEqual(none, { items: [], next: null })
      })
    )

    it.effect("refuses a cursor and a limit that make no sense", () =>
      Effect.gen(function* () {
        const store = yield* Store
        const errors = yield* Effect.all([
          Effect.flip(store.listWorkflowStates({ cursor: "not-a-cursor" })),
          Effect.flip(store.listWorkflowStates({ limit: 501 })),
          Effect.flip(store.listTaskStates("any", { limit: 0 }))
        ])
        assert.deepStrictEqual(
          errors.map((error) => error._tag),
          ["InvalidRequest", "InvalidRequest", "InvalidRequest"]
        )
      })
    )

    it.effect("gives back a step as it was written", () =>
      Effect.gen(function* () {
        const store = yield* Store
        const state = taskState({
          path: "reports[2].fetch",
          parentPath: "reports[2]",
          status: "SUCCESS",
          output: [1, "two"],
          closedAt: 1_700_000_000_900
        })
        yield* store.putTaskStates([state])
        assert.deepStrictEqual(
          Option.getOrThrow(yield* store.getTaskState(state.executionId, "reports[2].fetch")),
          state
        )
      })
    )

    it.effect("keeps the newest state of a step: by event id, then by attempt", () =>
      Effect.gen(function* () {
        const store = yield* Store
        const first = taskState({ eventId: 5, attempt: 1 })
        const second = { ...first, attempt: 2 }
        const done = { ...first, attempt: 2, eventId: 7, status: "SUCCESS" as const }
        const late = { ...first, attempt: 3 }
        const read = Effect.map(store.getTaskState(first.executionId, first.path), Option.getOrThrow)
        yield* store.putTaskStates([second])
        yield* store.putTaskStates([first])
        assert.deepStrictEqual(yield* read, second)
        yield* store.putTaskStates([done])
        yield* store.putTaskStates([late])
        assert.deepStrictEqual(yield* read, done)
      })
    )

    it.effect("writes many steps at once, one of them several times", () =>
      Effect.gen(function* () {
        const store = yield* Store
        const executionId = freshId("execution")
        const steps = Array.from({ length: 150 }, (_, index) =>
          taskState({ executionId, path: `items[${index}]`, parentPath: "items", startedAt: 1_000 + index })
        )
        const finished = steps.map((step) => ({ ...step, status: "SUCCESS" as const, eventId: 9 }))
        yield* store.putTaskStates([...finished, ...steps])
        const page = yield* store.listTaskStates(executionId)
        assert.deepStrictEqual(page, { items: finished, next: null })
        yield* store.putTaskStates([])
      })
    )

    it.effect("lists steps in the order they started, page by page, by container", () =>
      Effect.gen(function* () {
        const store = yield* Store
        const executionId = freshId("execution")
        const step = (path: string, parentPath: string | null, startedAt: number) =>
          taskState({ executionId, path, parentPath, startedAt })
        yield* store.putTaskStates([
          step("block", null, 1_000),
          step("block.second", "block", 3_000),
          step("block.first", "block", 2_000),
          step("after", null, 4_000)
        ])
        const all = yield* store.listTaskStates(executionId, { limit: 3 })
        assert.deepStrictEqual(
          all.items.map(({ path }) => path),
          ["block", "block.first", "block.second"]
        )
        const rest = yield* store.listTaskStates(executionId, { limit: 3, cursor: all.next ?? "" })
        assert.deepStrictEqual(
          rest.items.map(({ path }) => path),
          ["after"]
        )
        const inside = yield* store.listTaskStates(executionId, { parentPath: "block" })
        assert.deepStrictEqual(
          inside.items.map(({ path }) => path),
          ["block.first", "block.second"]
        )
        const top = yield* store.listTaskStates(executionId, { parentPath: null })
        assert.deepStrictEqual(
          top.items.map(({ path }) => path),
          ["block", "after"]
        )
      })
    )

    it.effect("keeps bytes by their hash", () =>
      Effect.gen(function* () {
        const store = yield* Store
        const hash = freshId("hash")
        const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index % 256)
        yield* store.putBlob({ hash, bytes })
        yield* store.putBlob({ hash, bytes })
        assert.deepStrictEqual(Option.getOrThrow(yield* store.getBlob(hash)), bytes)
      })
    )

    it.effect("deletes an execution with its steps and the blobs that only it uses", () =>
      Effect.gen(function* () {
        const store = yield* Store
        const one = workflowState()
        const other = workflowState()
        const bytes = Uint8Array.of(1)
        const [own, shared, definition] = [freshId("own"), freshId("shared"), freshId("definition")]
        yield* store.putWorkflowState(one)
        yield* store.putWorkflowState({ ...other, definition })
        yield* store.putTaskStates([taskState({ executionId: one.executionId })])
        yield* store.putBlob({ hash: own, bytes, executionId: one.executionId })
        yield* store.putBlob({ hash: shared, bytes, executionId: one.executionId })
        yield* store.putBlob({ hash: shared, bytes, executionId: other.executionId })
        yield* store.putBlob({ hash: definition, bytes, executionId: one.executionId })
        yield* store.deleteWorkflowState(one.executionId)
        assert.isTrue(Option.isNone(yield* store.getWorkflowState(one.executionId)))
        assert.isTrue(Option.isNone(yield* store.getTaskState(one.executionId, "fetch")))
        assert.isTrue(Option.isNone(yield* store.getBlob(own)))
        assert.isTrue(Option.isSome(yield* store.getBlob(shared)))
        assert.isTrue(Option.isSome(yield* store.getBlob(definition)))
        assert.isTrue(Option.isSome(yield* store.getWorkflowState(other.executionId)))
      })
    )

    it.effect("keeps users, and finds them by e-mail whatever its case", () =>
      Effect.gen(function* () {
        const store = yield* Store
        const id = freshId("user")
        const ada = user({ id, email: `Ada.Ångström-${id}@Example.com`, role: "admin" })
        yield* store.createUser(ada)
        assert.deepStrictEqual(Option.getOrThrow(yield* store.getUser(ada.id)), ada)
        const found = yield* store.getUserByEmail(ada.email.toUpperCase())
        assert.deepStrictEqual(Option.getOrThrow(found), ada)
        assert.include(
          (yield* store.listUsers).map(({ id }) => id),
          ada.id
        )
        const taken = yield* Effect.flip(store.createUser(user({ email: ada.email.toLowerCase() })))
        assert.strictEqual(taken._tag, "Conflict")
      })
    )

    it.effect("keeps API keys of users", () =>
      Effect.gen(function* () {
        const store = yield* Store
        const owner = user()
        yield* store.createUser(owner)
        const key = apiKey(owner.id)
        yield* store.createApiKey(key)
        assert.deepStrictEqual(Option.getOrThrow(yield* store.getApiKeyByFingerprint(key.fingerprint)), key)
        yield* store.touchApiKey(key.id, 1_700_000_000_123)
        assert.deepStrictEqual(yield* store.listApiKeys(owner.id), [
          { ...key, lastUsedAt: 1_700_000_000_123 }
        ])
        const taken = yield* Effect.flip(
          store.createApiKey(apiKey(owner.id, { fingerprint: key.fingerprint }))
        )
        assert.strictEqual(taken._tag, "Conflict")
        yield* store.deleteApiKey(key.id)
        assert.deepStrictEqual(yield* store.listApiKeys(owner.id), [])
      })
    )

    it.effect("refuses the API key of nobody", () =>
      Effect.gen(function* () {
        const store = yield* Store
        const error = yield* Effect.flip(store.createApiKey(apiKey(freshId("nobody"))))
        assert.strictEqual(error._tag, "NotFound")
      })
    )

    it.effect("deletes a user with its API keys", () =>
      Effect.gen(function* () {
        const store = yield* Store
        const owner = user()
        const key = apiKey(owner.id)
        yield* store.createUser(owner)
        yield* store.createApiKey(key)
        yield* store.deleteUser(owner.id)
        assert.isTrue(Option.isNone(yield* store.getUser(owner.id)))
        assert.isTrue(Option.isNone(yield* store.getApiKeyByFingerprint(key.fingerprint)))
      })
    )

    it.effect("commits what a transaction wrote", () =>
      Effect.gen(function* () {
        const store = yield* Store
        const state = workflowState()
        const step = taskState({ executionId: state.executionId })
        yield* store.withTransaction(
          Effect.andThen(store.putWorkflowState(state), store.putTaskStates([step]))
        )
        assert.isTrue(Option.isSome(yield* store.getWorkflowState(state.executionId)))
        assert.isTrue(Option.isSome(yield* store.getTaskState(state.executionId, step.path)))
      })
    )

    it.effect("undoes what a failed transaction wrote, and gives its error", () =>
      Effect.gen(function* () {
        const store = yield* Store
        const state = workflowState()
        const error = yield* Effect.flip(
          store.withTransaction(Effect.andThen(store.putWorkflowState(state), Effect.fail("changed my mind")))
        )
        assert.strictEqual(error, "changed my mind")
        assert.isTrue(Option.isNone(yield* store.getWorkflowState(state.executionId)))
      })
    )

    it.effect("undoes only the inner one of two nested transactions", () =>
      Effect.gen(function* () {
        const store = yield* Store
        const outer = workflowState()
        const inner = workflowState()
        yield* store.withTransaction(
          Effect.gen(function* () {
            yield* store.putWorkflowState(outer)
            yield* Effect.ignore(
              store.withTransaction(Effect.andThen(store.putWorkflowState(inner), Effect.fail("no")))
            )
          })
        )
        assert.isTrue(Option.isSome(yield* store.getWorkflowState(outer.executionId)))
        assert.isTrue(Option.isNone(yield* store.getWorkflowState(inner.executionId)))
      })
    )

    it.effect("takes writes of many fibers at once", () =>
      Effect.gen(function* () {
        const store = yield* Store
        const workflowId = freshId("concurrent")
        yield* Effect.forEach(
          Array.from({ length: 100 }, (_, index) => index),
          (index) =>
            store.withTransaction(store.putWorkflowState(workflowState({ workflowId, startedAt: index }))),
          { concurrency: 20 }
        )
        const page = yield* store.listWorkflowStates({ workflowId, limit: 500 })
        assert.strictEqual(page.items.length, 100)
      })
    )
  })
}
