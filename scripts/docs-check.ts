/**
 * Checks that what the pages and docstrings say still works.
 *
 * - Every `ts` block compiles against the built package, and so does every `@example` of a docstring.
 * - `ts file=NAME` and `json file=NAME` write a file into the page's own empty folder, in order; `ts run` and `sh run`
 *   run there (with `exit=N`, they have to end with that code), and a `text output` block after one holds lines that it
 *   has to have printed (`…` stands for anything). `sh run=server` starts a server, waits until it is ready, and leaves
 *   it running until the page ends or starts it again; the port 5001 of a page is another one each time.
 * - Every relative link leads to a file and a heading, every `npm run` names a script of package.json.
 * - Every stable error code has a row in docs/errors.md, and every page that an error message names exists.
 *
 * `node scripts/docs-check.ts [page ...]` checks only these pages.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, dirname, join, relative, resolve } from "node:path"
import { setTimeout } from "node:timers/promises"
import { errorCodes } from "./lib/errorCodes.ts"
import { anchors, blocks, links, option } from "./lib/markdown.ts"
import { manifest, record, root, run, sourcesUnder } from "./lib/project.ts"

const problems: Array<string> = []
const temporary = await mkdtemp(join(tmpdir(), "compozy-docs-"))

const pagesOf = async (): Promise<ReadonlyArray<string>> => {
  if (process.argv.length > 2) return process.argv.slice(2)
  const entries = await Promise.all(
    ["docs", "examples"].map(async (folder) =>
      (await readdir(join(root, folder), { recursive: true })).map((name) => join(folder, name))
    )
  )
  return ["README.md", "CHANGELOG.md", ...entries.flat().filter((name) => name.endsWith(".md"))].filter(
    (name) => existsSync(join(root, name))
  )
}

/** A folder in which `compozy` and everything that it depends on is installed. */
const installInto = async (folder: string): Promise<void> => {
  const modules = join(folder, "node_modules")
  await mkdir(modules, { recursive: true })
  const names = (await readdir(join(root, "node_modules"))).filter((name) => !name.startsWith("."))
  await Promise.all(names.map((name) => symlink(join(root, "node_modules", name), join(modules, name))))
  await symlink(root, join(modules, "compozy"))
  await mkdir(join(modules, ".bin"))
  await symlink(join(root, "bin/compozy.js"), join(modules, ".bin/compozy"))
  await symlink(join(root, "node_modules/vitest/vitest.mjs"), join(modules, ".bin/vitest"))
}

const tsconfig = JSON.stringify({
  extends: join(root, "tsconfig.json"),
  compilerOptions: {
    paths: {},
    noUnusedLocals: false,
    noUnusedParameters: false,
    typeRoots: [join(root, "node_modules/@types")]
  },
  include: ["**/*.ts"],
  exclude: ["node_modules"]
})

/** Where a checked file of the temporary folder comes from, for messages: page and line of its first line. */
const origins = new Map<string, { readonly page: string; readonly line: number }>()

const writeChecked = async (file: string, text: string, page: string, line: number): Promise<void> => {
  origins.set(relative(temporary, file), { page, line })
  await mkdir(dirname(file), { recursive: true })
  // A block without an import or export would share its names with every other block.
  await writeFile(file, /^(import|export)\b/m.test(text) ? text : `${text}export {}\n`)
}

const docstringExamples = async (): Promise<void> => {
  for (const file of await sourcesUnder("src")) {
    const text = await readFile(file, "utf8")
    let index = 0
    for (const match of text.matchAll(/@example[^\n]*\n((?:[ \t]*\*(?!\/)[^\n]*\n)+)/g)) {
      const stripped = (match[1] ?? "").replaceAll(/^[ \t]*\* ?/gm, "")
      for (const block of blocks(stripped).filter((one) => one.language === "ts")) {
        const before = text.slice(0, match.index).split("\n").length
        const name = relative(join(root, "src"), file).replace(/\.ts$/, `-${index++}.ts`)
        // A module that is not exported shows how it is used within the sources.
        const example = block.text.replaceAll(
          /(from\s+)"(\.{1,2}\/[^"]+)"/g,
          (_, keyword: string, path: string) => `${keyword}"${resolve(dirname(file), path)}"`
        )
        await writeChecked(
          join(temporary, "docstrings", name),
          example,
          relative(root, file),
          before + block.line
        )
      }
    }
  }
}

