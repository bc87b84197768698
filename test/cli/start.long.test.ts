import { readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { Schema } from "effect"
import { afterEach, describe, expect, it, vi } from "vitest"
import { compozy, config, makeProject, spawnCli, type TestProject } from "./support.ts"

// Processes are started here: on a busy machine each takes seconds.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const Started = Schema.Struct({ executionId: Schema.String })
const Tasks = Schema.Struct({ items: Schema.Array(Schema.Struct({ status: Schema.String })) })

const projects: Array<TestProject> = []
const makeTestProject = async (files: Readonly<Record<string, string>>) => {
  const project = await makeProject(files)
  projects.push(project)
  return project
}
afterEach(async () => {
  for (const project of projects.splice(0)) await project.remove()
})

describe("compozy start in an empty folder", () => {
  it("starts in memory mode, says what is lost and that there is no workflow, and shows a config to paste", async () => {
    const project = await makeTestProject({})
    const server = spawnCli(project, ["start", "--port", "0"])
    await server.says("npx compozy run hello")
    server.child.kill("SIGINT")
    const { code, stdout, stderr } = await server.exited
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" })
    expect(stderr).toContain("memory mode")
    expect(stderr).toContain("are gone when this process ends")
    expect(stderr).toMatch(/ready in \d+ ms/)
    expect(stderr).toContain("There is no compozy.config.ts yet")
    expect(stderr).toContain("export default defineMode(")
    expect(stderr).toContain("SIGINT received: draining.")
    expect(stderr).toContain("Stopped.")
  })
})

describe("signals", () => {
  const slow = config.replace(
    "return { message:",
    "if (name === 'slow') return new Promise(() => undefined)\n    return { message:"
  )

  it("SIGTERM during the start ends it in order", async () => {
    const server = spawnCli(await makeTestProject({ "compozy.config.ts": config }), ["start"], {
      COMPOZY_TRACE_STARTUP: "1"
    })
    await server.says('"phase":"listening"')
    server.child.kill("SIGTERM")
    const { code, stderr } = await server.exited
    expect(code).toBe(0)
    expect(stderr).not.toContain("ready in")
  })

  it("a second Ctrl-C during the drain ends the process at once, and SIGTERM does not", async () => {
    const project = await makeTestProject({ "compozy.config.ts": slow })
    const server = spawnCli(project, ["start", "--json"])
    const { url } = await server.ready()
    const ask = async <A>(schema: Schema.Codec<A>, path: string, init?: RequestInit) => {
      const response = await fetch(`${url}/api/v0${path}`, init)
      return Schema.decodeUnknownSync(schema)(await response.json())
    }
    const { executionId } = await ask(Started, "/workflows/hello/executions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input: { name: "slow" } })
    })
    const steps = async () => {
      const { items } = await ask(Tasks, `/executions/workflows/${executionId}/tasks`)
      return items.map((task) => task.status)
    }
    await expect.poll(steps, { timeout: 15_000, interval: 20 }).toEqual(["RUNNING"])

    server.child.kill("SIGINT")
    await server.says("draining")
    server.child.kill("SIGTERM")
    server.child.kill("SIGINT")
    expect(await server.exited).toMatchObject({ code: 130 })
  })
})

describe("persistent mode", () => {
  it("keeps its files private, is owned by one process, and is used by compozy run", async () => {
    const project = await makeTestProject({ "compozy.config.ts": config })
    const server = spawnCli(project, ["start", "--mode", "persistent", "--json"])
    await server.ready()
    const data = join(project.folder, ".compozy")
    expect((await stat(data)).mode & 0o777).toBe(0o700)
    expect((await stat(join(data, "server.json"))).mode & 0o777).toBe(0o600)
    expect(await readFile(join(data, ".gitignore"), "utf8")).toBe("*\n")

    const [second, run] = await Promise.all([
      compozy(project, "start", "--mode", "persistent"),
      compozy(project, "run", "hello", "name=Ada", "--json")
    ])
    expect(second.code).toBe(6)
    expect(second.stderr).toContain(`.compozy is in use by process ${server.child.pid}.`)
    expect(JSON.parse(run.stdout)).toMatchObject({ status: "SUCCESS" })

    // Nothing tidies up after kill -9: what it left is recognised as stale, and what it did is still there.
    server.child.kill("SIGKILL")
    await server.exited
    const { executionId } = JSON.parse(run.stdout)
    const found = await compozy(project, "execution", "get", executionId, "--mode", "persistent", "--json")
    expect(found.stderr).toBe("")
    expect(JSON.parse(found.stdout)).toMatchObject({ executionId, output: { message: "Hello, Ada" } })
    await expect(stat(join(data, "server.json"))).rejects.toThrow("ENOENT")
  })
})

describe("compozy run without a server", () => {
  it("starts the workflow in its own process", async () => {
    const project = await makeTestProject({ "compozy.config.ts": config })
    const { code, stdout, stderr } = await compozy(project, "run", "hello", "name=Ada", "--json")
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(JSON.parse(stdout)).toMatchObject({ status: "SUCCESS", output: { message: "Hello, Ada" } })
  })
})
