/**
 * One HTTP endpoint as data. The same declaration is what the router matches and decodes by, and what the OpenAPI
 * document is generated from, so that the two cannot disagree.
 *
 * The router is a small one on `node:http` and not the one of `effect/http-api`: measured, the latter with its Node
 * server takes 150 ms of CPU to import (95 ms bundled), a fifth of the whole start. `OpenApi.ts` turns these
 * declarations into an `HttpApi`, loaded only when somebody asks for the document.
 */
import type * as Schema from "effect/Schema"
import type { ProblemCode } from "./Problem.ts"

/** The names of a path's parameters: `/a/:x/b/:y` has `x` and `y`. */
export type ParameterNames<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParameterNames<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never

/** A schema that needs no service, on either side. */
export type PlainSchema = Schema.Top & { readonly DecodingServices: never; readonly EncodingServices: never }

/** An endpoint: how it is asked, and what it answers. */
export interface Endpoint {
  readonly method: "GET" | "POST"
  /** Below the prefix, with `:name` for each parameter. */
  readonly path: `/${string}`
  readonly tag: "workflows" | "executions"
  readonly summary: string
  readonly description?: string
  /** The query string; values are read by `Schema.toCodecStringTree`. An unknown parameter is refused. */
  readonly query?: PlainSchema
  /** The JSON body. An unknown key is refused. */
  readonly payload?: PlainSchema
  /** Whether a body may be absent (it is then read as `{}`). */
  readonly payloadOptional?: boolean
  /** Request headers that mean something, in lower case, with their description. */
  readonly headers?: Readonly<Record<string, string>>
  /** The success answers by status. */
  readonly success: Readonly<Record<number, { readonly description: string; readonly body: PlainSchema }>>
  /** `stream` answers with server-sent events of the success body. */
  readonly stream?: boolean
  readonly problems: ReadonlyArray<ProblemCode>
}

/** What a handler of the endpoint is given. */
export interface EndpointRequest<E extends Endpoint> {
  readonly params: { readonly [Name in ParameterNames<E["path"]>]: string }
  readonly query: E extends { readonly query: infer Q extends PlainSchema } ? Q["Type"] : Record<never, never>
  readonly payload: E extends { readonly payload: infer P extends PlainSchema }
    ? P["Type"]
    : Record<never, never>
  /** A request header; its first value where it came several times. */
  readonly header: (name: string) => string | undefined
}
