import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { type Files, anonymous, config, failure, project, temporaryFolder } from "./support.ts"

const plain = `import { defineMode } from "compozy"\nexport default defineMode({ name: "plain" })\n`

const load = (root: string, options: { readonly file?: string } = {}) =>
  config.loadConfig({ cwd: root, env: {}, ...options })

const nameOf = async (files: Files): Promise<string> =>
  (await Effect.runPromise(load(project(files)))).settings.name

const fails = (files: Files, packages?: ReadonlyArray<"compozy" | "effect">): Promise<string> => {
  const root = project(files, packages)
  return failure(load(root), root)
}

describe("finding the config file", () => {
  it("takes the nearest one upwards", async () => {
    const root = project({ "compozy.config.ts": plain })
    mkdirSync(join(root, "a/b"), { recursive: true })
    const found = await Effect.runPromise(config.findConfig({ cwd: join(root, "a/b") }))
    expect(found).toEqual(Option.some(join(root, "compozy.config.ts")))
  })

  it.each(["compozy.config.ts", "compozy.config.mts", "compozy.config.js", "compozy.config.mjs"])(
    "knows %s",
    async (name) => {
      expect(await nameOf({ [name]: plain })).toBe("plain")
    }
  )

  it("takes the file or the folder that is asked for", async () => {
    const root = project({
      "other/compozy.config.ts": plain,
      "config/mine.ts": plain.replace("plain", "mine")
    })
    expect((await Effect.runPromise(load(root, { file: "other" }))).settings.root).toBe(join(root, "other"))
    expect((await Effect.runPromise(load(root, { file: "config/mine.ts" }))).settings.name).toBe("mine")
  })

  it("is memory mode without workflows where there is none", async () => {
    const root = temporaryFolder()
    expect(Option.isNone(await Effect.runPromise(config.findConfig({ cwd: root })))).toBe(true)
    const { settings, workflows } = await Effect.runPromise(load(root))
    expect([settings.mode, settings.file, workflows]).toEqual(["memory", undefined, []])
  })

  it("says that the file asked for is not there", async () => {
    const root = temporaryFolder()
    expect(await failure(load(root, { file: "nowhere.ts" }), root)).toMatchInlineSnapshot(`
      "There is no config file at this path.
         at <project>/nowhere.ts
         fix: correct the path, or leave --config out to search for compozy.config.ts from the current folder upwards
         [COMPOZY_CONFIG_FILE_NOT_FOUND]"
    `)
  })
})

describe("loading the config file", () => {
  it.each(["commonjs", "module"])("is an ES module in a package of type %s", async (type) => {
    expect(
      await nameOf({
        "package.json": `{ "type": "${type}" }`,
        "compozy.config.ts": `import { defineMode } from "compozy"\nimport { name } from "./lib/name"\nexport default defineMode({ name })`,
        "lib/name.ts": `import { part } from "./part.js"\nexport const name: string = part + await Promise.resolve("!")`,
        "lib/part.ts": `export const part = "typed"`
      })
    ).toBe("typed!")
  })

  it("loads JavaScript modules beside it in a commonjs package, and leaves commonjs ones alone", async () => {
    expect(
      await nameOf({
        "package.json": `{ "type": "commonjs" }`,
        "compozy.config.js": `import { defineMode } from "compozy"\nimport { a } from "./a.js"\nimport b from "./b.js"\nexport default defineMode({ name: a + b.b })`,
        "a.js": `export const a = "a"`,
        "b.js": `module.exports = { b: "b" }`
      })
    ).toBe("ab")
  })

  it("finds the index of a folder", async () => {
    expect(
      await nameOf({
        "compozy.config.ts": `import { defineMode } from "compozy"\nimport { name } from "./lib"\nexport default defineMode({ name })`,
        "lib/index.ts": `export const name = "indexed"`
      })
    ).toBe("indexed")
  })

  it("takes satisfies, as and generics away", async () => {
    expect(
      await nameOf({
        "compozy.config.ts": `import { defineMode, type AnyConfig } from "compozy"
const name = <T extends string>(text: T): T => text
export default defineMode({ name: name("typed") as string } satisfies AnyConfig)`
      })
    ).toBe("typed")
  })
})

