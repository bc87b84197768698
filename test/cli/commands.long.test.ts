import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Schema } from "effect"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { commandLine, compozy, config, makeProject, spawnCli, type TestProject } from "./support.ts"

// Processes are started here: on a busy machine each takes seconds.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const Started = Schema.Struct({ executionId: Schema.String })
const Status = Schema.Struct({ status: Schema.String })

const patiently = { timeout: 15_000, interval: 20 }

let project: TestProject
let server: ReturnType<typeof spawnCli>
let url: string

const runtimeFolder = process.env["XDG_RUNTIME_DIR"]

beforeAll(async () => {
  project = await makeProject({ "compozy.config.ts": config, "input.json": '{"name":"File"}' })
  process.env["XDG_RUNTIME_DIR"] = project.env["XDG_RUNTIME_DIR"]
  server = spawnCli(project, ["start", "--json"])
  url = (await server.ready()).url
})

afterAll(async () => {
  server.child.kill("SIGTERM")
  expect(await server.exited).toMatchObject({ code: 0 })
  await project.remove()
  if (runtimeFolder === undefined) delete process.env["XDG_RUNTIME_DIR"]
  else process.env["XDG_RUNTIME_DIR"] = runtimeFolder
})

describe("compozy run against the running server", () => {
  it("prints the result on stdout and the progress on stderr", async () => {
    const { code, stdout, stderr } = await compozy(project, "run", "hello", "name=Ada", "times=2")
    expect({ code, stdout }).toEqual({ code: 0, stdout: '{\n  "message": "Hello, Ada Hello, Ada"\n}\n' })
    expect(stderr).toContain("✓ greeting")
  })

  it("prints one object with --json, and takes the input from a file", async () => {
    const { code, stdout, stderr } = await commandLine(
      project,
      "run",
      "hello",
      "--input-file",
      "input.json",
      "--json"
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(JSON.parse(stdout)).toEqual({
      executionId: expect.any(String),
      workflow: "hello",
      status: "SUCCESS",
      output: { message: "Hello, File" }
    })
  })

  it("exits with 1 when the workflow fails, and says in which step", async () => {
    const failed = await commandLine(project, "run", "hello", "--input", '{"name":"nobody"}', "--json")
    expect(failed.code).toBe(1)
    expect(JSON.parse(failed.stdout)).toMatchObject({
      workflow: "hello",
      status: "FAILED",
      error: { task: "greeting" }
    })
  })

  it("points a person to the execution that failed", async () => {
    const { stderr } = await commandLine(project, "run", "hello", "name=nobody", "times=1")
    expect(stderr).toMatch(
      /FAILED in greeting: .*\n\[COMPOZY_TASK_FAILED\] compozy execution get \S+ --tasks\n/
    )
  })

  it("exits with 2 when the input does not fit, and names the fields", async () => {
    const { code, stdout, stderr } = await commandLine(project, "run", "hello", "nam=Ada", "times=x")
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toMatchInlineSnapshot(`
      "error: The input of workflow "hello" is not valid: nam: is no field of the input; did you mean "name"?; times: expects a whole number, not "x"
      [COMPOZY_INPUT_INVALID]
      "
    `)
  })

  it("exits with 5 when there is no such workflow, also as JSON", async () => {
    const { code, stdout } = await commandLine(project, "run", "helo", "--json")
    expect(code).toBe(5)
    expect(JSON.parse(stdout)).toEqual({
      executionId: null,
      workflow: "helo",
      status: "FAILED",
      error: {
        code: "COMPOZY_WORKFLOW_NOT_FOUND",
        message: 'There is no workflow "helo". Did you mean "hello"?'
      }
    })
  })
})

describe("compozy run without a server", () => {
  it("does not point to an execution that is gone with the process", async () => {
    const alone = await makeProject({ "compozy.config.ts": config })
    const { code, stderr } = await compozy(alone, "run", "hello", "name=nobody", "times=1")
    await alone.remove()
    expect(code).toBe(1)
    expect(stderr).toContain("FAILED in greeting")
    expect(stderr).not.toContain("compozy execution get")
  })
})

describe("compozy execution", () => {
  it("lists, shows, signals and cancels what runs on the server; a config without it is warned of", async () => {
    const start = async () => {
      const response = await fetch(`${url}/api/v0/workflows/wait/executions`, { method: "POST" })
      const { executionId } = Schema.decodeUnknownSync(Started)(await response.json())
      return executionId
    }
    const statusOf = async (executionId: string) => {
      const response = await fetch(`${url}/api/v0/executions/workflows/${executionId}`)
      return Schema.decodeUnknownSync(Status)(await response.json()).status
    }
    const [signalled, cancelled] = await Promise.all([start(), start()])

    const file = join(project.folder, "compozy.config.ts")
    await writeFile(file, config.replace("workflows: [hello, wait]", "workflows: [hello]"))
    // A process of its own: this one has loaded the file before.
    const validated = await compozy(project, "config", "validate")
    await writeFile(file, config)
    expect(validated.stderr).toContain('2 running executions of "wait" would wait for workflow "wait"')

    const [sent, asked] = await Promise.all([
      commandLine(project, "execution", "signal", signalled, "say", "--payload", '"yes"'),
      commandLine(project, "execution", "cancel", cancelled, "--json")
    ])
    expect(sent).toMatchObject({ code: 0, stdout: "" })
    expect(JSON.parse(asked.stdout)).toEqual({ executionId: cancelled, requested: "cancel" })
    await expect.poll(() => statusOf(signalled), patiently).toBe("SUCCESS")
    await expect.poll(() => statusOf(cancelled), patiently).toBe("CANCELED")

    const [listed, shown] = await Promise.all([
      commandLine(project, "execution", "list", "--workflow", "wait", "--json"),
      commandLine(project, "execution", "get", signalled, "--tasks")
    ])
    expect(JSON.parse(listed.stdout).items).toHaveLength(2)
    expect(shown.stdout).toMatch(/status +SUCCESS\n/)
    expect(shown.stdout).toMatch(/said +wait say +SUCCESS/)
  })

  it("exits with 5 for an execution that does not exist", async () => {
    const { code, stderr } = await commandLine(project, "execution", "get", "nothing")
    expect({ code, stderr }).toMatchInlineSnapshot(`
      {
        "code": 5,
        "stderr": "error: There is no execution "nothing".
      [COMPOZY_EXECUTION_NOT_FOUND]
      ",
      }
    `)
  })
})

describe("what needs no server", () => {
  it("lists and shows the workflows of the config", async () => {
    const [list, show] = await Promise.all([
      commandLine(project, "workflow", "list"),
      commandLine(project, "workflow", "show", "hello", "--mermaid")
    ])
    expect(list.stdout).toMatchInlineSnapshot(`
      "ID     VERSION  TASKS  DESCRIPTION
      hello           1      Says hello.
      wait            1
      "
    `)
    expect(show.stdout).toMatch(/^flowchart TD\n/)
  })

  it("shows settings with where they come from, and hides secrets", async () => {
    const { code, stdout } = await commandLine(
      { ...project, env: { ...project.env, COMPOZY_DATABASE_URL: "postgres://user:hunter2@db/x" } },
      "config",
      "show",
      "--origin",
      "--json",
      "--mode",
      "distributed",
      "--temporal-host",
      "temporal:7233",
      "--redis-mode",
      "memory"
    )
    expect(code).toBe(0)
    expect(stdout).not.toContain("hunter2")
    expect(JSON.parse(stdout).settings).toMatchObject({
      mode: { value: "distributed", origin: "--mode" },
      "database.url": { value: "********", origin: "COMPOZY_DATABASE_URL" },
      name: { value: "cli-test" }
    })
  })

  it("reports every problem of the config with exit code 3", async () => {
    const { code, stderr } = await commandLine(
      project,
      "config",
      "validate",
      "--mode",
      "standalone",
      "--port",
      "x"
    )
    expect(code).toBe(3)
    expect(stderr).toContain("COMPOZY_CONFIG_MODE_RETIRED")
    expect(stderr).toContain("server.port")
  })

  it("explains a wrong command line with exit code 2", async () => {
    const { code, stdout, stderr } = await commandLine(project, "run")
    expect({ code, stdout, stderr }).toMatchInlineSnapshot(`
      {
        "code": 2,
        "stderr": "ERROR
        Missing required argument: workflow

      Try: compozy run --help
      ",
        "stdout": "",
      }
    `)
  })

  it("prints completions for a shell", async () => {
    const { code, stdout } = await commandLine(project, "completions", "bash")
    expect(code).toBe(0)
    expect(stdout).toContain("compozy")
  })
})

describe("a port in use", () => {
  it("names who has it and how to take another one", async () => {
    const { port } = new URL(url)
    const { code, stderr } = await compozy(project, "start", "--port", port)
    expect(code).toBe(6)
    expect(stderr).toContain(`Port ${port} on 127.0.0.1 is in use by`)
    if (process.platform === "linux") expect(stderr).toContain(`(pid ${server.child.pid})`)
    expect(stderr).toContain(`--port ${Number(port) + 1}`)
  })
})
