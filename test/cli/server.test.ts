/** `compozy start` and what talks to its server, in this process. */
import { Deferred, Effect } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import type { StopSignal } from "../../src/cli/Terminal.ts"
import { config, makeProject, runInProcess, type TestProject } from "./support.ts"

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
