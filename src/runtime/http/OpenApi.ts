/** The OpenAPI document, generated from the endpoints' declarations. Loaded when somebody asks for it. */
import * as Schema from "effect/Schema"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import { Issue } from "../ExecutionError.ts"
import { apiPrefix, endpoints } from "./Api.ts"
import type { Endpoint } from "./Endpoint.ts"
import { problemStatus, type ProblemCode } from "./Problem.ts"

const problemSchema = (status: number, codes: ReadonlyArray<ProblemCode>) =>
  Schema.Struct({
    type: Schema.String,
    title: Schema.String,
    status: Schema.Literal(status),
    code: Schema.Literals(codes),
    detail: Schema.String,
    issues: Schema.optionalKey(Schema.Array(Issue))
  }).pipe(HttpApiSchema.asJson({ contentType: "application/problem+json" }), HttpApiSchema.status(status))

const problemSchemas = (codes: ReadonlyArray<ProblemCode>): ReadonlyArray<Schema.Top> => {
  const byStatus = new Map<number, Array<ProblemCode>>()
  for (const code of codes) {
    const status = problemStatus[code]
    const list = byStatus.get(status)
    if (list === undefined) byStatus.set(status, [code])
    else list.push(code)
  }
  return [...byStatus].map(([status, list]) => problemSchema(status, list))
}

const successSchemas = (endpoint: Endpoint): ReadonlyArray<Schema.Top> =>
  endpoint.stream === true
    ? Object.values(endpoint.success).map(({ body }) => HttpApiSchema.StreamSse({ data: body }))
    : Object.entries(endpoint.success).map(([status, { body, description }]) =>
        body.annotate({ description }).pipe(HttpApiSchema.status(Number(status)))
      )

const toHttpApiEndpoint = (name: string, endpoint: Endpoint) => {
  const parameters = [...endpoint.path.matchAll(/:([a-z_]+)/g)].map((match) => String(match[1]))
  const common = {
    ...(parameters.length === 0
      ? {}
      : { params: Schema.Struct(Object.fromEntries(parameters.map((p) => [p, Schema.String]))) }),
    ...(endpoint.query === undefined ? {} : { query: endpoint.query }),
    ...(endpoint.headers === undefined
      ? {}
      : {
          headers: Schema.Struct(
            Object.fromEntries(
              Object.entries(endpoint.headers).map(([header, description]) => [
                header,
                Schema.optionalKey(Schema.String.annotate({ description }))
              ])
            )
          )
        }),
    success: successSchemas(endpoint),
    error: problemSchemas(endpoint.problems)
  }
  const path: `/${string}` = `${apiPrefix}${endpoint.path}`
  const made =
    endpoint.method === "GET"
      ? HttpApiEndpoint.get(name, path, common)
      : HttpApiEndpoint.post(name, path, {
          ...common,
          ...(endpoint.payload === undefined ? {} : { payload: endpoint.payload })
        })
  return made
    .annotate(OpenApi.Summary, endpoint.summary)
    .annotate(OpenApi.Description, endpoint.description ?? endpoint.summary)
}

/**
 * The OpenAPI 3.1 document of the API.
 *
 * @param version the version that the document names
 */
export const openApiDocument = (version: string): OpenApi.OpenAPISpec => {
  const all: ReadonlyArray<readonly [string, Endpoint]> = Object.entries(endpoints)
  const group = (tag: Endpoint["tag"]) => {
    const made = all
      .filter(([, endpoint]) => endpoint.tag === tag)
      .map(([name, endpoint]) => toHttpApiEndpoint(name, endpoint))
    const [first, ...rest] = made
    const empty = HttpApiGroup.make(tag)
    return first === undefined ? empty : empty.add(first, ...rest)
  }
  return OpenApi.fromApi(
    HttpApi.make("compozy")
      .add(group("workflows"), group("executions"))
      .annotateMerge(OpenApi.annotations({ title: "Compozy", version }))
  )
}
