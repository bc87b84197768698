/** What each endpoint does: a thin translation between HTTP and `Executions`. */
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Status } from "../../services/Store.ts"
import type { Execution, ExecutionEvent, Executions, Json, StartOptions } from "../Executions.ts"
import { WorkflowNotFound } from "../ExecutionError.ts"
import { nearestOf } from "../../workflow/Nearest.ts"
import { apiPrefix, type Endpoints, endpoints } from "./Api.ts"
import type { EndpointRequest } from "./Endpoint.ts"
import type { HttpReply } from "./HttpExchange.ts"
import { type HandlerError, ProblemError } from "./Problem.ts"
import { endpointRoute, type Route } from "./Router.ts"

/** What the handlers work with. */
export interface HandlerContext {
  readonly executions: Context.Service.Shape<typeof Executions>
  /** Completes when the server begins to shut down. */
  readonly draining: Deferred.Deferred<void>
  /** Milliseconds that `.../executions/sync` waits for the end of an execution. */
  readonly requestTimeout: number
}

const isClosed = (execution: Execution) => execution.closedAt !== null

const urlOf = (executionId: string) => `${apiPrefix}/executions/workflows/${encodeURIComponent(executionId)}`

const badRequest = (detail: string) => new ProblemError("COMPOZY_BAD_REQUEST", detail)

const statusesOf = (
  text: string | undefined
): Effect.Effect<ReadonlyArray<Status> | undefined, ProblemError> => {
  if (text === undefined) return Effect.succeed(undefined)
  const wanted = text.split(",").map((name) => name.trim().toUpperCase())
  const known: ReadonlyArray<Status> = Status.literals
  const statuses = known.filter((status) => wanted.includes(status))
  const unknown = wanted.filter((name) => !statuses.some((status) => status === name))
  return unknown.length === 0
    ? Effect.succeed(statuses)
    : Effect.fail(badRequest(`"${unknown[0]}" is no status. The statuses are ${known.join(", ")}.`))
}

const idempotencyKey = (
  header: (name: string) => string | undefined
): Effect.Effect<StartOptions, ProblemError> => {
  const key = header("x-idempotency-key")
  if (key === undefined) return Effect.succeed({})
  return key === "" || key.length > 255
    ? Effect.fail(badRequest("X-Idempotency-Key must have 1 to 255 characters."))
    : Effect.succeed({ idempotencyKey: key })
}

/** A body value: `JSON.parse` made it. */
const asJson = (value: unknown): Json => value as Json

