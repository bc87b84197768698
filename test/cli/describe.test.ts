/** What a project says of itself without running anything: its workflows, its settings and its schemas. */
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { commandLine, makeProject, type TestProject } from "./support.ts"

const config = `
import { Schema } from "effect"
import { defineMode, defineSignal, defineTool, defineWorkflow, eq } from "compozy"

const greet = defineTool({
  id: "greet",
  input: Schema.Struct({ name: Schema.String }),
  output: Schema.Struct({ message: Schema.String }),
  run: ({ name }) => ({ message: name })
})
const say = defineSignal({ id: "say", payload: Schema.String })
const child = defineWorkflow({ id: "child", input: Schema.Struct({}) }, ({ task }) => {
  task.sleep("pause", "1 second")
  return null
})
const all = defineWorkflow(
  {
    id: "all",
    version: "2.1",
    description: "Has a task of every kind.",
    input: Schema.Struct({ name: Schema.String, kind: Schema.Literals(["a", "b"]), names: Schema.Array(Schema.String) })
  },
  ({ input, task }) => {
    task.router("route", input.kind, {
      a: () => task.tool("greetA", greet, { name: input.name }),
      default: () => null
    })
    task.when("check", eq(input.name, "Ada"), () => task.tool("yes", greet, { name: "yes" }), () => null)
    task.parallel("both", { left: () => task.workflow("run", child, {}), right: () => null })
    task.collection("each", { items: input.names, each: ({ item }) => task.tool("one", greet, { name: item }) })
    task.wait("said", { signal: say, timeout: "1 minute", onTimeout: () => task.tool("late", greet, { name: "late" }) })
    task.signal("tell", { execution: "e", signal: say, payload: "hi" })
    task.attempt("try", () => task.fail("no", "never"), { onError: () => task.group("inner", () => null) })
    return null
  }
)
export default defineMode({ name: "described", server: { port: 0 }, workflows: [all, child] })
`

let project: TestProject
let empty: TestProject
beforeAll(async () => {
  project = await makeProject({ "compozy.config.ts": config })
  empty = await makeProject({})
})
afterAll(() => Promise.all([project.remove(), empty.remove()]))

const json = async (where: TestProject, ...args: ReadonlyArray<string>) => {
  const { stdout, ...rest } = await commandLine(where, ...args, "--json")
  return { ...rest, value: JSON.parse(stdout) }
}

