import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Context, Effect, Schema } from "effect"
import { describe, expect, it } from "vitest"
import type { Json, TaskDefinition } from "../../src/workflow/Definition.ts"
import {
  and,
  decode,
  defineSignal,
  defineTool,
  defineWorkflow,
  definitionHash,
  eq,
  fn,
  gt,
  isWorkflow,
  text,
  toMermaid,
  WorkflowDefinitionSchema
} from "../../src/workflow/index.ts"
import { jsonSchemaOf } from "../../src/workflow/SchemaJson.ts"

const greet = defineTool({
  id: "greet",
  description: "Greets.",
  input: Schema.Struct({ name: Schema.String }),
  output: Schema.Struct({ message: Schema.String, mood: Schema.Literals(["happy", "sad"]) }),
  run: ({ name }) => ({ message: `Hello, ${name}`, mood: "happy" as const })
})
const approval = defineSignal({ id: "approval", payload: Schema.Struct({ by: Schema.String }) })
const child = defineWorkflow({ id: "child", input: Schema.Struct({ n: Schema.Number }) }, ({ input }) => ({
  twice: [input.n, input.n]
}))

/** Every kind of task. */
const everything = defineWorkflow(
  {
    id: "everything",
    description: "Does all.",
    version: "1.2.3",
    input: Schema.Struct({
      name: Schema.String,
      cities: Schema.Array(Schema.String),
      flag: Schema.Boolean,
      any: Schema.Unknown
    })
  },
  ({ input, task }) => {
    const greeting = task.tool(
      "greeting",
      greet,
      { name: text`dear ${input.name}` },
      {
        when: input.flag,
        retry: { maximumAttempts: 3, initialInterval: "200 millis", nonRetryableErrorTypes: ["Gone"] },
        timeout: "1 minute",
        totalTimeout: 90_000,
        heartbeat: "5 seconds"
      }
    )
    const upper = fn("upper", [input.name], (name) => name.toUpperCase())
    const city = decode(Schema.Struct({ city: Schema.String }), input.any)
    const mood = task.tool("mood", greet, { name: upper }).mood
    const routed = task.router("routed", mood, {
      happy: () => task.tool("celebrate", greet, { name: city.city }).message,
      default: () => "chin up"
    })
    const checked = task.when("checked", input.flag, () => task.group("inner", () => ({ a: 1 })))
    const both = task.parallel(
      "both",
      { left: () => task.tool("l", greet, { name: "l" }), right: () => task.sleep("r", "1 second") },
      { strategy: "bestEffort", maxWorkers: 2 }
    )
    const reports = task.collection("reports", {
      items: input.cities,
      filter: ({ item, index }) => and(eq(item, "Rome"), gt(index, 0)),
      each: ({ item }) => task.tool("report", greet, { name: item }),
      mode: "sequential",
      batch: 10,
      maxWorkers: 4
    })
    const given = task.wait("given", {
      signal: approval,
      until: ({ signal }) => eq(signal.by, input.name),
      timeout: "1 hour",
      onTimeout: () => ({ by: "nobody" })
    })
    task.signal("tell", { execution: "x-1", signal: approval, payload: { by: given.by } })
    const twice = task.workflow("twice", child, { n: reports.length })
    const started = task.workflow("started", child, { n: 1 }, { mode: "start" })
    const safe = task.attempt("safe", () => task.tool("risky", greet, { name: "x" }).message, {
      onError: ({ error }) => task.fail("again", text`${error.path}: ${error.message}`, { error: "Again" })
    })
    return { greeting, routed, checked, both, first: reports.at(0).message, given, twice, started, safe }
  }
)
const { definition } = everything

/** A definition without the places of its tasks. */
const placeless = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, part: unknown) => (key === "source" ? undefined : part)))

