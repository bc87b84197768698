/** The HTTP server: listens, guards, routes, measures and drains. */
import type { Server, IncomingMessage, ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { isIPv6 } from "node:net"
import { portHolder } from "../PortHolder.ts"
import type { Metrics } from "../Metrics.ts"
import { isLoopback } from "../../config/Loopback.ts"
import { makeHostGuard } from "./HostGuard.ts"
import { type HttpReply, type HttpRequest, problemReply, readJson, sendReply } from "./HttpExchange.ts"
import { type HandlerError, ProblemError } from "./Problem.ts"
import { makeRouter, type Route } from "./Router.ts"

/** The port is taken; `holder` says by whom, where the system tells. */
export class PortBusy extends Schema.TaggedError<PortBusy>()("PortBusy", {
  host: Schema.String,
  port: Schema.Number,
  holder: Schema.NullOr(Schema.String)
}) {
  readonly code = "COMPOZY_PORT_BUSY"
  readonly isRetryable = true
  override get message(): string {
    const who = this.holder === null ? "another process" : this.holder
    return `Port ${this.port} on ${this.host} is in use by ${who}. Stop it, or choose another port: --port ${this.port + 1}`
  }
}

/** The server cannot listen for another reason. */
export class ListenFailed extends Schema.TaggedError<ListenFailed>()("ListenFailed", {
  host: Schema.String,
  port: Schema.Number,
  reason: Schema.String
}) {
  readonly code = "COMPOZY_LISTEN_FAILED"
  readonly isRetryable = false
  override get message(): string {
    return `The server cannot listen on ${this.host}:${this.port}: ${this.reason}. Check server.host and server.port.`
  }
}

/** The settings of the server. Times are milliseconds, sizes bytes. */
export interface HttpServerOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly publicUrl: string | undefined
  readonly bodyLimit: number
  /** How long requests in flight may finish after the shutdown began. */
  readonly drainTimeout: number
  readonly cors: { readonly enabled: boolean; readonly origins: ReadonlyArray<string> }
}

/** A server that listens. */
export interface HttpServer {
  readonly host: string
  readonly port: number
  /** `http://host:port`, as this machine reaches it. */
  readonly url: string
  /**
   * Sets what answers until the scope closes; before, every request is told that the server is starting. When the scope
   * closes the server takes no new connection and lets requests in flight finish until `drainTimeout`.
   */
  readonly serve: (routes: ReadonlyArray<Route>) => Effect.Effect<void, never, Scope.Scope>
}

const urlOf = (address: AddressInfo): string => {
  const anywhere = address.address === "0.0.0.0" || address.address === "::"
  const host = anywhere ? "127.0.0.1" : address.address
  return `http://${isIPv6(host) ? `[${host}]` : host}:${address.port}`
}

const listen = (
  server: Server,
  host: string,
  port: number
): Effect.Effect<AddressInfo, PortBusy | ListenFailed> =>
  Effect.callback<AddressInfo, PortBusy | ListenFailed>((resume) => {
    const onError = (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") {
        resume(
          Effect.flatMap(portHolder(port), (holder) =>
            Effect.fail(new PortBusy({ host, port, holder: holder ?? null }))
          )
        )
        return
      }
      resume(Effect.fail(new ListenFailed({ host, port, reason: error.message })))
    }
    server.once("error", onError)
    server.listen({ host, port }, () => {
      server.off("error", onError)
      const address = server.address()
      if (address === null || typeof address === "string") {
        resume(Effect.fail(new ListenFailed({ host, port, reason: "no address" })))
        return
      }
      resume(Effect.succeed(address))
    })
  })

const firstHeader = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

const toHttpRequest = (request: IncomingMessage, bodyLimit: number): HttpRequest => {
  const url = request.url ?? "/"
  const mark = url.indexOf("?")
  return {
    method: request.method ?? "GET",
    path: mark === -1 ? url : url.slice(0, mark),
    search: new URLSearchParams(mark === -1 ? "" : url.slice(mark + 1)),
    header: (name) => firstHeader(request, name),
    json: readJson(request, bodyLimit)
  }
}

const corsHeaders = (origin: string): Record<string, string> => ({
  "access-control-allow-origin": origin,
  vary: "Origin",
  "access-control-expose-headers": "Location"
})

const preflight: HttpReply = {
  status: 204,
  headers: {
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "content-type, x-idempotency-key, last-event-id",
    "access-control-max-age": "600"
  }
}

/**
 * Listens until the scope closes; connections that are left then are cut.
 *
 * @param options where and how
 * @param metrics counts the requests
 * @param draining is completed when the shutdown begins, so that streams and waits end
 */