describe("a file that cannot be loaded", () => {
  it("throws", async () => {
    expect(await fails({ "compozy.config.ts": `const port: number = 1\nthrow new Error("boom " + port)\n` }))
      .toMatchInlineSnapshot(`
      "Loading the config file failed: boom 1
         at <project>/compozy.config.ts:2:7
         fix: correct what throws there; a config is loaded by every command, so it should only define things
         [COMPOZY_CONFIG_FILE_THREW]"
    `)
  })

  it("throws in a file that it imports", async () => {
    expect(
      await fails({
        "compozy.config.ts": `import "./lib/setup.ts"\n`,
        "lib/setup.ts": `export {}\n\n  JSON.parse("{")\n`
      })
    ).toMatchInlineSnapshot(`
      "Loading the config file failed: Expected property name or '}' in JSON at position 1 (line 1 column 2)
         at <project>/lib/setup.ts:3:8
         fix: correct what throws there; a config is loaded by every command, so it should only define things
         [COMPOZY_CONFIG_FILE_THREW]"
    `)
  })

  it("exports nothing", async () => {
    expect(await fails({ "compozy.config.ts": `import { defineMode } from "compozy"\ndefineMode({})\n` }))
      .toMatchInlineSnapshot(`
      "The config file has no default export.
         at <project>/compozy.config.ts
         fix: end it with "export default defineMode({ ... })", with defineMode imported from "compozy"
         [COMPOZY_CONFIG_FILE_NO_DEFAULT]"
    `)
  })

  it("exports its config under a name", async () => {
    expect(
      await fails({
        "compozy.config.ts": `import { defineMode } from "compozy"\nexport const config = defineMode({})\n`
      })
    ).toMatchInlineSnapshot(`
      "The config file has no default export.
         at <project>/compozy.config.ts
         fix: write "export default config"
         [COMPOZY_CONFIG_FILE_NO_DEFAULT]"
    `)
  })

  it("exports something else", async () => {
    expect(await fails({ "compozy.config.ts": `export default { mode: "memory" }\n` }))
      .toMatchInlineSnapshot(`
      "The default export of the config file was not made by defineMode.
         at <project>/compozy.config.ts
         fix: end it with "export default defineMode({ ... })", with defineMode imported from "compozy"
         [COMPOZY_CONFIG_FILE_NOT_A_CONFIG]"
    `)
  })

  it("has an enum", async () => {
    expect(
      await fails({ "compozy.config.ts": `const a = 1\n  enum Color { Red, Blue }\nexport default Color\n` })
    ).toMatchInlineSnapshot(`
      "Node only removes types, and cannot run an enum.
         at <project>/compozy.config.ts:2:3
         fix: write a union of literals (type Color = "red" | "blue") or a const object; "erasableSyntaxOnly": true in tsconfig.json lets the editor say so
         [COMPOZY_CONFIG_FILE_UNSUPPORTED_SYNTAX]"
    `)
  })

  it("imports a type without saying so", async () => {
    expect(
      await fails({
        "compozy.config.ts": `import { defineMode } from "compozy"\nimport { Options } from "./options.ts"\nexport default defineMode({} as Options)\n`,
        "options.ts": `export interface Options { readonly name?: string }\n`
      })
    ).toMatchInlineSnapshot(`
      ""./options.ts" has no value named Options to import.
         at <project>/compozy.config.ts:2:10
         fix: write "import type { Options }" if Options is a type, else correct the name; "verbatimModuleSyntax": true in tsconfig.json lets the editor say so
         [COMPOZY_CONFIG_FILE_TYPE_IMPORT]"
    `)
  })

  it("uses a path alias of the compiler", async () => {
    expect(
      await fails({
        "tsconfig.json": `{ "compilerOptions": { "paths": { "lib/*": ["./src/lib/*"] } } }`,
        "compozy.config.ts": `import { defineMode } from "compozy"\nimport { name } from "lib/name"\nexport default defineMode({ name })\n`
      })
    ).toMatchInlineSnapshot(`
      ""lib" is a path alias, which only the compiler knows.
         at <project>/compozy.config.ts:2:22
         fix: write a relative path ("./lib/x.ts"), or an entry under "imports" in package.json ("#lib/*": "./lib/*.ts")
         [COMPOZY_CONFIG_FILE_PATH_ALIAS]"
    `)
    expect(await fails({ "compozy.config.ts": `import { name } from "@/lib/name"\nexport default name\n` }))
      .toMatchInlineSnapshot(`
      ""@/lib" is a path alias, which only the compiler knows.
         at <project>/compozy.config.ts:1:22
         fix: write a relative path ("./lib/x.ts"), or an entry under "imports" in package.json ("#lib/*": "./lib/*.ts")
         [COMPOZY_CONFIG_FILE_PATH_ALIAS]"
    `)
  })

  it("imports a file that is not there", async () => {
    expect(
      await fails({
        "compozy.config.ts": `import { defineMode } from "compozy"\nimport { a } from "./missing"\nexport default defineMode({ name: a })\n`
      })
    ).toMatchInlineSnapshot(`
      "There is no file ./missing.
         at <project>/compozy.config.ts:2:19
         fix: correct the path of the import
         [COMPOZY_CONFIG_FILE_IMPORT_MISSING]"
    `)
  })

  it("imports compozy where it is not installed", async () => {
    expect(await fails({ "compozy.config.ts": plain, "pnpm-lock.yaml": "" }, [])).toMatchInlineSnapshot(`
      "The package "compozy" is not installed.
         at <project>/compozy.config.ts:1:28
         fix: type: pnpm add compozy effect
         [COMPOZY_CONFIG_FILE_PACKAGE_MISSING]"
    `)
  })

  it("imports effect where it is not installed", async () => {
    expect(
      await fails(
        { "compozy.config.ts": `import { Schema } from "effect"\n${plain}`, "package-lock.json": "{}" },
        ["compozy"]
      )
    ).toMatchInlineSnapshot(`
      "The package "effect" is not installed.
         at <project>/compozy.config.ts:1:24
         fix: type: npm install compozy effect
         [COMPOZY_CONFIG_FILE_PACKAGE_MISSING]"
    `)
  })

  it("imports another package that is not installed", async () => {
    expect(await fails({ "compozy.config.ts": `import x from "@scope/left-pad/sub"\nexport default x\n` }))
      .toMatchInlineSnapshot(`
      "The package "@scope/left-pad" is not installed.
         at <project>/compozy.config.ts:1:15
         fix: type: npm install @scope/left-pad
         [COMPOZY_CONFIG_FILE_PACKAGE_MISSING]"
    `)
  })

  it("has a mistake in its syntax", async () => {
    expect(await fails({ "compozy.config.ts": `export default {\n  name: "x",,\n}\n` }))
      .toMatchInlineSnapshot(`
      "The source has a mistake: Unexpected token \`,\`. Expected identifier, string literal, numeric literal or [ for the computed key.
         at <project>/compozy.config.ts:2:13
         fix: correct the syntax
         [COMPOZY_CONFIG_FILE_SYNTAX]"
    `)
  })

  it("is written as commonjs", async () => {
    expect(await fails({ "compozy.config.ts": `module.exports = {}\n` })).toMatchInlineSnapshot(`
      "Loading the config file failed: module is not defined in ES module scope
         at <project>/compozy.config.ts:1:1
         fix: write import and export: a config file is an ES module
         [COMPOZY_CONFIG_FILE_THREW]"
    `)
  })

  it("defines a workflow that is refused", async () => {
    expect(
      await fails({
        "compozy.config.ts": `import { Schema } from "effect"
import { defineMode, defineWorkflow } from "compozy"
const wrong = defineWorkflow({ id: "w", input: Schema.Struct({}) }, ({ task }) => {
  task.sleep("a", "1 second")
  task.sleep("a", "1 second")
  return null
})
export default defineMode({ workflows: [wrong] })
`
      })
    ).toMatchInlineSnapshot(`
      "Two tasks of the workflow "w" have the id "a" (COMPOZY_DEFINITION_ID_DUPLICATE)
         at <project>/compozy.config.ts:5:8
         first at <project>/compozy.config.ts:4:8
         fix: give one of them another id, or put it into a task.group of its own
         [COMPOZY_CONFIG_FILE_DEFINITION]"
    `)
  })
})

describe("warnings of Node", () => {
  it("lets through every warning but the one about type stripping", async () => {
    const seen: Array<string> = []
    const note = (warning: Error): void => void seen.push(warning.message)
    process.on("warning", note)
    const root = project({
      "compozy.config.ts": `process.emitWarning("mine", "ExperimentalWarning")\n${plain}`
    })
    await Effect.runPromise(load(root))
    await new Promise((resolve) => setImmediate(resolve))
    process.off("warning", note)
    expect(seen.map((text) => anonymous(text, root))).toEqual(["mine"])
  })
})
