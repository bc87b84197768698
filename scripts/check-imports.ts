/**
 * Checks the import graph of `src`, types included: no cycles, and every folder imports only what its place in the
 * architecture allows (docs/architecture.md has the picture).
 */
import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { dirname, join, relative } from "node:path"
import { parseSync } from "rolldown/utils"
import { root, sourcesUnder } from "./lib/project.ts"

/** What the files of a place may import: places of the project, and npm packages (`*` is any). */
interface Rule {
  readonly place: string
  readonly files: RegExp
  readonly may: ReadonlyArray<string>
  readonly packages: ReadonlyArray<string>
  readonly why: string
}

/** The first rule whose pattern a file matches is its place. */
const rules: ReadonlyArray<Rule> = [
  {
    place: "embedded/redis",
    files: /^embedded\/redis\//,
    may: [],
    packages: ["*"],
    why: "the embedded Redis is a library of its own and knows nothing of Compozy"
  },
  {
    place: "embedded/temporal",
    files: /^embedded\/temporal\//,
    may: [],
    packages: ["*"],
    why: "the embedded Temporal is a library of its own and knows nothing of Compozy"
  },
  {
    place: "services",
    files: /^services\//,
    may: [],
    packages: ["effect"],
    why: "a service is a contract: it names no driver, not even its types"
  },
  {
    place: "definition",
    files: /^workflow\/(Definition|Evaluate|interpreter\/(Protocol|Value))\.ts$/,
    may: [],
    packages: [],
    why: "the recorded form of a workflow is plain data, shared with the sandbox"
  },
  {
    place: "interpreter",
    files: /^workflow\/interpreter\//,
    may: ["definition"],
    packages: ["@temporalio/workflow", "@temporalio/common"],
    why: "the interpreter is bundled for Temporal's sandbox, where only deterministic code runs"
  },
  {
    place: "workflow",
    files: /^workflow\//,
    may: ["definition", "services"],
    packages: ["effect"],
    why: "definitions are made without any engine or driver"
  },
  {
    place: "config",
    files: /^(config\/|Config\.ts$|Mode\.ts$)/,
    may: ["definition", "workflow", "services"],
    packages: ["effect", "acorn"],
    why: "reading a config loads no engine and no driver"
  },
  {
    place: "layers",
    files: /^layers\//,
    may: ["services", "embedded/redis", "embedded/temporal"],
    packages: ["*"],
    why: "a layer implements a contract, and knows neither settings nor workflows"
  },
  {
    place: "runtime",
    files: /^runtime\//,
    may: ["layers", "services", "config", "workflow", "definition", "embedded/redis", "embedded/temporal"],
    packages: ["*"],
    why: "the runtime puts layers together; the CLI and the testing kit stand above it"
  },
  {
    place: "cli",
    files: /^cli\//,
    may: ["runtime", "layers", "config", "workflow", "definition", "services"],
    packages: ["effect", "acorn", "@temporalio/worker"],
    why: "the CLI is a thin shell over the runtime"
  },
  {
    place: "testing",
    files: /^testing\//,
    may: ["runtime", "layers", "config", "workflow", "definition", "services"],
    packages: ["effect"],
    why: "the testing kit is a thin shell over the runtime"
  },
  {
    place: "entry",
    files: /^index\.ts$/,
    may: ["workflow", "definition", "config", "services", "runtime"],
    packages: [],
    why: "the main entry gives what a config file needs, and nothing that loads an engine"
  }
]

interface Import {
  readonly specifier: string
  readonly line: number
}

const importsOf = (path: string, text: string): ReadonlyArray<Import> => {
  const { module, errors } = parseSync(path, text, { lang: "ts", sourceType: "module" })
  if (errors.length > 0) throw new Error(`${path}: ${errors.map((error) => error.message).join("; ")}`)
  const lineOf = (offset: number) => text.slice(0, offset).split("\n").length
  const found: Array<Import> = module.staticImports.map((one) => ({
    specifier: one.moduleRequest.value,
    line: lineOf(one.start)
  }))
  for (const one of module.staticExports) {
    for (const entry of one.entries) {
      if (entry.moduleRequest !== null && entry.moduleRequest !== undefined) {
        found.push({ specifier: entry.moduleRequest.value, line: lineOf(one.start) })
      }
    }
  }
  for (const one of module.dynamicImports) {
    const request = text.slice(one.moduleRequest.start, one.moduleRequest.end)
    if (/^["']/.test(request)) found.push({ specifier: request.slice(1, -1), line: lineOf(one.start) })
  }
  // Types named as `import("...")` in a type are not in the module record.
  for (const match of text.matchAll(/\btypeof import\("([^"]+)"\)|\bimport\("([^"]+)"\)\./g)) {
    const name = match[1] ?? match[2]
    if (name !== undefined) found.push({ specifier: name, line: lineOf(match.index) })
  }
  return found
}

const source = join(root, "src")
const problems: Array<string> = []
const graph = new Map<string, ReadonlyArray<string>>()

for (const file of await sourcesUnder("src")) {
  const path = relative(source, file)
  const rule = rules.find((one) => one.files.test(path))
  if (rule === undefined) {
    problems.push(`src/${path}: has no place in scripts/check-imports.ts`)
    continue
  }
  const edges: Array<string> = []
  for (const { specifier, line } of importsOf(path, await readFile(file, "utf8"))) {
    const at = `src/${path}:${line}`
    if (specifier.startsWith(".")) {
      const target = join(dirname(file), specifier)
      const name = relative(source, target)
      if (!existsSync(target)) problems.push(`${at}: ${specifier} does not exist`)
      else if (name.startsWith("..")) problems.push(`${at}: ${specifier} is outside src`)
      else {
        edges.push(name)
        const place = rules.find((one) => one.files.test(name))?.place
        if (place !== rule.place && (place === undefined || !rule.may.includes(place))) {
          problems.push(`${at}: ${rule.place} must not import ${name}: ${rule.why}`)
        }
      }
    } else if (specifier === "compozy" || specifier.startsWith("compozy/")) {
      problems.push(`${at}: the sources import each other by relative paths`)
    } else if (
      !specifier.startsWith("node:") &&
      !rule.packages.some((name) => name === "*" || specifier === name || specifier.startsWith(`${name}/`))
    ) {
      problems.push(`${at}: ${rule.place} must not import ${specifier}: ${rule.why}`)
    }
  }
  graph.set(path, edges)
}

/** Depth first, with the way taken: a file met again on its own way closes a cycle. */
const cycles = (): ReadonlyArray<string> => {
  const done = new Set<string>()
  const way: Array<string> = []
  const found: Array<string> = []
  const visit = (file: string): void => {
    const at = way.indexOf(file)
    if (at !== -1) {
      found.push(`cycle: ${[...way.slice(at), file].map((name) => `src/${name}`).join(" -> ")}`)
      return
    }
    if (done.has(file)) return
    way.push(file)
    for (const next of graph.get(file) ?? []) visit(next)
    way.pop()
    done.add(file)
  }
  for (const file of graph.keys()) visit(file)
  return found
}

problems.push(...cycles())
for (const problem of problems) console.error(problem)
console.error(`${graph.size} files, ${problems.length === 0 ? "no" : problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1
