/** Traces, metrics and logs for an OpenTelemetry collector, where the config names one. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { Settings } from "../config/Settings.ts"
import { labelsOf } from "./Labels.ts"

/** A collector that does not answer must not hold up the shutdown. In milliseconds. */
const shutdownTimeout = 2000

/**
 * Exports to the collector of `monitoring.otlp` until the scope closes; the stderr log stays.
 *
 * @param settings the resolved settings
 * @param version of the package
 * @param metrics the context whose metrics are exported
 * @returns the context in which code is traced; an empty one without a collector, for which nothing is loaded
 */
export const exportTelemetry = (
  settings: Settings,
  version: string,
  metrics: Context.Context<never>
): Effect.Effect<Context.Context<never>, never, Scope.Scope> => {
  const { otlp } = settings.monitoring
  if (otlp === undefined) return Effect.succeed(Context.empty())
  return Effect.flatMap(
    Effect.promise(() =>
      Promise.all([import("effect/observability/Otlp"), import("effect/http/FetchHttpClient")])
    ),
    ([Otlp, FetchHttpClient]) =>
      Layer.build(
        Otlp.layerJson({
          baseUrl: otlp.endpoint,
          headers: Object.fromEntries(
            Object.entries(otlp.headers ?? {}).map(([name, value]) => [name, Redacted.value(value)])
          ),
          resource: {
            serviceName: settings.name,
            serviceVersion: settings.version ?? version,
            attributes: { ...labelsOf(settings) }
          },
          loggerMergeWithExisting: true,
          metricsExportInterval: otlp.interval,
          tracerExportInterval: otlp.interval,
          loggerExportInterval: otlp.interval,
          shutdownTimeout
        }).pipe(Layer.provide(FetchHttpClient.layer))
      ).pipe(Effect.provideContext(metrics))
  )
}
