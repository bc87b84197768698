/** `compozy start` and what talks to its server, in this process. */
import { Deferred, Effect, Schema } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import { banner } from "../../src/cli/Banner.ts"
import type { StopSignal } from "../../src/cli/Terminal.ts"
import { findStranded, missingFor } from "../../src/cli/Stranded.ts"
import { loadConfig } from "../../src/config/Load.ts"
import { resolveConfig } from "../../src/config/Resolve.ts"
import { config, makeProject, runInProcess, type TestProject } from "./support.ts"

const Started = Schema.Struct({ executionId: Schema.String })

const projects: Array<TestProject> = []
const runtimeFolder = process.env["XDG_RUNTIME_DIR"]
const make = async (files: Readonly<Record<string, string>>) => {
  const project = await makeProject(files)
  projects.push(project)
  process.env["XDG_RUNTIME_DIR"] = project.env["XDG_RUNTIME_DIR"]
  return project
}
afterEach(async () => {
  for (const project of projects.splice(0)) await project.remove()
  if (runtimeFolder === undefined) delete process.env["XDG_RUNTIME_DIR"]
  else process.env["XDG_RUNTIME_DIR"] = runtimeFolder
})

/** A server that runs until it is told to stop. */
const start = (project: TestProject, ...args: ReadonlyArray<string>) => {
  const stop = Deferred.makeUnsafe<StopSignal>()
  const url = Promise.withResolvers<string>()
  const ended = runInProcess(project, ["start", ...args], {
    stopRequested: Deferred.await(stop),
    onText: ({ stdout, stderr }) => {
      const found = /http:\/\/[\d.:]+/.exec(stdout + (stderr.includes("ready in") ? stderr : ""))
      if (found !== null) url.resolve(found[0])
    }
  })
  return {
    url: Promise.race([
      url.promise,
      ended.then((result) => Promise.reject(new Error(`ended: ${result.stderr}`)))
    ]),
    stop: (signal: StopSignal) => {
      Deferred.doneUnsafe(stop, Effect.succeed(signal))
      return ended
    }
  }
}

const stable = (text: string, project: TestProject, url: string): string =>
  text
    .replaceAll(project.folder, "<folder>")
    .replaceAll(new URL(url).host, "<host>")
    .replaceAll(/ready in \d+ ms/g, "ready in <n> ms")

describe("compozy start", () => {
  it("says where it is, what keeps nothing, and drains when asked to stop", async () => {
    const project = await make({ "compozy.config.ts": config })
    const server = start(project)
    const url = await server.url
    const { code, stdout, stderr } = await server.stop("SIGTERM")
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" })
    expect(stable(stderr, project, url)).toMatchInlineSnapshot(`
      "compozy 0.1.0 cli-test, memory mode
        server    http://<host> (API under /api/v0, document at /openapi.json)
        database  in memory
        cache     in memory
        engine    in memory
        workflows hello, wait
        note      the database, the cache and running and finished workflows are gone when this process ends. To keep them: compozy start --mode persistent
        ready in <n> ms

      SIGTERM received: draining.
      Stopped.
      "
    `)
  })

  it("--json tells the address in one line; a second one finds the port taken", async () => {
    const project = await make({ "compozy.config.ts": config })
    const server = start(project, "--json")
    const url = await server.url
    const { port } = new URL(url)
    const second = await runInProcess(project, ["start", "--port", port])
    expect(second).toMatchObject({ code: 6, stdout: "" })
    expect(second.stderr).toContain(`Port ${port} on 127.0.0.1 is in use by`)
    if (process.platform === "linux") expect(second.stderr).toContain(`(pid ${process.pid})`)
    const { code, stdout } = await server.stop("SIGINT")
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      event: "ready",
      url,
      pid: process.pid,
      mode: "memory",
      workflows: ["hello", "wait"],
      readyMs: expect.any(Number)
    })
  })
})

