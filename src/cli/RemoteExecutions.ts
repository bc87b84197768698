/** Executions on a running server, by its HTTP API: the same surface as in-process, as far as commands need it. */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Execution, ExecutionEvent, Executions, Json } from "../runtime/Executions.ts"
import type { WorkflowDefinition } from "../workflow/Definition.ts"

/** An answer of the server that is an error. */
export class ServerProblem extends Schema.TaggedError<ServerProblem>()("ServerProblem", {
  code: Schema.String,
  message: Schema.String,
  issues: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        path: Schema.Array(Schema.Union([Schema.String, Schema.Number])),
        message: Schema.String
      })
    )
  )
}) {
  readonly isRetryable = false
}

type Local = Context.Service.Shape<typeof Executions>

/** What commands need of executions, wherever they run. */
export interface ExecutionsClient {
  readonly definition: (workflowId: string) => Effect.Effect<WorkflowDefinition, unknown>
  readonly start: (
    ...args: Parameters<Local["start"]>
  ) => Effect.Effect<{ readonly executionId: string; readonly created: boolean }, unknown>
  readonly get: (executionId: string) => Effect.Effect<Execution, unknown>
  readonly result: (executionId: string) => Effect.Effect<Execution, unknown>
  readonly tasks: (...args: Parameters<Local["tasks"]>) => Effect.Effect<TaskPage, unknown>
  readonly list: (...args: Parameters<Local["list"]>) => Effect.Effect<ExecutionPage, unknown>
  readonly cancel: (executionId: string) => Effect.Effect<void, unknown>
  readonly signal: (executionId: string, signal: string, payload: Json) => Effect.Effect<void, unknown>
  readonly events: (
    executionId: string,
    options?: { readonly after?: number }
  ) => Stream.Stream<ExecutionEvent, unknown>
}

/** A page of executions. */
export type ExecutionPage = Effect.Success<ReturnType<Local["list"]>>
/** A page of steps. */
export type TaskPage = Effect.Success<ReturnType<Local["tasks"]>>

const problemOf = (status: number, body: unknown): ServerProblem => {
  if (
    Predicate.hasProperty(body, "code") &&
    typeof body.code === "string" &&
    Predicate.hasProperty(body, "detail") &&
    typeof body.detail === "string"
  ) {
    const issues =
      Predicate.hasProperty(body, "issues") && Array.isArray(body.issues) ? { issues: body.issues } : {}
    return new ServerProblem({ code: body.code, message: body.detail, ...issues })
  }
  return new ServerProblem({ code: "COMPOZY_INTERNAL", message: `The server answered ${status}.` })
}

const unreachable = (url: string) => (cause: unknown) =>
  new ServerProblem({
    code: "COMPOZY_UNAVAILABLE",
    message: `The server at ${url} does not answer (${cause instanceof Error ? cause.message : String(cause)}). Is it still running?`
  })

interface Frame {
  readonly event: string
  readonly data: string
}

const parseFrame = (text: string): Frame => {
  let event = "message"
  const data: Array<string> = []
  for (const line of text.split("\n")) {
    if (line.startsWith("event:")) event = line.slice(6).trim()
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""))
  }
  return { event, data: data.join("\n") }
}

async function* framesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame> {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true })
    let end = rest.indexOf("\n\n")
    while (end !== -1) {
      const frame = parseFrame(rest.slice(0, end))
      rest = rest.slice(end + 2)
      if (frame.data !== "") yield frame
      end = rest.indexOf("\n\n")
    }
  }
}

/** How to talk to a server. */
export interface RemoteOptions {
  /** How long it has to answer, in milliseconds; streams may stay open. Default: for ever. */
  readonly timeout?: number
  readonly apiKey?: Redacted.Redacted | undefined
}

/**
 * A client of the server at `url`.
 *
 * @param url `http://host:port`
 * @param options time and key
 */