export const makeHttpServer: (
  options: HttpServerOptions,
  metrics: Metrics,
  draining: Deferred.Deferred<void>
) => Effect.Effect<HttpServer, PortBusy | ListenFailed, Scope.Scope> = Effect.fnUntraced(
  function* (options, metrics, draining) {
    // Not by import: that reads every export of the module, and the getter of one of them loads undici (90 ms).
    const http = process.getBuiltinModule("node:http")
    const context = yield* Effect.context<never>()
    const fork = Effect.runForkWith(context)
    const guard = makeHostGuard({
      host: options.host,
      publicUrl: options.publicUrl,
      origins: options.cors.enabled ? options.cors.origins : []
    })
    const allowed = new Set(options.cors.enabled ? options.cors.origins : [])
    let find = makeRouter([])
    let serving = false

    const answer = (
      request: HttpRequest
    ): { readonly route: string; readonly reply: Effect.Effect<HttpReply, HandlerError> } => {
      const origin = request.header("origin")
      const refused = guard({
        host: request.header("host"),
        origin,
        fetchSite: request.header("sec-fetch-site")
      })
      if (refused !== undefined) return { route: "(refused)", reply: Effect.fail(refused) }
      if (request.method === "OPTIONS" && origin !== undefined && allowed.has(origin)) {
        return { route: "(preflight)", reply: Effect.succeed(preflight) }
      }
      const found = find(request.method, request.path)
      if (found === undefined) {
        const error = serving
          ? new ProblemError("COMPOZY_ROUTE_NOT_FOUND", `There is nothing at ${request.path.slice(0, 200)}.`)
          : new ProblemError("COMPOZY_UNAVAILABLE", "The server is starting.")
        return { route: "(none)", reply: Effect.fail(error) }
      }
      if ("allow" in found) {
        return {
          route: "(method)",
          reply: Effect.fail(
            new ProblemError("COMPOZY_METHOD_NOT_ALLOWED", `${request.method} is not possible here.`, {
              headers: { allow: found.allow.join(", ") }
            })
          )
        }
      }
      return { route: found.route.path, reply: found.route.handle(request, found.params) }
    }

    const onRequest = (incoming: IncomingMessage, response: ServerResponse): void => {
      const started = performance.now()
      const request = toHttpRequest(incoming, options.bodyLimit)
      const { route, reply } = answer(request)
      const origin = request.header("origin")
      const headers: Record<string, string> =
        origin !== undefined && allowed.has(origin) ? corsHeaders(origin) : {}
      const program = reply.pipe(
        Effect.catch((error) => Effect.succeed(problemReply(error))),
        Effect.catchCause((cause) =>
          Cause.hasInterruptsOnly(cause)
            ? Effect.failCause(cause)
            : Effect.as(
                Effect.logError("A request failed unexpectedly", cause),
                problemReply(new ProblemError("COMPOZY_INTERNAL", "The server failed; its log says why."))
              )
        ),
        Effect.flatMap((reply) => {
          if (Deferred.isDoneUnsafe(draining)) headers["connection"] = "close"
          metrics.request(request.method, route, reply.status, performance.now() - started)
          return sendReply(response, reply, { head: request.method === "HEAD", headers })
        })
      )
      const fiber = fork(program)
      response.on("close", () => {
        if (!response.writableFinished) fiber.interruptUnsafe()
      })
    }

    const server = http.createServer(
      // The limits on headers are Node's; those on bodies stand here. A stream may stay silent for long.
      {
        keepAliveTimeout: 65_000,
        headersTimeout: 30_000,
        requestTimeout: 120_000,
        insecureHTTPParser: false
      },
      onRequest
    )
    server.on("clientError", (_error, socket) => {
      if (socket.writable)
        socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
    })

    const drain = Effect.callback<void>((resume) => {
      server.close(() => resume(Effect.void))
      server.closeIdleConnections()
    }).pipe(Effect.timeoutOption(options.drainTimeout))
    const address = yield* Effect.acquireRelease(listen(server, options.host, options.port), () =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
    )
    if (!isLoopback(options.host)) {
      yield* Effect.logWarning(
        `The server listens on ${options.host}: everybody who reaches this address can run workflows.`
      )
    }
    return {
      host: options.host,
      port: address.port,
      url: urlOf(address),
      serve: (routes) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            find = makeRouter(routes)
            serving = true
          }),
          () => Effect.andThen(Deferred.succeed(draining, undefined), drain)
        )
    }
  }
)