describe("compozy workflow", () => {
  it("show outlines every task with its blocks", async () => {
    const { code, stdout } = await commandLine(project, "workflow", "show", "all")
    expect(code).toBe(0)
    expect(stdout).toMatchInlineSnapshot(`
      "all 2.1
      Has a task of every kind.

      input   {"type":"object","properties":{"name":{"type":"string"},"kind":{"type":"string","enum":["a","b"]},"names":{"type":"array","items":{"type":"string"}}},"required":["name","kind","names"]}
      output  {"type":"null"}

      route  router
        a:
          greetA  tool greet
        default:
      check  when
        then:
          yes  tool greet
        otherwise:
      both  parallel
        left:
          run  workflow child
        right:
      each  collection
        each:
          one  tool greet
      said  wait say
        on timeout:
          late  tool greet
      tell  signal say
      try  attempt
        try:
          no  fail
        on error:
          inner  group
      "
    `)
  })

  it("show --mermaid draws the same", async () => {
    const { stdout } = await commandLine(project, "workflow", "show", "all", "--mermaid")
    expect(stdout).toMatchInlineSnapshot(`
      "flowchart TD
        start(["all"])
        t0{"route: router"}
        start --> t0
        subgraph t0s ["route"]
          t1["greetA: greet"]
          t0 -->|"a"| t1
        end
        t2{"check: when"}
        t1 --> t2
        t0 -->|"default"| t2
        subgraph t2s ["check"]
          t3["yes: greet"]
          t2 -->|"then"| t3
        end
        t4["both: parallel (waitAll)"]
        t3 --> t4
        t2 -->|"otherwise"| t4
        subgraph t4s ["both"]
          t5["run: workflow child"]
          t4 -->|"left"| t5
        end
        t6["each: collection (waitAll)"]
        t5 --> t6
        t4 -->|"right"| t6
        subgraph t6s ["each"]
          t7["one: greet"]
          t6 -->|"each"| t7
        end
        t8(["said: wait for say"])
        t7 --> t8
        subgraph t8s ["said"]
          t9["late: greet"]
          t8 -->|"on timeout"| t9
        end
        t10["tell: signal say"]
        t9 --> t10
        t8 --> t10
        t11["try: attempt"]
        t10 --> t11
        subgraph t11s ["try"]
          t12[/"no: fail"/]
          t11 -->|"try"| t12
          t13["inner: group"]
          t11 -->|"on error"| t13
        end
        done(["output"])
        t13 --> done
      "
    `)
  })

  it("show --json gives the recorded definition", async () => {
    const { stdout } = await commandLine(project, "workflow", "show", "child", "--json")
    expect(JSON.parse(stdout.replaceAll(project.folder, "<folder>"))).toMatchInlineSnapshot(`
      {
        "format": 1,
        "id": "child",
        "input": {
          "not": {
            "type": "null",
          },
        },
        "output": {
          "type": "null",
        },
        "requires": {
          "functions": [],
          "signals": [],
          "tools": [],
          "workflows": [],
        },
        "result": null,
        "tasks": [
          {
            "duration": 1000,
            "id": "pause",
            "path": "pause",
            "source": "<folder>/compozy.config.ts:13:8",
            "type": "sleep",
          },
        ],
      }
    `)
  })

  it("show names the nearest workflow for one that is not there", async () => {
    expect(await commandLine(project, "workflow", "show", "chil")).toMatchInlineSnapshot(`
      {
        "code": 5,
        "stderr": "error: There is no workflow "chil". Did you mean "child"?
      [COMPOZY_WORKFLOW_NOT_FOUND]
      ",
        "stdout": "",
      }
    `)
  })

  it("list --json says of what is not given that it is null", async () => {
    expect((await json(project, "workflow", "list")).value).toMatchInlineSnapshot(`
      {
        "items": [
          {
            "description": "Has a task of every kind.",
            "id": "all",
            "tasks": 7,
            "version": "2.1",
          },
          {
            "description": null,
            "id": "child",
            "tasks": 1,
            "version": null,
          },
        ],
      }
    `)
  })

  it("list says when there is none", async () => {
    expect(await commandLine(empty, "workflow", "list")).toMatchInlineSnapshot(`
      {
        "code": 0,
        "stderr": "This config defines no workflow yet.
      ",
        "stdout": "",
      }
    `)
  })
})

