/** What the server counts, for `/metrics`. */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

/** What every metric and every log line carries. */
export interface DeploymentLabels {
  readonly mode: string
  readonly store_driver: string
  readonly cache_driver: string
}

/** The metrics of one stack. Several stacks of a process do not mix. */
export interface Metrics {
  /** Counts a request; `elapsed` in milliseconds. */
  readonly request: (method: string, route: string, status: number, elapsed: number) => void
  /** Whether the stack is ready. */
  readonly ready: (ready: boolean) => void
  /** The context in which other code records into the same registry. */
  readonly context: Context.Context<never>
  /** All of them in Prometheus' text format. */
  readonly render: Effect.Effect<string>
}

const knownMethods = new Set(["GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"])

/**
 * Makes the metrics of a stack.
 *
 * @param labels what every series carries
 */
export const makeMetrics = (labels: DeploymentLabels): Metrics => {
  const context = Context.empty().pipe(
    Context.add(Metric.MetricRegistry, new Map()),
    Context.add(Metric.CurrentMetricAttributes, { ...labels })
  )
  const requests = Metric.counter("compozy_http_requests_total", { description: "HTTP requests answered" })
  const duration = Metric.histogram("compozy_http_request_duration_seconds", {
    description: "Time until the head of the answer was written",
    boundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60]
  })
  const ready = Metric.gauge("compozy_server_ready", { description: "1 when the stack is ready" })
  const memory = Metric.gauge("process_resident_memory_bytes", { description: "Resident memory" })
  const cpu = Metric.gauge("process_cpu_seconds", { description: "CPU time used since the start" })
  const uptime = Metric.gauge("process_uptime_seconds", { description: "Time since the process started" })

  return {
    request: (method, route, status, elapsed) => {
      const attributes = {
        method: knownMethods.has(method) ? method : "other",
        route,
        status: String(status)
      }
      Metric.withAttributes(requests, attributes).updateUnsafe(1, context)
      Metric.withAttributes(duration, attributes).updateUnsafe(elapsed / 1000, context)
    },
    ready: (value) => ready.updateUnsafe(value ? 1 : 0, context),
    context,
    render: Effect.gen(function* () {
      const prometheus = yield* Effect.promise(() => import("effect/observability/PrometheusMetrics"))
      const used = process.cpuUsage()
      memory.updateUnsafe(process.memoryUsage.rss(), context)
      cpu.updateUnsafe((used.user + used.system) / 1e6, context)
      uptime.updateUnsafe(Duration.toSeconds(Duration.millis(performance.now())), context)
      return prometheus.formatUnsafe(context)
    })
  }
}
