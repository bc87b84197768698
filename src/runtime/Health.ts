/** Whether the parts of a stack answer. */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Cache } from "../services/Cache.ts"
import type { ServiceError } from "../services/ServiceError.ts"
import type { Store } from "../services/Store.ts"
import type { Temporal } from "../services/Temporal.ts"
import type { Executions } from "./Executions.ts"

/** How one part is. */
export interface ComponentHealth {
  /** `starting`: executions are accepted, and wait. */
  readonly status: "up" | "down" | "starting"
  /** The effective mode of the component. */
  readonly mode: string
  /** How long the check took, in milliseconds. */
  readonly latencyMs: number
  readonly error?: { readonly code: string; readonly message: string }
}

/** How the whole is: ready when no part is down. */
export interface Readiness {
  readonly ready: boolean
  readonly components: Readonly<Record<string, ComponentHealth>>
}

/** What is checked. */
export interface HealthParts {
  readonly store: Context.Service.Shape<typeof Store>
  readonly cache: Context.Service.Shape<typeof Cache>
  readonly temporal: Context.Service.Shape<typeof Temporal>
  /** The worker that runs the workflows: it starts after the server is ready. */
  readonly worker: Executions["Service"]["workerHealth"]
  readonly modes: { readonly store: string; readonly cache: string; readonly temporal: string }
}

const checkTimeout = 2000

const check = (ping: Effect.Effect<void, ServiceError>, mode: string): Effect.Effect<ComponentHealth> =>
  Effect.suspend(() => {
    const started = performance.now()
    const latency = () => Math.round((performance.now() - started) * 10) / 10
    return ping.pipe(
      Effect.match({
        onSuccess: (): ComponentHealth => ({ status: "up", mode, latencyMs: latency() }),
        onFailure: (error): ComponentHealth => ({
          status: "down",
          mode,
          latencyMs: latency(),
          error: { code: error.code, message: error.message }
        })
      }),
      Effect.timeoutOrElse({
        duration: checkTimeout,
        orElse: () =>
          Effect.sync((): ComponentHealth => ({
            status: "down",
            mode,
            latencyMs: latency(),
            error: { code: "COMPOZY_TIMED_OUT", message: `No answer within ${checkTimeout} ms.` }
          }))
      })
    )
  })

/** How the worker is now, without waiting for it. */
const checkWorker = (
  health: Executions["Service"]["workerHealth"],
  mode: string
): Effect.Effect<ComponentHealth> =>
  Effect.match(health, {
    onSuccess: (status): ComponentHealth => ({ status, mode, latencyMs: 0 }),
    onFailure: ({ code, message }): ComponentHealth => ({
      status: "down",
      mode,
      latencyMs: 0,
      error: { code, message }
    })
  })

/** Asks every part at once, each with a deadline. */
export const checkHealth = (parts: HealthParts): Effect.Effect<Readiness> =>
  Effect.map(
    Effect.all(
      {
        store: check(parts.store.ping, parts.modes.store),
        cache: check(parts.cache.ping, parts.modes.cache),
        temporal: check(parts.temporal.ping, parts.modes.temporal),
        worker: checkWorker(parts.worker, parts.modes.temporal)
      },
      { concurrency: "unbounded" }
    ),
    (components) => ({
      ready: Object.values(components).every(({ status }) => status !== "down"),
      components
    })
  )