const frameOf = (event: ExecutionEvent) =>
  `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

const eventTypes = (text: string | undefined): ReadonlySet<string> | undefined =>
  text === undefined ? undefined : new Set(text.split(",").map((type) => type.trim()))

const lastEventId = (
  header: (name: string) => string | undefined
): Effect.Effect<number | undefined, ProblemError> => {
  const text = header("last-event-id")
  if (text === undefined || text === "") return Effect.succeed(undefined)
  return /^\d{1,15}$/.test(text)
    ? Effect.succeed(Number(text))
    : Effect.fail(badRequest("Last-Event-ID must be the number of an event."))
}

/** The routes of every endpoint. */
export const makeApiRoutes = (context: HandlerContext): ReadonlyArray<Route> => {
  const { executions, draining, requestTimeout } = context
  const isDraining = Effect.sync(() => Deferred.isDoneUnsafe(draining))

  const whenOpen = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | ProblemError> =>
    Effect.flatMap(isDraining, (closing): Effect.Effect<A, E | ProblemError> =>
      closing
        ? Effect.fail(
            new ProblemError("COMPOZY_SHUTTING_DOWN", "The server is shutting down and takes no new work.")
          )
        : effect
    )

  const knownWorkflow = (id: string): Effect.Effect<void, WorkflowNotFound> =>
    executions.workflows.has(id)
      ? Effect.void
      : Effect.fail(
          new WorkflowNotFound({
            workflow: id,
            suggestion: nearestOf(id, [...executions.workflows.keys()]) ?? null
          })
        )

  const start = (
    request: EndpointRequest<Endpoints["startExecution"]> | EndpointRequest<Endpoints["startExecutionSync"]>
  ) =>
    whenOpen(
      Effect.gen(function* () {
        const options = yield* idempotencyKey(request.header)
        const { input, timeout } = request.payload
        return yield* executions.start(request.params.workflow_id, asJson(input ?? {}), {
          ...options,
          ...(timeout === undefined ? {} : { timeout })
        })
      })
    )

  const list = Effect.fnUntraced(function* (
    workflowId: string | undefined,
    query: { readonly limit?: number; readonly cursor?: string; readonly status?: string }
  ): Effect.fn.Return<HttpReply, HandlerError> {
    const status = yield* statusesOf(query.status)
    const page = yield* executions.list({
      ...(workflowId === undefined ? {} : { workflowId }),
      ...(status === undefined ? {} : { status }),
      ...(query.limit === undefined ? {} : { limit: query.limit }),
      ...(query.cursor === undefined ? {} : { cursor: query.cursor })
    })
    return { status: 200, json: page }
  })

  const stream = Effect.fnUntraced(function* (
    request: EndpointRequest<Endpoints["streamExecution"]>
  ): Effect.fn.Return<HttpReply, HandlerError> {
    const after = yield* lastEventId(request.header)
    const types = eventTypes(request.query.events)
    const execution = yield* executions.get(request.params.exec_id)
    const events = executions.events(execution.executionId, after === undefined ? {} : { after })
    if (after !== undefined && isClosed(execution)) {
      // 204 tells an EventSource that has seen everything to stop reconnecting.
      const rest = yield* Stream.runCollect(events)
      if (rest.length === 0) return { status: 204 }
      const wanted = rest.filter((event) => types?.has(event.type) ?? true)
      return { status: 200, frames: Stream.fromIterable(wanted.map(frameOf)) }
    }
    return {
      status: 200,
      frames: events.pipe(
        Stream.filter((event) => types?.has(event.type) ?? true),
        Stream.map(frameOf),
        Stream.interruptWhen(Deferred.await(draining))
      )
    }
  })

  const sync = Effect.fnUntraced(function* (
    request: EndpointRequest<Endpoints["startExecutionSync"]>
  ): Effect.fn.Return<HttpReply, HandlerError> {
    const { executionId } = yield* start(request)
    const ended = yield* executions.result(executionId).pipe(
      Effect.timeoutOption(requestTimeout),
      Effect.map((option) => (option._tag === "Some" ? option.value : undefined)),
      Effect.raceFirst(Effect.as(Deferred.await(draining), undefined))
    )
    if (ended !== undefined) return { status: 200, json: ended }
    const soFar = yield* executions.get(executionId)
    return {
      status: isClosed(soFar) ? 200 : 202,
      headers: { location: urlOf(executionId) },
      json: soFar
    }
  })

  const route = <Name extends keyof Endpoints>(
    name: Name,
    handler: (request: EndpointRequest<Endpoints[Name]>) => Effect.Effect<HttpReply, HandlerError>
  ) => endpointRoute(apiPrefix, endpoints[name], handler)

  return [
    route("listWorkflows", () =>
      Effect.sync(() => ({
        status: 200,
        json: {
          items: Array.from(executions.workflows.values(), (definition) => ({
            id: definition.id,
            description: definition.description ?? null,
            version: definition.version ?? null,
            input: definition.input,
            output: definition.output
          }))
        }
      }))
    ),
    route("getWorkflow", ({ params }) =>
      Effect.as(knownWorkflow(params.workflow_id), {
        status: 200,
        json: executions.workflows.get(params.workflow_id)
      })
    ),
    route("startExecution", (request) =>
      Effect.gen(function* () {
        const { executionId, created } = yield* start(request)
        const url = urlOf(executionId)
        const status = created ? "RUNNING" : (yield* executions.get(executionId)).status
        return {
          status: created ? 202 : 200,
          headers: { location: url },
          json: { executionId, workflow: request.params.workflow_id, status, url }
        }
      })
    ),
    route("startExecutionSync", sync),
    route("listWorkflowExecutions", ({ params, query }) =>
      Effect.andThen(knownWorkflow(params.workflow_id), list(params.workflow_id, query))
    ),
    route("listExecutions", ({ query }) => list(query.workflow_id, query)),
    route("getExecution", ({ params }) =>
      Effect.map(executions.get(params.exec_id), (execution) => ({ status: 200, json: execution }))
    ),
    route("listTasks", ({ params, query }) =>
      Effect.map(executions.tasks(params.exec_id, query), (page) => ({ status: 200, json: page }))
    ),
    route("streamExecution", stream),
    route("cancelExecution", ({ params }) =>
      whenOpen(
        Effect.as(executions.cancel(params.exec_id), { status: 202, json: { executionId: params.exec_id } })
      )
    ),
    route("signalExecution", ({ params, payload }) =>
      whenOpen(
        Effect.as(executions.signal(params.exec_id, payload.signal_name, asJson(payload.payload ?? null)), {
          status: 202,
          json: { executionId: params.exec_id, signal_name: payload.signal_name }
        })
      )
    )
  ]
}