describe("compozy config", () => {
  it("show prints a table of every setting with its source", async () => {
    const { stdout } = await commandLine(project, "config", "show", "--origin", "--log-level", "debug")
    const rows = stdout.split("\n").filter((row) => /^(?:KEY|name|mode|server\.port|log\.level) /.test(row))
    expect(rows.join("\n")).toMatchInlineSnapshot(`
      "KEY                                      VALUE          FROM
      mode                                     memory         default
      name                                     described      config file
      server.port                              0              config file
      log.level                                debug          --log-level"
    `)
  })

  it("show --json has the form of the published schema", async () => {
    const { value } = await json(project, "config", "show")
    expect(value.file).toBe(join(project.folder, "compozy.config.ts"))
    expect(value.settings).toMatchObject({ name: "described", mode: "memory", server: { port: 0 } })
  })

  it("validate says which file is valid, or that there is none", async () => {
    const { code, stdout, stderr } = await commandLine(project, "config", "validate")
    expect({ code, stdout, stderr: stderr.replace(project.folder, "<folder>") }).toMatchInlineSnapshot(`
      {
        "code": 0,
        "stderr": "<folder>/compozy.config.ts is valid.
      ",
        "stdout": "",
      }
    `)
    expect(await commandLine(empty, "config", "validate")).toMatchInlineSnapshot(`
      {
        "code": 0,
        "stderr": "There is no config file; the defaults are valid.
      ",
        "stdout": "",
      }
    `)
    expect((await json(empty, "config", "validate")).value).toMatchInlineSnapshot(`
      {
        "file": null,
        "stranded": [],
        "valid": true,
        "warnings": [],
      }
    `)
  })

  it("validate warns of a variable that nothing reads, and is content all the same", async () => {
    const typo = { ...project, env: { ...project.env, COMPOZY_SERVER_PROT: "1" } }
    const warned = await commandLine(typo, "config", "validate")
    expect({
      ...warned,
      stderr: warned.stderr.replaceAll(project.folder, "<folder>")
    }).toMatchInlineSnapshot(`
      {
        "code": 0,
        "stderr": "warning: COMPOZY_SERVER_PROT is not a variable that Compozy reads.
        fix: did you mean COMPOZY_SERVER_PORT? [COMPOZY_CONFIG_UNKNOWN_VARIABLE]
      <folder>/compozy.config.ts is valid.
      ",
        "stdout": "",
      }
    `)
  })

  it("diagnostics explains the effective modes, as text and as JSON", async () => {
    const args = ["config", "diagnostics", "--mode", "persistent", "--redis-mode", "memory"]
    const { stdout } = await commandLine(project, ...args)
    expect(stdout.replaceAll(project.folder, "<folder>")).toMatchInlineSnapshot(`
      "Config file: <folder>/compozy.config.ts

      Effective modes
        process   persistent  --mode
        database  persistent  the mode of the process  SQLite in <folder>/.compozy/compozy.db
        redis     memory      --redis-mode             embedded Redis in memory
        temporal  persistent  the mode of the process  embedded Temporal in <folder>/.compozy/temporal.db

      Precedence, weakest first: defaults < defaults of the mode < config file < .env < environment < flags

      Warnings
      - redis is in memory mode while the process is in persistent mode: unsupported in production.
        at --redis-mode
        fix: leave redis to the mode of the process, or take it as a development set-up
        [COMPOZY_CONFIG_MIXED_MODES] redis.mode
      "
    `)
    const { value } = await json(project, ...args)
    expect(value).toMatchObject({ supported: false, modes: { length: 4 } })
  })
})

describe("compozy schema export", () => {
  it("prints one schema, or all of them by name", async () => {
    const one = await commandLine(empty, "schema", "export", "config")
    const { value } = await json(empty, "schema", "export")
    expect(Object.keys(value)).toEqual(["config", "compozy", "workflow"])
    expect(JSON.parse(one.stdout)).toEqual(value.config)
  })

  it("writes them into a folder, and says where", async () => {
    const { code, stdout, stderr } = await commandLine(empty, "schema", "export", "--output", "made/schemas")
    const folder = join(empty.folder, "made", "schemas")
    expect({ code, stdout, stderr: stderr.replace(empty.folder, "<folder>") }).toMatchInlineSnapshot(`
      {
        "code": 0,
        "stderr": "Wrote config.json, compozy.json, workflow.json into <folder>/made/schemas
      ",
        "stdout": "",
      }
    `)
    expect((await readdir(folder)).toSorted()).toEqual(["compozy.json", "config.json", "workflow.json"])
    const { stdout: printed } = await commandLine(empty, "schema", "export", "workflow")
    expect(await readFile(join(folder, "workflow.json"), "utf8")).toBe(printed)
  })

  it("says why a folder cannot be written", async () => {
    const { code, stderr } = await commandLine(project, "schema", "export", "--output", "compozy.config.ts/x")
    expect({ code, stderr: stderr.replaceAll(project.folder, "<folder>") }).toMatchInlineSnapshot(`
      {
        "code": 2,
        "stderr": "error: <folder>/compozy.config.ts/x cannot be written: ENOTDIR: not a directory, mkdir '<folder>/compozy.config.ts/x'
      ",
      }
    `)
  })
})
