/** The routes beside the API: liveness, readiness, metrics, the OpenAPI document and the proof of identity. */
import * as Effect from "effect/Effect"
import { answerChallenge, challengePath, isNonce, type ServerRecord } from "../Discovery.ts"
import type { Readiness } from "../Health.ts"
import type { DeploymentLabels, Metrics } from "../Metrics.ts"
import type { HttpReply } from "./HttpExchange.ts"
import { ProblemError } from "./Problem.ts"
import type { Route } from "./Router.ts"

/** What the routes tell. */
export interface OperationalContext {
  readonly name: string
  readonly version: string
  readonly labels: DeploymentLabels
  readonly readiness: Effect.Effect<Readiness>
  readonly isDraining: () => boolean
  readonly metrics: Metrics
  /** Where the metrics are; `undefined` when they are turned off. */
  readonly metricsPath: string | undefined
  readonly record: ServerRecord
}

/** The routes. */
export const makeOperationalRoutes = (context: OperationalContext): ReadonlyArray<Route> => {
  const get = (path: string, reply: Route["handle"]): Route => ({ method: "GET", path, handle: reply })
  const ok = (json: unknown): HttpReply => ({ status: 200, json })

  const routes = [
    get("/", () =>
      Effect.sync(() =>
        ok({
          name: context.name,
          version: context.version,
          ...context.labels,
          openapi: "/openapi.json",
          api: "/api/v0"
        })
      )
    ),
    get("/healthz", () =>
      Effect.sync(() => ok({ status: "ok", version: context.version, ...context.labels }))
    ),
    get("/readyz", () =>
      Effect.map(context.readiness, ({ ready, components }) => {
        const draining = context.isDraining()
        return {
          status: ready && !draining ? 200 : 503,
          json: {
            status: draining ? "draining" : ready ? "ready" : "not ready",
            ...context.labels,
            components
          }
        }
      })
    ),
    get("/openapi.json", () =>
      Effect.map(
        Effect.promise(() => import("./OpenApi.ts")),
        ({ openApiDocument }) => ok(openApiDocument(context.version))
      )
    ),
    get(challengePath, (request) => {
      const nonce = request.search.get("nonce") ?? ""
      return isNonce(nonce)
        ? Effect.sync(() => ok({ proof: answerChallenge(context.record.key, context.record.project, nonce) }))
        : Effect.fail(new ProblemError("COMPOZY_BAD_REQUEST", "nonce must be 32 to 128 hexadecimal digits."))
    })
  ]
  const { metricsPath } = context
  return metricsPath === undefined
    ? routes
    : [
        ...routes,
        get(metricsPath, () =>
          Effect.map(context.metrics.render, (text) => ({
            status: 200,
            headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
            text
          }))
        )
      ]
}