describe("a definition", () => {
  it("is the tasks in the order written, as data", () => {
    expect(placeless(definition.tasks)).toMatchInlineSnapshot(`
      [
        {
          "heartbeat": 5000,
          "id": "greeting",
          "input": {
            "name": {
              "$op": "text",
              "args": [
                "dear ",
                {
                  "$ref": {
                    "from": "input",
                  },
                  "path": [
                    "name",
                  ],
                },
              ],
            },
          },
          "path": "greeting",
          "retry": {
            "initialInterval": 200,
            "maximumAttempts": 3,
            "nonRetryableErrorTypes": [
              "Gone",
            ],
          },
          "timeout": 60000,
          "tool": "greet",
          "totalTimeout": 90000,
          "type": "tool",
          "when": {
            "$ref": {
              "from": "input",
            },
            "path": [
              "flag",
            ],
          },
        },
        {
          "args": [
            {
              "$ref": {
                "from": "input",
              },
              "path": [
                "name",
              ],
            },
          ],
          "id": "upper",
          "name": "everything/upper",
          "path": "upper",
          "type": "fn",
        },
        {
          "id": "decode#1",
          "name": "everything/decode#1",
          "path": "decode#1",
          "type": "decode",
          "value": {
            "$ref": {
              "from": "input",
            },
            "path": [
              "any",
            ],
          },
        },
        {
          "id": "mood",
          "input": {
            "name": {
              "$ref": {
                "from": "task",
                "path": "upper",
              },
            },
          },
          "path": "mood",
          "tool": "greet",
          "type": "tool",
        },
        {
          "default": {
            "result": "chin up",
            "tasks": [],
          },
          "id": "routed",
          "on": {
            "$ref": {
              "from": "task",
              "path": "mood",
            },
            "path": [
              "mood",
            ],
          },
          "path": "routed",
          "routes": {
            "happy": {
              "result": {
                "$ref": {
                  "from": "task",
                  "path": "routed.celebrate",
                },
                "path": [
                  "message",
                ],
              },
              "tasks": [
                {
                  "id": "celebrate",
                  "input": {
                    "name": {
                      "$ref": {
                        "from": "task",
                        "path": "decode#1",
                      },
                      "path": [
                        "city",
                      ],
                    },
                  },
                  "path": "routed.celebrate",
                  "tool": "greet",
                  "type": "tool",
                },
              ],
            },
          },
          "type": "router",
        },
        {
          "condition": {
            "$ref": {
              "from": "input",
            },
            "path": [
              "flag",
            ],
          },
          "id": "checked",
          "path": "checked",
          "then": {
            "result": {
              "$ref": {
                "from": "task",
                "path": "checked.inner",
              },
            },
            "tasks": [
              {
                "block": {
                  "result": {
                    "a": 1,
                  },
                  "tasks": [],
                },
                "id": "inner",
                "path": "checked.inner",
                "type": "group",
              },
            ],
          },
          "type": "when",
        },
        {
          "branches": {
            "left": {
              "result": {
                "$ref": {
                  "from": "task",
                  "path": "both.left.l",
                },
              },
              "tasks": [
                {
                  "id": "l",
                  "input": {
                    "name": "l",
                  },
                  "path": "both.left.l",
                  "tool": "greet",
                  "type": "tool",
                },
              ],
            },
            "right": {
              "result": null,
              "tasks": [
                {
                  "duration": 1000,
                  "id": "r",
                  "path": "both.right.r",
                  "type": "sleep",
                },
              ],
            },
          },
          "id": "both",
          "maxWorkers": 2,
          "path": "both",
          "strategy": "bestEffort",
          "type": "parallel",
        },
        {
          "batch": 10,
          "each": {
            "result": {
              "$ref": {
                "from": "task",
                "path": "reports.report",
              },
            },
            "tasks": [
              {
                "id": "report",
                "input": {
                  "name": {
                    "$ref": {
                      "from": "item",
                      "path": "reports",
                    },
                  },
                },
                "path": "reports.report",
                "tool": "greet",
                "type": "tool",
              },
            ],
          },
          "filter": {
            "$op": "and",
            "args": [
              {
                "$op": "eq",
                "args": [
                  {
                    "$ref": {
                      "from": "item",
                      "path": "reports",
                    },
                  },
                  "Rome",
                ],
              },
              {
                "$op": "gt",
                "args": [
                  {
                    "$ref": {
                      "from": "index",
                      "path": "reports",
                    },
                  },
                  0,
                ],
              },
            ],
          },
          "id": "reports",
          "items": {
            "$ref": {
              "from": "input",
            },
            "path": [
              "cities",
            ],
          },
          "maxWorkers": 4,
          "mode": "sequential",
          "path": "reports",
          "strategy": "waitAll",
          "type": "collection",
        },
        {
          "id": "given",
          "onTimeout": {
            "result": {
              "by": "nobody",
            },
            "tasks": [],
          },
          "path": "given",
          "signal": "approval",
          "timeout": 3600000,
          "type": "wait",
          "until": {
            "$op": "eq",
            "args": [
              {
                "$ref": {
                  "from": "signal",
                  "path": "given",
                },
                "path": [
                  "by",
                ],
              },
              {
                "$ref": {
                  "from": "input",
                },
                "path": [
                  "name",
                ],
              },
            ],
          },
        },
        {
          "execution": "x-1",
          "id": "tell",
          "path": "tell",
          "payload": {
            "by": {
              "$ref": {
                "from": "task",
                "path": "given",
              },
              "path": [
                "by",
              ],
            },
          },
          "signal": "approval",
          "type": "signal",
        },
        {
          "id": "twice",
          "input": {
            "n": {
              "$ref": {
                "from": "task",
                "path": "reports",
              },
              "path": [
                "length",
              ],
            },
          },
          "mode": "wait",
          "path": "twice",
          "type": "workflow",
          "workflow": "child",
        },
        {
          "id": "started",
          "input": {
            "n": 1,
          },
          "mode": "start",
          "path": "started",
          "type": "workflow",
          "workflow": "child",
        },
        {
          "block": {
            "result": {
              "$ref": {
                "from": "task",
                "path": "safe.risky",
              },
              "path": [
                "message",
              ],
            },
            "tasks": [
              {
                "id": "risky",
                "input": {
                  "name": "x",
                },
                "path": "safe.risky",
                "tool": "greet",
                "type": "tool",
              },
            ],
          },
          "id": "safe",
          "onError": {
            "result": {
              "$ref": {
                "from": "task",
                "path": "safe.again",
              },
            },
            "tasks": [
              {
                "error": "Again",
                "id": "again",
                "message": {
                  "$op": "text",
                  "args": [
                    {
                      "$ref": {
                        "from": "error",
                        "path": "safe",
                      },
                      "path": [
                        "path",
                      ],
                    },
                    ": ",
                    {
                      "$ref": {
                        "from": "error",
                        "path": "safe",
                      },
                      "path": [
                        "message",
                      ],
                    },
                  ],
                },
                "path": "safe.again",
                "type": "fail",
              },
            ],
          },
          "path": "safe",
          "type": "attempt",
        },
      ]
    `)
  })

  it("names what a process must have, which the workflow holds", () => {
    expect(definition.requires).toMatchInlineSnapshot(`
      {
        "functions": [
          "everything/upper",
          "everything/decode#1",
        ],
        "signals": [
          "approval",
        ],
        "tools": [
          "greet",
        ],
        "workflows": [
          "child",
        ],
      }
    `)
    expect(Object.keys(everything.tools)).toEqual(definition.requires.tools)
    expect([...Object.keys(everything.functions), ...Object.keys(everything.decoders)]).toEqual(
      definition.requires.functions
    )
    expect(everything.functions["everything/upper"]?.("ada")).toBe("ADA")
    expect(everything.workflows["child"]).toBe(child)
    expect(everything.signals["approval"]).toBe(approval)
  })

  it("has the JSON Schema of its input, and that of its output derived from what is returned", () => {
    expect(definition.input).toMatchInlineSnapshot(`
      {
        "properties": {
          "any": {},
          "cities": {
            "items": {
              "type": "string",
            },
            "type": "array",
          },
          "flag": {
            "type": "boolean",
          },
          "name": {
            "type": "string",
          },
        },
        "required": [
          "name",
          "cities",
          "flag",
          "any",
        ],
        "type": "object",
      }
    `)
    expect(definition.output).toMatchInlineSnapshot(`
      {
        "properties": {
          "both": {
            "properties": {
              "left": {
                "anyOf": [
                  {
                    "properties": {
                      "message": {
                        "type": "string",
                      },
                      "mood": {
                        "enum": [
                          "happy",
                          "sad",
                        ],
                        "type": "string",
                      },
                    },
                    "required": [
                      "message",
                      "mood",
                    ],
                    "type": "object",
                  },
                  {
                    "type": "null",
                  },
                ],
              },
              "right": {
                "type": "null",
              },
            },
            "required": [
              "left",
              "right",
            ],
            "type": "object",
          },
          "checked": {
            "anyOf": [
              {
                "properties": {
                  "a": {
                    "const": 1,
                  },
                },
                "required": [
                  "a",
                ],
                "type": "object",
              },
              {
                "type": "null",
              },
            ],
          },
          "first": {
            "type": "string",
          },
          "given": {
            "anyOf": [
              {
                "properties": {
                  "by": {
                    "type": "string",
                  },
                },
                "required": [
                  "by",
                ],
                "type": "object",
              },
              {
                "properties": {
                  "by": {
                    "const": "nobody",
                  },
                },
                "required": [
                  "by",
                ],
                "type": "object",
              },
            ],
          },
          "greeting": {
            "anyOf": [
              {
                "properties": {
                  "message": {
                    "type": "string",
                  },
                  "mood": {
                    "enum": [
                      "happy",
                      "sad",
                    ],
                    "type": "string",
                  },
                },
                "required": [
                  "message",
                  "mood",
                ],
                "type": "object",
              },
              {
                "type": "null",
              },
            ],
          },
          "routed": {
            "anyOf": [
              {
                "type": "string",
              },
              {
                "const": "chin up",
              },
            ],
          },
          "safe": {
            "type": "string",
          },
          "started": {
            "type": "string",
          },
          "twice": {
            "properties": {
              "twice": {
                "maxItems": 2,
                "minItems": 2,
                "prefixItems": [
                  {
                    "type": "number",
                  },
                  {
                    "type": "number",
                  },
                ],
                "type": "array",
              },
            },
            "required": [
              "twice",
            ],
            "type": "object",
          },
        },
        "required": [
          "greeting",
          "routed",
          "checked",
          "both",
          "first",
          "given",
          "twice",
          "started",
          "safe",
        ],
        "type": "object",
      }
    `)
  })

  it("says where each task was recorded", () => {
    const source = definition.tasks[0]?.source ?? ""
    const [file, line] = source.split(":")
    expect(file).toBe("test/workflow/Definition.test.ts")
    expect(readFileSync(file ?? "", "utf8").split("\n")[Number(line) - 1]).toContain("task.tool(")
  })

  it("is plain JSON, which its schema reads back unchanged", () => {
    const json: unknown = JSON.parse(JSON.stringify(definition))
    expect(json).toStrictEqual(definition)
    expect(Schema.decodeUnknownSync(WorkflowDefinitionSchema)(json)).toStrictEqual(definition)
    expect(Schema.encodeSync(WorkflowDefinitionSchema)(definition)).toStrictEqual(definition)
  })

  it("is refused by its schema where an expression is none", () => {
    const broken = (result: Json): string => {
      const read = Schema.decodeUnknownResult(WorkflowDefinitionSchema, { onExcessProperty: "error" })
      return read({ ...definition, result })._tag
    }
    expect(broken({ $ref: { from: "input" } })).toBe("Success")
    expect(broken({ $ref: { from: "elsewhere" } })).toBe("Failure")
    expect(broken({ $ref: { from: "input" }, beside: 1 })).toBe("Failure")
    expect(broken({ $op: "divide", args: [1, 2] })).toBe("Failure")
    expect(broken({ $object: { $ref: "text" } })).toBe("Success")
  })

  it("draws itself", () => {
    expect(toMermaid(definition)).toMatchInlineSnapshot(`
      "flowchart TD
        start(["everything"])
        t0["greeting: greet"]
        start --> t0
        t1["upper: fn"]
        t0 --> t1
        t2["decode#1: decode"]
        t1 --> t2
        t3["mood: greet"]
        t2 --> t3
        t4{"routed: router"}
        t3 --> t4
        subgraph t4s ["routed"]
          t5["celebrate: greet"]
          t4 -->|"happy"| t5
        end
        t6{"checked: when"}
        t5 --> t6
        t4 -->|"default"| t6
        subgraph t6s ["checked"]
          t7["inner: group"]
          t6 -->|"then"| t7
        end
        t8["both: parallel (bestEffort)"]
        t7 --> t8
        t6 --> t8
        subgraph t8s ["both"]
          t9["l: greet"]
          t8 -->|"left"| t9
          t10(["r: sleep"])
          t8 -->|"right"| t10
        end
        t11["reports: collection (waitAll)"]
        t9 --> t11
        t10 --> t11
        subgraph t11s ["reports"]
          t12["report: greet"]
          t11 -->|"each"| t12
        end
        t13(["given: wait for approval"])
        t12 --> t13
        t14["tell: signal approval"]
        t13 -->|"on timeout"| t14
        t13 --> t14
        t15["twice: workflow child"]
        t14 --> t15
        t16["started: workflow child (start)"]
        t15 --> t16
        t17["safe: attempt"]
        t16 --> t17
        subgraph t17s ["safe"]
          t18["risky: greet"]
          t17 -->|"try"| t18
          t19[/"again: fail"/]
          t17 -->|"on error"| t19
        end
        done(["output"])
        t18 --> done
      "
    `)
  })

  it("is recognised by its brand, from whichever copy of the package", () => {
    expect(isWorkflow(everything)).toBe(true)
    expect(isWorkflow({ ...everything })).toBe(true)
    expect(isWorkflow(definition)).toBe(false)
    expect(isWorkflow(null)).toBe(false)
  })
})

