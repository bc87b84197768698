import { request as httpRequest } from "node:http"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Logger, Schema, Scope } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { defineMode } from "../../../src/Mode.ts"
import { resolveConfig } from "../../../src/config/Resolve.ts"
import { installTemporalRuntime } from "../../../src/cli/TemporalRuntime.ts"
import { startServer } from "../../../src/runtime/Server.ts"
import { defineSignal, defineTool, defineWorkflow } from "../../../src/workflow/index.ts"

const greet = defineTool({
  id: "greet",
  input: Schema.Struct({ name: Schema.String }),
  output: Schema.Struct({ message: Schema.String }),
  run: ({ name }) => {
    if (name === "nobody") throw new Error("nobody is there")
    return { message: `Hello, ${name}` }
  }
})
const answer = defineSignal({ id: "answer", payload: Schema.Struct({ yes: Schema.Boolean }) })

const hello = defineWorkflow(
  { id: "hello", description: "Says hello.", input: Schema.Struct({ name: Schema.String }) },
  ({ input, task }) => task.tool("greeting", greet, { name: input.name }, { retry: { maximumAttempts: 1 } })
)
const ask = defineWorkflow({ id: "ask", input: Schema.Struct({}) }, ({ task }) => ({
  answered: task.wait("answered", { signal: answer })
}))

let root: string
let scope: Scope.Closeable
let url: string
const savedRuntimeFolder = process.env["XDG_RUNTIME_DIR"]

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "compozy-http-"))
  process.env["XDG_RUNTIME_DIR"] = root
  scope = await Effect.runPromise(Scope.make())
  const config = defineMode({ mode: "memory", name: "http-test", workflows: [hello, ask] })
  const started = Effect.gen(function* () {
    const project = yield* resolveConfig(config, {
      root,
      flags: { "server.port": 0, "server.bodyLimit": 2048, "log.level": "none" }
    })
    const beforeWorker = installTemporalRuntime(project.settings)
    return yield* startServer(project.settings, project, { version: "0.0.0-test", beforeWorker })
  })
  const server = await Effect.runPromise(Scope.provide(started, scope).pipe(Effect.provide(Logger.layer([]))))
  url = server.url
})

afterAll(async () => {
  await Effect.runPromise(Scope.close(scope, Exit.void))
  if (savedRuntimeFolder === undefined) delete process.env["XDG_RUNTIME_DIR"]
  else process.env["XDG_RUNTIME_DIR"] = savedRuntimeFolder
  await rm(root, { recursive: true, force: true })
})

const api = "/api/v0"

/** The first execution waits for the worker, which starts in the background. */
const patiently = { timeout: 15_000, interval: 10 }

const ask_ = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(`${url}${path}`, init)
  const text = await response.text()
  const type = response.headers.get("content-type") ?? ""
  return {
    status: response.status,
    headers: response.headers,
    type,
    text,
    body: type.includes("json") ? JSON.parse(text) : undefined
  }
}

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  ask_(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body)
  })

