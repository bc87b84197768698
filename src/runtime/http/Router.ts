/** Finds the route of a path, and decodes what the endpoint declares. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Endpoint, EndpointRequest, PlainSchema } from "./Endpoint.ts"
import type { HttpReply, HttpRequest } from "./HttpExchange.ts"
import { type HandlerError, ProblemError } from "./Problem.ts"

/** A route: a method, a full path with `:name` parameters, and what answers. */
export interface Route {
  readonly method: "GET" | "POST"
  readonly path: string
  readonly handle: (
    request: HttpRequest,
    params: Readonly<Record<string, string>>
  ) => Effect.Effect<HttpReply, HandlerError>
}

/** A request that matched. `path` is the declared one, for metrics. */
export interface Match {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

/** Where a path leads: a match, the methods it has instead, or nowhere. */
export type Found = Match | { readonly allow: ReadonlyArray<string> } | undefined

interface Compiled {
  readonly route: Route
  readonly segments: ReadonlyArray<string>
}

const matchSegments = (
  segments: ReadonlyArray<string>,
  parts: ReadonlyArray<string>
): Readonly<Record<string, string>> | undefined => {
  const params: Record<string, string> = {}
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i] ?? ""
    const part = parts[i] ?? ""
    if (segment.startsWith(":")) {
      if (part === "") return undefined
      try {
        params[segment.slice(1)] = decodeURIComponent(part)
      } catch {
        return undefined
      }
    } else if (segment !== part) {
      return undefined
    }
  }
  return params
}

/** Compiles routes into a lookup. A literal segment wins over a parameter, whatever the order. */
export const makeRouter = (routes: ReadonlyArray<Route>): ((method: string, path: string) => Found) => {
  const byLength = new Map<number, Array<Compiled>>()
  for (const route of routes) {
    const segments = route.path.split("/")
    const list = byLength.get(segments.length)
    if (list === undefined) byLength.set(segments.length, [{ route, segments }])
    else list.push({ route, segments })
  }
  const literals = (compiled: Compiled) => compiled.segments.filter((s) => !s.startsWith(":")).length
  for (const list of byLength.values()) list.sort((a, b) => literals(b) - literals(a))

  return (method, path) => {
    const parts = path.split("/")
    const wanted = method === "HEAD" ? "GET" : method
    const allow = new Set<string>()
    for (const { route, segments } of byLength.get(parts.length) ?? []) {
      const params = matchSegments(segments, parts)
      if (params === undefined) continue
      if (route.method === wanted) return { route, params }
      allow.add(route.method)
      if (route.method === "GET") allow.add("HEAD")
    }
    return allow.size === 0 ? undefined : { allow: [...allow] }
  }
}

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

const issuesOf = (error: Schema.SchemaError) =>
  formatIssues(error.issue).issues.map((issue) => ({
    path: (issue.path ?? []).map((step) => {
      const key = typeof step === "object" ? step.key : step
      return typeof key === "symbol" ? String(key) : key
    }),
    message: issue.message
  }))

const refuse = (what: string) => (error: Schema.SchemaError) =>
  new ProblemError("COMPOZY_BAD_REQUEST", `The ${what} is not valid.`, { issues: issuesOf(error) })

const strict = { errors: "all", onExcessProperty: "error" } as const

const queryDecoder = (schema: PlainSchema) => {
  const decode = Schema.decodeUnknownEffect(Schema.toCodecStringTree(schema), strict)
  return (search: URLSearchParams) => {
    const record: Record<string, string> = {}
    for (const [key, value] of search) record[key] = value
    return Effect.mapError(decode(record), refuse("query"))
  }
}

const payloadDecoder = (schema: PlainSchema, optional: boolean) => {
  const decode = Schema.decodeUnknownEffect(schema, strict)
  return (body: unknown) => {
    if (body === undefined && !optional) {
      return Effect.fail(
        new ProblemError("COMPOZY_BAD_REQUEST", "The request has no body; send a JSON object.")
      )
    }
    return Effect.mapError(decode(body ?? {}), refuse("body"))
  }
}

const noQuery = (search: URLSearchParams): Effect.Effect<unknown, ProblemError> =>
  search.size === 0
    ? Effect.succeed({})
    : Effect.fail(
        new ProblemError(
          "COMPOZY_BAD_REQUEST",
          `This endpoint has no query parameter "${[...search.keys()][0]}".`
        )
      )

/** Compiled once per endpoint, at its first request: a start does not pay for decoders that nobody uses. */
const lazily = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | undefined
  return () => (made ??= { value: make() }).value
}

/**
 * The route of an endpoint: decodes query and body as declared and calls the handler.
 *
 * @param prefix what stands before the endpoint's path
 * @param endpoint the declaration
 * @param handler gives the reply
 */
export const endpointRoute = <E extends Endpoint>(
  prefix: string,
  endpoint: E,
  handler: (request: EndpointRequest<E>) => Effect.Effect<HttpReply, HandlerError>
): Route => {
  const { query, payload } = endpoint
  const decodeQuery = lazily(() => (query === undefined ? noQuery : queryDecoder(query)))
  const decodePayload = lazily(() =>
    payload === undefined ? undefined : payloadDecoder(payload, endpoint.payloadOptional === true)
  )
  return {
    method: endpoint.method,
    path: prefix + endpoint.path,
    handle: (request, params) =>
      Effect.gen(function* () {
        const query = yield* decodeQuery()(request.search)
        const decode = decodePayload()
        const payload = decode === undefined ? {} : yield* decode(yield* request.json)
        // The three parts were decoded by the very schemas that EndpointRequest takes its types from.
        return yield* handler({ params, query, payload, header: request.header } as EndpointRequest<E>)
      })
  }
}