export const remoteExecutions = (url: string, options: RemoteOptions = {}): ExecutionsClient => {
  const api = `${url.replace(/\/$/, "")}/api/v0`
  const key: Record<string, string> =
    options.apiKey === undefined ? {} : { authorization: `Bearer ${Redacted.value(options.apiKey)}` }
  const segment = encodeURIComponent

  const send = (
    path: string,
    init: {
      readonly method?: string
      readonly body?: unknown
      readonly headers?: Record<string, string>
      readonly stream?: boolean
    } = {}
  ) =>
    Effect.tryPromise({
      try: (signal) =>
        fetch(`${api}${path}`, {
          method: init.method ?? "GET",
          signal:
            options.timeout === undefined || init.stream === true
              ? signal
              : AbortSignal.any([signal, AbortSignal.timeout(options.timeout)]),
          redirect: "error",
          headers: {
            ...(init.body === undefined ? {} : { "content-type": "application/json" }),
            ...key,
            ...init.headers
          },
          ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) })
        }),
      catch: unreachable(url)
    })

  // The server of this very config answers with the shapes of Api.ts; its identity was proven before.
  const call = <A>(path: string, init?: Parameters<typeof send>[1]): Effect.Effect<A, ServerProblem> =>
    Effect.flatMap(send(path, init), (response) =>
      Effect.flatMap(
        Effect.tryPromise({
          try: async (): Promise<unknown> => JSON.parse((await response.text()) || "null"),
          catch: unreachable(url)
        }),
        (body) => (response.ok ? Effect.succeed(body as A) : Effect.fail(problemOf(response.status, body)))
      )
    )

  const query = (values: Readonly<Record<string, string | number | undefined>>): string => {
    const search = new URLSearchParams()
    for (const [key, value] of Object.entries(values)) {
      if (value !== undefined) search.set(key, String(value))
    }
    return search.size === 0 ? "" : `?${search}`
  }

  const execution = (executionId: string) => `/executions/workflows/${segment(executionId)}`

  const events: ExecutionsClient["events"] = (executionId, options) =>
    Stream.unwrap(
      Effect.map(
        Effect.flatMap(
          send(`${execution(executionId)}/stream`, {
            stream: true,
            headers: options?.after === undefined ? {} : { "last-event-id": String(options.after) }
          }),
          (response) =>
            response.ok
              ? Effect.succeed(response)
              : Effect.flatMap(
                  Effect.promise(() => response.json().catch(() => undefined)),
                  (body) => Effect.fail(problemOf(response.status, body))
                )
        ),
        (response) =>
          response.body === null
            ? Stream.empty
            : Stream.fromAsyncIterable(framesOf(response.body), unreachable(url)).pipe(
                Stream.mapEffect((frame) => {
                  const data: unknown = JSON.parse(frame.data)
                  return frame.event === "problem"
                    ? Effect.fail(problemOf(500, data))
                    : Effect.succeed(data as ExecutionEvent)
                })
              )
      )
    )

  const get = (executionId: string) => call<Execution>(execution(executionId))

  /** The stream ends when the execution closes, or when the server drains: then asking again fails. */
  const result = (executionId: string): Effect.Effect<Execution, ServerProblem> =>
    Effect.gen(function* () {
      for (;;) {
        const current = yield* get(executionId)
        if (current.closedAt !== null) return current
        yield* Effect.ignore(Stream.runDrain(events(executionId)))
        yield* Effect.sleep(20)
      }
    })

  return {
    definition: (workflowId) => call<WorkflowDefinition>(`/workflows/${segment(workflowId)}`),
    start: (workflowId, input, options) =>
      Effect.map(
        call<{ readonly executionId: string }>(`/workflows/${segment(workflowId)}/executions`, {
          method: "POST",
          body: { input, ...(options?.timeout === undefined ? {} : { timeout: options.timeout }) },
          headers:
            options?.idempotencyKey === undefined ? {} : { "x-idempotency-key": options.idempotencyKey }
        }),
        ({ executionId }) => ({ executionId, created: true })
      ),
    get,
    result,
    tasks: (executionId, options) =>
      call<TaskPage>(
        `${execution(executionId)}/tasks${query({ limit: options?.limit, cursor: options?.cursor })}`
      ),
    list: (options) =>
      call<ExecutionPage>(
        `/executions/workflows${query({
          workflow_id: options?.workflowId,
          status: options?.status?.join(","),
          limit: options?.limit,
          cursor: options?.cursor
        })}`
      ),
    cancel: (executionId) => Effect.asVoid(call(`${execution(executionId)}/cancel`, { method: "POST" })),
    signal: (executionId, signal, payload) =>
      Effect.asVoid(
        call(`${execution(executionId)}/signals`, { method: "POST", body: { signal_name: signal, payload } })
      ),
    events
  }
}