/** A request whose Host header can be chosen, which fetch does not allow. */
const raw = (path: string, headers: Record<string, string>, method = "GET") =>
  new Promise<number>((resolve, reject) => {
    httpRequest(`${url}${path}`, { method, headers }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
      .on("error", reject)
      .end()
  })

describe("workflows", () => {
  it("are listed with their schemas", async () => {
    const { status, body } = await ask_(`${api}/workflows`)
    expect(status).toBe(200)
    expect(body.items).toMatchObject([{ id: "hello", description: "Says hello." }, { id: "ask" }])
    expect(body.items[0].input).toMatchObject({ properties: { name: { type: "string" } } })
  })

  it("are given as the recorded definition", async () => {
    const { body } = await ask_(`${api}/workflows/hello`)
    expect(body).toMatchObject({ format: 1, id: "hello", requires: { tools: ["greet"] } })
  })

  it("that do not exist are 404, with the nearest one", async () => {
    const { status, type, body } = await ask_(`${api}/workflows/helo`)
    expect([status, type]).toEqual([404, "application/problem+json"])
    expect(body).toEqual({
      type: "urn:compozy:error:COMPOZY_WORKFLOW_NOT_FOUND",
      title: "Not Found",
      status: 404,
      code: "COMPOZY_WORKFLOW_NOT_FOUND",
      detail: 'There is no workflow "helo". Did you mean "hello"?'
    })
  })
})

describe("a start", () => {
  it("answers at once, and its address gives the result", async () => {
    const started = await post(`${api}/workflows/hello/executions`, { input: { name: "Ada" } })
    expect(started.status).toBe(202)
    expect(started.body).toMatchObject({ workflow: "hello", status: "RUNNING" })
    const location = started.headers.get("location") ?? ""
    expect(location).toBe(started.body.url)

    await expect.poll(async () => (await ask_(location)).body.status, patiently).toBe("SUCCESS")
    const { body } = await ask_(location)
    expect(body).toMatchObject({
      executionId: started.body.executionId,
      input: { name: "Ada" },
      output: { message: "Hello, Ada" },
      error: null
    })
  })

  it("can wait for the end", async () => {
    const { status, body } = await post(`${api}/workflows/hello/executions/sync`, { input: { name: "Bob" } })
    expect(status).toBe(200)
    expect(body).toMatchObject({ status: "SUCCESS", output: { message: "Hello, Bob" } })
  })

  it("of a workflow that fails is 200 with the failure as its state", async () => {
    const { status, body } = await post(`${api}/workflows/hello/executions/sync`, {
      input: { name: "nobody" }
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({ status: "FAILED", output: null, error: { task: "greeting" } })
    expect(body.error.message).toContain("nobody is there")
  })

  it("with an idempotency key that was used answers with the first execution", async () => {
    const headers = { "x-idempotency-key": "once" }
    const first = await post(`${api}/workflows/hello/executions`, { input: { name: "Ada" } }, headers)
    const second = await post(`${api}/workflows/hello/executions`, { input: { name: "Ada" } }, headers)
    expect([first.status, second.status]).toEqual([202, 200])
    expect(second.body.executionId).toBe(first.body.executionId)
  })

  it("with an idempotency key of an execution that has ended says how it ended", async () => {
    const headers = { "x-idempotency-key": "ended" }
    const first = await post(`${api}/workflows/hello/executions/sync`, { input: { name: "Ada" } }, headers)
    const second = await post(`${api}/workflows/hello/executions`, { input: { name: "Ada" } }, headers)
    expect(second.body).toMatchObject({ executionId: first.body.executionId, status: "SUCCESS" })
  })

  it("with input that does not fit lists every issue", async () => {
    const { status, body } = await post(`${api}/workflows/hello/executions`, { input: { name: 1 } })
    expect(status).toBe(400)
    expect(body.code).toBe("COMPOZY_INPUT_INVALID")
    expect(body.issues).toMatchObject([{ path: ["name"] }])
  })

  it("with a key that the body does not have is refused, not ignored", async () => {
    const { status, body } = await post(`${api}/workflows/hello/executions`, { name: "Ada" })
    expect(status).toBe(400)
    expect(body).toMatchObject({ code: "COMPOZY_BAD_REQUEST", issues: [{ path: ["name"] }] })
  })

  it("of an unknown workflow is 404", async () => {
    expect((await post(`${api}/workflows/nothing/executions`, {})).status).toBe(404)
  })
})

describe("a body", () => {
  const start = `${api}/workflows/hello/executions`

  it("that is not JSON is 400", async () => {
    const { status, body } = await ask_(start, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{name"
    })
    expect([status, body.code]).toEqual([400, "COMPOZY_BAD_REQUEST"])
  })

  it.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])(
    "of type %s is 415: a form of another site cannot send anything else",
    async (type) => {
      const { status, body } = await ask_(start, {
        method: "POST",
        headers: { "content-type": type },
        body: "{}"
      })
      expect([status, body.code]).toEqual([415, "COMPOZY_UNSUPPORTED_MEDIA_TYPE"])
    }
  )

  it("over the limit is 413, whether its length is told or not", async () => {
    const long = JSON.stringify({ input: { name: "x".repeat(3000) } })
    const told = await ask_(start, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: long
    })
    expect([told.status, told.body.code]).toEqual([413, "COMPOZY_BODY_TOO_LARGE"])
    const untold = await ask_(start, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: new Blob([long]).stream(),
      duplex: "half"
    } as RequestInit)
    expect(untold.status).toBe(413)
  })
})