const compile = async (): Promise<void> => {
  await writeFile(join(temporary, "tsconfig.json"), tsconfig)
  await writeFile(join(temporary, "package.json"), JSON.stringify({ type: "module" }))
  const ran = await run("tsc", ["-p", ".", "--pretty", "false"], { cwd: temporary })
  if (ran.code === 0) return
  for (const line of ran.stdout.split("\n").filter((text) => text.trim() !== "")) {
    const at = /^([^(]+)\((\d+),(\d+)\): (.*)$/.exec(line)
    const origin = at === null ? undefined : origins.get(at[1] ?? "")
    problems.push(
      at === null || origin === undefined
        ? line
        : `${origin.page}:${origin.line + Number(at[2]) - 1}:${at[3]}: ${at[4]}`
    )
  }
}

const freePort = (): Promise<string> =>
  new Promise((done, fail) => {
    const server = createServer().once("error", fail)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => done(String(typeof address === "object" ? address?.port : "")))
    })
  })

const environment = (folder: string, port: string): Record<string, string> => ({
  COMPOZY_SERVER_PORT: port,
  npm_config_update_notifier: "false",
  HOME: folder,
  XDG_RUNTIME_DIR: folder,
  NO_COLOR: "1",
  PATH: [
    join(temporary, "node_modules/.bin"),
    join(root, "node_modules/.bin"),
    process.env["PATH"] ?? ""
  ].join(delimiter)
})