describe("the hash of a definition", () => {
  const build = (city: string) =>
    defineWorkflow({ id: "h", input: Schema.Struct({ source: Schema.String }) }, ({ input, task }) =>
      task.group("g", () => task.tool("t", greet, { name: text`${city} ${input.source}` }))
    ).definition

  it("does not change with the places of its tasks or the order of keys", () => {
    const first = build("Rome")
    const moved = placeless(first) as typeof first
    const turned = Object.fromEntries(Object.entries(first).toReversed()) as unknown as typeof first
    expect(definitionHash(first)).toMatch(/^[0-9a-f]{64}$/)
    expect(definitionHash(turned)).toBe(definitionHash(first))
    expect(definitionHash({ ...moved, input: first.input })).toBe(definitionHash(first))
  })

  it("changes with the content, also with a field that is called source", () => {
    const hashes = [
      build("Rome"),
      build("Oslo"),
      { ...build("Rome"), result: { source: 1 } },
      { ...build("Rome"), result: { source: 2 } }
    ].map(definitionHash)
    expect(new Set(hashes).size).toBe(4)
  })
})

describe("blocks", () => {
  it("that a function builds can be used twice, with functions of their own", () => {
    const workflow = defineWorkflow(
      { id: "twice", input: Schema.Struct({ n: Schema.Number }) },
      ({ input, task }) => {
        const scaled = (by: number) => () => fn("scale", [input.n], (n) => n * by)
        return [task.group("two", scaled(2)), task.group("three", scaled(3))]
      }
    )
    expect(Object.entries(workflow.functions).map(([name, f]) => [name, f(10)])).toEqual([
      ["twice/two.scale", 20],
      ["twice/three.scale", 30]
    ])
  })

  it("may use one function several times", () => {
    const upper = (value: string): string => value.toUpperCase()
    const workflow = defineWorkflow(
      { id: "u", input: Schema.Struct({ a: Schema.String }) },
      ({ input, task }) => {
        const once = fn("upper", [input.a], upper)
        const again = fn("upper", [once], upper)
        return task.when(
          "either",
          true,
          () => fn("lower", [again], (value) => value.toLowerCase()),
          () => fn("lower", [again], (value) => value)
        )
      }
    )
    const names = (tasks: ReadonlyArray<TaskDefinition>): ReadonlyArray<string> =>
      tasks.flatMap((task) =>
        task.type === "fn"
          ? [`${task.path} = ${task.name}`]
          : task.type === "when"
            ? names([...task.then.tasks, ...(task.otherwise?.tasks ?? [])])
            : []
      )
    expect(names(workflow.definition.tasks)).toEqual([
      "upper = u/upper",
      "upper#2 = u/upper#2",
      "either.lower = u/either.lower",
      "either.lower = u/either.lower#2"
    ])
  })

  it("over a long literal list say what the items are, and do not list them", () => {
    const items = Array.from({ length: 20_000 }, (_, index) => `item ${index}`)
    const workflow = defineWorkflow({ id: "long", input: Schema.Struct({}) }, ({ task }) =>
      task.collection("all", { items, each: ({ item }) => ({ item }) })
    )
    expect(workflow.definition.output).toEqual({
      type: "array",
      items: { type: "object", properties: { item: { type: "string" } }, required: ["item"] }
    })
  })

  it("may give literals whose type allows more than they are", () => {
    const place = (): "here" | "there" => "here"
    const names = (): ReadonlyArray<{ readonly name: string }> => []
    const workflow = defineWorkflow({ id: "more", input: Schema.Struct({}) }, ({ task }) => [
      task.router(
        "where",
        task.group("place", () => place()),
        { here: () => 1, there: () => 2 }
      ),
      task.collection("all", { items: names(), each: ({ item }) => item.name })
    ])
    expect(workflow.definition.output).toEqual({
      type: "array",
      prefixItems: [{ anyOf: [{ const: 1 }, { const: 2 }] }, { type: "array", items: {} }],
      minItems: 2,
      maxItems: 2
    })
  })

  it("that only fail have no result", () => {
    const workflow = defineWorkflow({ id: "f", input: Schema.Struct({}) }, ({ task }) =>
      task.fail("no", "never")
    )
    expect(workflow.definition.output).toEqual({ not: {} })
  })

  it("that return nothing give null", () => {
    const workflow = defineWorkflow({ id: "n", input: Schema.Struct({}) }, ({ task }) => {
      task.sleep("s", 1)
    })
    expect(workflow.definition).toMatchObject({ result: null, output: { type: "null" } })
  })
})