describe("executions", () => {
  it("are listed newest first, by workflow and status, a page at a time", async () => {
    await post(`${api}/workflows/hello/executions/sync`, { input: { name: "one" } })
    await post(`${api}/workflows/hello/executions/sync`, { input: { name: "two" } })
    const path = `${api}/executions/workflows?workflow_id=hello&status=success,failed&limit=1`
    const first = await ask_(path)
    expect(first.body.items).toMatchObject([{ input: { name: "two" } }])
    const second = await ask_(`${path}&cursor=${encodeURIComponent(first.body.next)}`)
    expect(second.body.items).toMatchObject([{ input: { name: "one" } }])
  })

  it.each(["limit=0", "limit=x", "limit=501", "status=DONE", "colour=red"])(
    "refuse the query %s",
    async (query) => {
      const { status, body } = await ask_(`${api}/executions/workflows?${query}`)
      expect([status, body.code]).toEqual([400, "COMPOZY_BAD_REQUEST"])
    }
  )

  it("show their steps", async () => {
    const { body } = await post(`${api}/workflows/hello/executions/sync`, { input: { name: "Ada" } })
    const tasks = await ask_(`${api}/executions/workflows/${body.executionId}/tasks`)
    expect(tasks.body.items).toMatchObject([
      { path: "greeting", type: "tool", component: "greet", status: "SUCCESS", attempt: 1 }
    ])
  })

  it.each(["", "/tasks", "/stream"])("that do not exist are 404%s", async (part) => {
    const { status, body } = await ask_(`${api}/executions/workflows/nothing${part}`)
    expect([status, body.code]).toEqual([404, "COMPOZY_EXECUTION_NOT_FOUND"])
  })

  it("take signals, and refuse a payload that does not fit", async () => {
    const { body } = await post(`${api}/workflows/ask/executions`, {})
    const signals = `${body.url}/signals`
    const wrong = await post(signals, { signal_name: "answer", payload: { yes: "maybe" } })
    expect([wrong.status, wrong.body.code]).toEqual([400, "COMPOZY_SIGNAL_INVALID"])
    const right = await post(signals, { signal_name: "answer", payload: { yes: true } })
    expect(right.status).toBe(202)
    await expect
      .poll(async () => (await ask_(body.url)).body.output, patiently)
      .toEqual({ answered: { yes: true } })
  })

  it("can be cancelled", async () => {
    const { body } = await post(`${api}/workflows/ask/executions`, {})
    expect((await ask_(`${body.url}/cancel`, { method: "POST" })).status).toBe(202)
    await expect.poll(async () => (await ask_(body.url)).body.status, patiently).toBe("CANCELED")
  })
})