describe("executions of a server", () => {
  const dates = (text: string) => text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<date>")
  const ids = (text: string, ...executions: ReadonlyArray<string>) =>
    executions.reduce((all, id, index) => all.replaceAll(id, `<execution ${index + 1}>`), text)
  const times = (text: string) => text.replaceAll(/\d+(?:\.\d)? m?s\b/g, "<time>")

  it("are run, listed, shown, signalled and cancelled, also by the address alone", async () => {
    const project = await make({ "compozy.config.ts": config })
    const server = start(project, "--json")
    const url = await server.url
    const ask = (...args: ReadonlyArray<string>) => runInProcess(project, args)

    const ran = await ask("run", "hello", "name=Ada")
    expect(ran).toMatchObject({ code: 0, stdout: '{\n  "message": "Hello, Ada"\n}\n' })
    const failed = await ask("run", "hello", "name=nobody", "--json")
    expect(failed.code).toBe(1)
    const { executionId } = JSON.parse(failed.stdout)

    const shown = await ask("execution", "get", executionId, "--tasks")
    expect(times(dates(ids(shown.stdout, executionId)))).toMatchInlineSnapshot(`
      "execution <execution 1>
      workflow  hello
      status    FAILED
      started   <date>
      closed    <date> (<time>)
      input     {
        "name": "nobody"
      }
      error     nobody is there [COMPOZY_TASK_FAILED]
      task      greeting

      STEP      TYPE        STATUS  ATTEMPT  ERROR
      greeting  tool greet  FAILED  1        nobody is there
      "
    `)

    const first = await ask("execution", "list", "--limit", "1")
    expect(first.stderr).toMatch(/^More: --cursor \S+\n$/)

    const started = await fetch(`${url}/api/v0/workflows/wait/executions`, { method: "POST" })
    const waiting = Schema.decodeUnknownSync(Started)(await started.json()).executionId
    const loaded = await Effect.runPromise(loadConfig({ cwd: project.folder, env: project.env }))
    const without = loaded.workflows.filter(({ id }) => id !== "wait")
    expect(await Effect.runPromise(findStranded(loaded))).toEqual([])
    expect(await Effect.runPromise(findStranded({ ...loaded, workflows: without }))).toEqual([
      { workflow: "wait", missing: ['workflow "wait"'], executions: [waiting] }
    ])
    const hello = loaded.workflows.find(({ id }) => id === "hello")
    expect(hello === undefined ? [] : missingFor(hello.definition, [{ ...hello, tools: {} }])).toEqual([
      'tool "greet"'
    ])

    const elsewhere = {
      ...project,
      env: { ...project.env, COMPOZY_BASE_URL: url, XDG_RUNTIME_DIR: "/nowhere" }
    }
    const named = (...args: ReadonlyArray<string>) => runInProcess(elsewhere, args)
    expect((await named("execution", "signal", waiting, "say", "--payload", '"yes"')).stderr).toBe(
      `Sent say to ${waiting}.\n`
    )
    expect((await named("execution", "cancel", executionId)).stderr).toContain(executionId)
    const page = await named("execution", "list", "--limit", "1", "--status", "failed")
    expect(times(dates(ids(page.stdout, executionId)))).toMatchInlineSnapshot(`
      "EXECUTION                   WORKFLOW  STATUS  STARTED                   TOOK
      <execution 1>  hello     FAILED  <date>  <time>
      "
    `)

    expect(await server.stop("SIGTERM")).toMatchObject({ code: 0 })
    const gone = await named("execution", "list")
    expect(gone).toMatchObject({ code: 4, stdout: "" })
    expect(gone.stderr).toContain(`The server at ${url} does not answer`)
  })
})

