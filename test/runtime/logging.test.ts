import { createServer } from "node:http"
import { Context, Effect, Metric } from "effect"
import { expect, it } from "vitest"
import { resolveConfig } from "../../src/config/Resolve.ts"
import { wantsColor } from "../../src/runtime/Color.ts"
import { loggingLayer, type LoggingOptions } from "../../src/runtime/Logging.ts"
import { exportTelemetry } from "../../src/runtime/Telemetry.ts"

const linesOf = async (effect: Effect.Effect<void>, options: Partial<LoggingOptions> = {}) => {
  const lines: Array<string> = []
  const layer = loggingLayer({
    level: "info",
    format: "json",
    color: false,
    terminal: false,
    source: false,
    labels: { mode: "memory", store_driver: "sqlite", cache_driver: "embedded-memory" },
    write: (line) => lines.push(line),
    ...options
  })
  await Effect.runPromise(Effect.provide(effect, layer))
  return lines
}

const said = Effect.logInfo("Said", { count: 2 }).pipe(Effect.annotateLogs("execution_id", "e1"))

it("every line carries the deployment's labels and its own annotations", async () => {
  const [line = ""] = await linesOf(said)
  expect(JSON.parse(line)).toEqual({
    timestamp: expect.any(String),
    level: "info",
    message: 'Said {"count":2}',
    mode: "memory",
    store_driver: "sqlite",
    cache_driver: "embedded-memory",
    execution_id: "e1"
  })
})

it("a person's terminal gets a short line, anybody else JSON, unless the format is chosen", async () => {
  const [pretty = ""] = await linesOf(said, { format: "auto", terminal: true })
  expect(pretty).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}Said \{"count":2\} execution_id=e1$/)
  expect((await linesOf(said, { format: "auto" }))[0]).toMatch(/^\{/)
  const [logfmt = ""] = await linesOf(Effect.logError("It broke", new Error("why")), { format: "logfmt" })
  expect(logfmt).toMatch(/ level=error message="It broke why" mode=memory /)
})

it("what is below the level is not written", async () => {
  expect(await linesOf(Effect.logDebug("no"), { level: "info" })).toEqual([])
  expect(await linesOf(Effect.logError("no"), { level: "none" })).toEqual([])
})

it("NO_COLOR turns colours off whatever its value, unless they are asked for", () => {
  const terminal = { isTTY: true }
  expect(wantsColor("auto", terminal, {})).toBe(true)
  expect(wantsColor("auto", terminal, { NO_COLOR: "0" })).toBe(false)
  expect(wantsColor("auto", { isTTY: false }, {})).toBe(false)
  expect(wantsColor("always", terminal, { NO_COLOR: "1" })).toBe(true)
})

it("a collector gets spans and metrics with the deployment's labels", async () => {
  const received = new Map<string, string>()
  const collector = createServer((request, response) => {
    let body = ""
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk))
    request.on("end", () => {
      received.set(request.url ?? "", `${request.headers["x-key"]} ${body}`)
      response.end("{}")
    })
  })
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve))
  const address = collector.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  const env = {
    COMPOZY_MONITORING_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    COMPOZY_MONITORING_OTLP_HEADERS: "x-key=secret"
  }
  const registry = Context.make(Metric.MetricRegistry, new Map())
  await Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const { settings } = yield* resolveConfig(undefined, { root: import.meta.dirname, env })
        const telemetry = yield* exportTelemetry(settings, "1.2.3", registry)
        yield* Metric.update(Metric.counter("things"), 1).pipe(Effect.provideContext(registry))
        yield* Effect.void.pipe(Effect.withSpan("a step"), Effect.provideContext(telemetry))
      })
    )
  )
  collector.close()
  expect(received.get("/v1/traces")).toMatch(/^secret .*"a step"/)
  expect(received.get("/v1/traces")).toContain('"store_driver"')
  expect(received.get("/v1/metrics")).toContain('"things"')
})