describe("the stream of an execution", () => {
  const frames = (text: string) =>
    text
      .split("\n\n")
      .filter((frame) => frame.startsWith("id:"))
      .map((frame) => {
        const [id, event, data] = frame.split("\n").map((line) => line.slice(line.indexOf(": ") + 2))
        return { id: Number(id), event, data: JSON.parse(data ?? "null") }
      })

  it("gives every event and ends with the execution", async () => {
    const { body } = await post(`${api}/workflows/hello/executions`, { input: { name: "Ada" } })
    const { type, text } = await ask_(`${body.url}/stream`)
    expect(type).toContain("text/event-stream")
    const events = frames(text)
    expect(events[0]).toMatchObject({ id: 1, event: "workflow_start" })
    expect(events.at(-1)).toMatchObject({ event: "complete", data: { data: { status: "SUCCESS" } } })
    expect(events.map(({ id }) => id)).toEqual(events.map((_, i) => i + 1))
  })

  it("goes on after the last event that was seen, and says when there is nothing more", async () => {
    const { body } = await post(`${api}/workflows/hello/executions/sync`, { input: { name: "Ada" } })
    const stream = `${api}/executions/workflows/${body.executionId}/stream`
    const all = frames((await ask_(stream)).text)
    const rest = frames((await ask_(stream, { headers: { "last-event-id": "1" } })).text)
    expect(rest).toEqual(all.slice(1))
    const nothing = await ask_(stream, { headers: { "last-event-id": String(all.at(-1)?.id) } })
    expect(nothing.status).toBe(204)
  })

  it("gives only the types that were asked for", async () => {
    const { body } = await post(`${api}/workflows/hello/executions/sync`, { input: { name: "Ada" } })
    const { text } = await ask_(`${api}/executions/workflows/${body.executionId}/stream?events=complete`)
    expect(frames(text).map(({ event }) => event)).toEqual(["complete"])
  })
})

describe("a page of another site", () => {
  it("cannot reach the server under its own name", async () => {
    expect(await raw(`${api}/workflows`, { host: "evil.example:5001" })).toBe(403)
  })

  it("cannot call it from its own origin, nor ask whether it may", async () => {
    const { host } = new URL(url)
    expect(await raw(`${api}/workflows`, { host, origin: "https://evil.example" })).toBe(403)
    expect(
      await raw(
        `${api}/workflows/hello/executions`,
        { host, origin: "https://evil.example", "access-control-request-method": "POST" },
        "OPTIONS"
      )
    ).toBe(403)
  })
})

describe("beside the API", () => {
  const labels = { mode: "memory", store_driver: "sqlite", cache_driver: "embedded-memory" }

  it("/healthz says that the process lives, and what it is", async () => {
    expect((await ask_("/healthz")).body).toEqual({ status: "ok", version: "0.0.0-test", ...labels })
  })

  it("/readyz says how each component is", async () => {
    const { status, body } = await ask_("/readyz")
    expect(status).toBe(200)
    expect(body).toMatchObject({
      status: "ready",
      ...labels,
      components: {
        store: { status: "up", mode: "memory" },
        cache: { status: "up", mode: "memory" },
        temporal: { status: "up", mode: "memory" },
        worker: { status: expect.stringMatching(/^(starting|up)$/), mode: "memory" }
      }
    })
  })

  it("/metrics counts requests by route, each series with the deployment's labels", async () => {
    await ask_(`${api}/workflows/hello`)
    const { text } = await ask_("/metrics")
    const line = text
      .split("\n")
      .find((l) => l.startsWith("compozy_http_requests_total") && l.includes('/workflows/:workflow_id"'))
    for (const label of [
      'mode="memory"',
      'store_driver="sqlite"',
      'cache_driver="embedded-memory"',
      'status="200"'
    ]) {
      expect(line).toContain(label)
    }
    expect(text).toMatch(/^compozy_server_ready\{.*\} 1$/m)
  })

  it("/openapi.json describes the API", async () => {
    const { body } = await ask_("/openapi.json")
    expect(body.openapi).toBe("3.1.0")
    expect(Object.keys(body.paths)).toContain(`${api}/workflows/{workflow_id}/executions`)
  })

  it("nothing else is there", async () => {
    expect((await ask_("/nothing")).body.code).toBe("COMPOZY_ROUTE_NOT_FOUND")
    const wrong = await ask_(`${api}/workflows`, { method: "DELETE" })
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD"])
  })
})