describe("compozy run without a server", () => {
  it("runs the workflow in its own process, and leaves nothing behind", async () => {
    const project = await make({ "compozy.config.ts": config })
    const ran = await runInProcess(project, ["run", "hello", "name=Ada", "times=2"])
    expect(ran).toMatchInlineSnapshot(`
      {
        "code": 0,
        "stderr": "› greeting
      ✓ greeting
      ",
        "stdout": "{
        "message": "Hello, Ada Hello, Ada"
      }
      ",
      }
    `)
    const listed = await runInProcess(project, ["execution", "list"])
    expect(listed).toMatchInlineSnapshot(`
      {
        "code": 5,
        "stderr": "error: No server of this config is running, and in memory mode nothing else knows its executions. Start one: compozy start
      [COMPOZY_SERVER_NOT_FOUND]
      ",
        "stdout": "",
      }
    `)
  })

  it("says what is wrong with the input before it starts anything", async () => {
    const project = await make({ "compozy.config.ts": config, "broken.json": "{" })
    const refused = async (...args: ReadonlyArray<string>) => {
      const { code, stderr } = await runInProcess(project, ["run", "hello", ...args])
      return `${code} ${stderr}`.replaceAll(project.folder, "<folder>")
    }
    expect(await refused("--input", "{}", "name=Ada")).toMatchInlineSnapshot(`
      "2 error: Give the input in one way: --input, --input-file, or key=value arguments.
      "
    `)
    expect(await refused("--input", "name=Ada")).toMatchInlineSnapshot(`
      "2 error: --input is not JSON: Unexpected token 'a', "name=Ada" is not valid JSON
      "
    `)
    expect(await refused("--input-file", "broken.json")).toMatchInlineSnapshot(`
      "2 error: broken.json is not JSON: Expected property name or '}' in JSON at position 1 (line 1 column 2)
      "
    `)
    expect(await refused("--input-file", "missing.json")).toMatchInlineSnapshot(`
      "2 error: --input-file cannot be read: ENOENT: no such file or directory, open '<folder>/missing.json'
      "
    `)
  })

  it("says what is wrong with a signal or a filter before it asks anybody", async () => {
    const project = await make({ "compozy.config.ts": config })
    const refused = async (...args: ReadonlyArray<string>) => {
      const { code, stderr } = await runInProcess(project, ["execution", ...args])
      return `${code} ${stderr}`
    }
    expect(await refused("signal", "e", "say", "a=1", "--payload", "1")).toMatchInlineSnapshot(`
      "2 error: Give the payload by --payload or by key=value, not by both.
      "
    `)
    expect(await refused("signal", "e", "say", "--payload", "yes")).toMatchInlineSnapshot(`
      "2 error: --payload is not JSON: Unexpected token 'y', "yes" is not valid JSON
      "
    `)
    expect(await refused("signal", "e", "say", "novalue")).toMatchInlineSnapshot(`
      "2 error: The payload is not valid.
        "novalue" is no argument; write key=value, or key:=json
      "
    `)
    expect(await refused("list", "--status", "failed,broken")).toMatchInlineSnapshot(`
      "2 error: --status knows PENDING, RUNNING, WAITING, PAUSED, SUCCESS, FAILED, TIMED_OUT, CANCELED, SKIPPED, not all of "failed,broken".
      "
    `)
  })
})

describe("what the banner says", () => {
  it("is where each service is, what keeps nothing, and what is doubtful, in colours where they are asked for", async () => {
    const env = {
      COMPOZY_DATABASE_URL: "postgres://ada:secret@db:5433/orders",
      REDIS_ADDR: "cache:6380",
      TEMPORAL_HOST_PORT: "temporal:7233"
    }
    const said = async (flags: Readonly<Record<string, string>>, color = false) => {
      const { settings } = await Effect.runPromise(resolveConfig(undefined, { root: "/srv/app", env, flags }))
      return banner({
        settings,
        version: "1.2.3",
        url: "http://127.0.0.1:5001",
        workflows: Array.from({ length: 10 }, (_, index) => `w${index}`),
        warnings: ["something is doubtful"],
        readyAfter: 12.3,
        cwd: "/srv/app",
        color
      })
    }
    expect(await said({ mode: "distributed" })).toMatchInlineSnapshot(`
      "compozy 1.2.3 app, distributed mode
        server    http://127.0.0.1:5001 (API under /api/v0, document at /openapi.json)
        database  PostgreSQL at db:5433
        cache     Redis at cache:6380
        engine    Temporal at temporal:7233, namespace default
        workflows w0, w1, w2, w3, w4, w5, w6, w7 and 2 more
        warning   something is doubtful
        ready in 12 ms
      "
    `)
    expect(await said({ mode: "persistent", "redis.mode": "memory" })).toMatchInlineSnapshot(`
      "compozy 1.2.3 app, persistent mode
        server    http://127.0.0.1:5001 (API under /api/v0, document at /openapi.json)
        database  .compozy/compozy.db
        cache     in memory
        engine    .compozy/temporal.db
        workflows w0, w1, w2, w3, w4, w5, w6, w7 and 2 more
        note      the cache is gone when this process ends.
        warning   something is doubtful
        ready in 12 ms
      "
    `)
    expect(await said({ mode: "memory" }, true)).toContain("\u001b[36mmemory mode\u001b[0m")
  })
})