describe("schemas", () => {
  it("that are recursive have a JSON Schema, and references through them", () => {
    interface Tree {
      readonly v: string
      readonly kids: ReadonlyArray<Tree>
    }
    const Tree: Schema.Codec<Tree> = Schema.Struct({
      v: Schema.String,
      kids: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree))
    }).annotate({ identifier: "Tree" })
    const grow = defineTool({ id: "grow", input: Tree, output: Tree, run: (tree) => tree })
    const workflow = defineWorkflow({ id: "tree", input: Tree }, ({ input, task }) => {
      const grown = task.tool("grow", grow, input)
      return { leaf: grown.kids.at(0).kids.at(-1).v, all: grown }
    })
    expect(workflow.definition.output).toMatchInlineSnapshot(`
      {
        "$defs": {
          "Tree": {
            "properties": {
              "kids": {
                "items": {
                  "$ref": "#/$defs/Tree",
                },
                "type": "array",
              },
              "v": {
                "type": "string",
              },
            },
            "required": [
              "v",
              "kids",
            ],
            "type": "object",
          },
        },
        "properties": {
          "all": {
            "$ref": "#/$defs/Tree",
          },
          "leaf": {
            "type": "string",
          },
        },
        "required": [
          "leaf",
          "all",
        ],
        "type": "object",
      }
    `)
  })

  it("with checks, transformations and absence keep what their JSON side is", () => {
    expect(
      jsonSchemaOf(
        Schema.Struct({
          at: Schema.DateFromString,
          n: Schema.Number,
          port: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65535 })).annotate({
            description: "A port."
          }),
          maybe: Schema.optionalKey(Schema.NullOr(Schema.String))
        })
      )
    ).toMatchInlineSnapshot(`
      {
        "properties": {
          "at": {
            "type": "string",
          },
          "maybe": {
            "anyOf": [
              {
                "type": "string",
              },
              {
                "type": "null",
              },
            ],
          },
          "n": {
            "type": "number",
          },
          "port": {
            "description": "A port.",
            "maximum": 65535,
            "minimum": 1,
            "type": "integer",
          },
        },
        "required": [
          "at",
          "n",
          "port",
        ],
        "type": "object",
      }
    `)
  })

  it("are services' business where tools need some: the workflow lists the tags", () => {
    class Mailer extends Context.Service<Mailer, { readonly sent: number }>()("Mailer") {}
    const mail = defineTool({
      id: "mail",
      input: Schema.Struct({}),
      output: Schema.Number,
      run: () => Effect.map(Mailer, ({ sent }) => sent)
    })
    const workflow = defineWorkflow({ id: "m", input: Schema.Struct({}), services: [Mailer] }, ({ task }) =>
      task.tool("mail", mail, {})
    )
    expect(workflow.services.map(({ key }) => key)).toEqual(["Mailer"])
  })

  it("of definitions are published as they are", () => {
    const published: unknown = JSON.parse(readFileSync("schemas/workflow.json", "utf8"))
    expect(published).toMatchObject(Object(jsonSchemaOf(WorkflowDefinitionSchema)))
  })
})

describe("importing the builders", () => {
  it("loads nothing but effect and themselves", () => {
    const entry = fileURLToPath(new URL("../../src/workflow/index.ts", import.meta.url))
    const script = `
      import { registerHooks } from "node:module"
      const seen = new Set()
      registerHooks({ resolve(specifier, context, next) {
        const found = next(specifier, context)
        if (!specifier.startsWith(".")) seen.add(specifier.startsWith("effect") ? specifier.split("/")[0] : specifier)
        else if (found.url.includes("/src/") && !found.url.includes("/src/workflow/") && !found.url.includes("node_modules")) seen.add(found.url)
        return found
      } })
      await import(${JSON.stringify(entry)})
      seen.delete(${JSON.stringify(entry)})
      console.log(JSON.stringify([...seen].filter((name) => !name.startsWith("file:") || name.includes("/src/")).sort()))`
    const printed = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8"
    })
    expect(JSON.parse(printed)).toEqual(["effect", "node:crypto", "node:url"])
  })
})