/** Whether the lines are found in the output in their order; `…` in a line stands for anything. */
const missingLine = (expected: string, output: string): string | undefined => {
  const lines = output.split("\n").map((line) => line.trim())
  let from = 0
  for (const wanted of expected.split("\n").map((line) => line.trim())) {
    if (wanted === "" || wanted === "…") continue
    const pattern = new RegExp(
      `^${wanted
        .split("…")
        .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`))
        .join(".*")}$`
    )
    const at = lines.findIndex((line, index) => index >= from && pattern.test(line))
    if (at === -1) return wanted
    from = at + 1
  }
  return undefined
}

/** A server that a page has started. */
interface Server {
  readonly output: () => string
  readonly stop: () => Promise<void>
}

const startServer = async (script: string, folder: string, port: string): Promise<Server> => {
  let output = ""
  const child = spawn("bash", ["-c", script], {
    cwd: folder,
    detached: true,
    env: { ...process.env, ...environment(folder, port) },
    stdio: ["ignore", "pipe", "pipe"]
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text))
  }
  let ended = false
  const closed = once(child, "close").then(() => (ended = true))
  const stop = async (): Promise<void> => {
    if (!ended && child.pid !== undefined) process.kill(-child.pid, "SIGTERM")
    await closed
  }
  for (let tries = 0; tries < 300; tries++) {
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).then(
      (response) => response.ok,
      () => false
    )
    if (ready) return { output: () => output, stop }
    if (ended) break
    await setTimeout(100)
  }
  await stop()
  throw new Error(`the server did not become ready\n${output}`)
}

/** A block that runs, in the order of the page. */
type Action = () => Promise<void>

const actionsOf = async (page: string, number: number): Promise<ReadonlyArray<Action>> => {
  const folder = join(temporary, "pages", String(number))
  await mkdir(folder, { recursive: true })
  // A busy machine is no reason for a test of a page to fail.
  await writeFile(join(folder, "vitest.config.ts"), "export default { test: { testTimeout: 60_000 } }\n")
  const actions: Array<Action> = []
  const port = await freePort()
  const together = new Set<string>()
  let generation = 0
  let output = ""
  let server: Server | undefined
  const execute =
    (command: string, args: ReadonlyArray<string>, exit: number, line: number): Action =>
    async () => {
      const ran = await run(command, args, { cwd: folder, env: environment(folder, port), timeout: 60_000 })
      output = `${ran.stdout}${ran.stderr}`
      if (ran.code !== exit) problems.push(`${page}:${line}: ended with ${ran.code}, not ${exit}\n${output}`)
    }
  for (const [index, block] of blocks(await readFile(join(root, page), "utf8")).entries()) {
    const file = option(block, "file")
    const runs = block.words.includes("run")
    const exit = Number(option(block, "exit") ?? 0)
    if (block.language === "ts" || block.language === "typescript") {
      // Files that are written stand beside each other, until one of them is written again.
      const name = file ?? `block-${index}.ts`
      if (together.has(name)) {
        together.clear()
        generation++
      }
      together.add(name)
      await writeChecked(
        join(temporary, "types", `${number}-${generation}`, name),
        block.text,
        page,
        block.line
      )
      if (runs) {
        actions.push(
          () => writeFile(join(folder, name), block.text),
          execute("node", [name], exit, block.line)
        )
      }
    } else if (option(block, "run") === "server") {
      actions.push(async () => {
        await server?.stop()
        server = await startServer(block.text.replaceAll("5001", port), folder, port)
        output = server.output()
      })
    } else if (block.language === "sh" && runs) {
      actions.push(
        execute("bash", ["-euo", "pipefail", "-c", block.text.replaceAll("5001", port)], exit, block.line)
      )
    } else if (block.words.includes("output")) {
      actions.push(async () => {
        const missing = missingLine(block.text.replaceAll("5001", port), output)
        if (missing !== undefined)
          problems.push(`${page}:${block.line}: not printed: ${missing}\n--- printed:\n${output}`)
      })
    }
    if (file !== undefined && !runs) {
      actions.push(async () => {
        await mkdir(dirname(join(folder, file)), { recursive: true })
        await writeFile(join(folder, file), block.text)
      })
    }
  }
  actions.push(async () => server?.stop())
  return actions
}

const anchorsOf = new Map<string, ReadonlySet<string>>()

/** Why a link from a page leads nowhere, if it does. */
const brokenLink = async (from: string, target: string): Promise<string | undefined> => {
  if (/^[a-z]+:/.test(target)) return undefined
  const [path = "", anchor] = target.split("#")
  const file = path === "" ? from : resolve(dirname(from), path)
  if (!existsSync(file)) return `${target} does not exist`
  if (anchor === undefined || !file.endsWith(".md")) return undefined
  const known = anchorsOf.get(file) ?? anchors(await readFile(file, "utf8"))
  anchorsOf.set(file, known)
  return known.has(anchor) ? undefined : `${target}: no such heading`
}

const checkLinks = async (page: string): Promise<void> => {
  const file = join(root, page)
  const text = await readFile(file, "utf8")
  for (const { target, line } of links(text)) {
    const broken = await brokenLink(file, target)
    if (broken !== undefined) problems.push(`${page}:${line}: ${broken}`)
  }
  const scripts = record(record(await manifest())["scripts"])
  for (const match of text.matchAll(/\bnpm run ([a-z][a-z:-]*)/g)) {
    if (scripts[match[1] ?? ""] === undefined) problems.push(`${page}: there is no npm script ${match[1]}`)
  }
}

/** Pages that the sources name: `docs/x.md`, with an anchor or without. */
const checkSources = async (): Promise<void> => {
  for (const file of await sourcesUnder("src")) {
    const text = await readFile(file, "utf8")
    for (const match of text.matchAll(/\b(docs\/[\w/-]+\.md(?:#[\w-]+)?)/g)) {
      const broken = await brokenLink(join(root, "README.md"), match[1] ?? "")
      if (broken !== undefined) problems.push(`${relative(root, file)}: ${broken}`)
    }
  }
}

/** docs/errors.md has a row for every code, and no row for another one. */
const checkErrorCodes = async (): Promise<void> => {
  const page = "docs/errors.md"
  const text = await readFile(join(root, page), "utf8").catch(() => "")
  const documented = new Set(
    [...text.matchAll(/^\| `(COMPOZY_[A-Z0-9_]+)` +\|/gm)].map((match) => match[1] ?? "")
  )
  const codes = await errorCodes()
  for (const code of codes) if (!documented.has(code)) problems.push(`${page}: ${code} is missing`)
  for (const code of documented) if (!codes.has(code)) problems.push(`${page}: no source fails with ${code}`)
}

try {
  const pages = await pagesOf()
  await installInto(temporary)
  const actions = await Promise.all(pages.map((page, index) => actionsOf(page, index)))
  await Promise.all(pages.map(checkLinks))
  if (process.argv.length === 2) {
    await docstringExamples()
    await checkSources()
    await checkErrorCodes()
  }
  await compile()
  // Two pages at a time: more would only wait for each other.
  const waiting = actions.values()
  const runPages = async (): Promise<void> => {
    for (const page of waiting) {
      for (const action of page) await action().catch((error: unknown) => problems.push(String(error)))
    }
  }
  await Promise.all([runPages(), runPages()])
  console.error(`${pages.length} pages, ${origins.size} compiled blocks, ${problems.length} problems`)
} finally {
  await rm(temporary, { recursive: true, force: true })
}

for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
