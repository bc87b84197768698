/**
 * Builds `dist/workflow-bundle.js`: the interpreter and Temporal's workflow runtime in one script, so that no worker
 * has to bundle anything when it starts. `node scripts/bundle.ts [--if-stale]`
 */
import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { rolldown } from "rolldown"
import { isMain, root, sourcesUnder } from "./lib/project.ts"

const entry = join(root, "src/workflow/interpreter/index.ts")

/** Where the bundle is kept. */
export const bundleFile = join(root, "dist/workflow-bundle.js")

/**
 * The bundle's own source map is large, names this machine's folders, and is parsed at every start of a worker; the
 * SDK only insists that there is one.
 */
const emptySourceMap = (): string => {
  const map = { version: 3, file: "workflow-bundle.js", sources: [], names: [], mappings: "" }
  return `\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString("base64")}\n`
}

/**
 * The SDK records where each promise of the sandbox is made, for a query that shows stacks: most of the time that an
 * activation takes. The stacks would show the interpreter only; those of failed tools come with their failures. It
 * must stand in the bundle: what a workflow imports is evaluated after the sandbox's globals are frozen.
 */
const withoutStacks = "Error.stackTraceLimit = 0;\n"

const silent = {
  log: () => undefined,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: (message: string) => console.error(message),
  error: (message: string) => console.error(message)
}

/** The interpreter as one module of today's JavaScript: the SDK's own loader would turn it into that of 2017. */
const joinInterpreter = async (file: string): Promise<void> => {
  const build = await rolldown({ cwd: root, input: entry, external: /^@temporalio\//, platform: "neutral" })
  await build.write({ file, format: "esm" })
  await build.close()
}

/** Bundles the interpreter and writes it to `file` in one step. */
export const bundle = async (file: string = bundleFile): Promise<void> => {
  const { bundleWorkflowCode } = await import("@temporalio/worker")
  const interpreter = `${file.replace(/\.js$/, "")}.${process.pid}.interpreter.js`
  await mkdir(dirname(file), { recursive: true })
  await joinInterpreter(interpreter)
  const { code } = await bundleWorkflowCode({
    workflowsPath: interpreter,
    logger: silent,
    webpackConfigHook: (config) => ({
      ...config,
      // Numbers instead of this machine's paths as the names of modules; readable code for stack traces.
      mode: "production",
      context: root,
      devtool: false,
      optimization: { ...config.optimization, minimize: false }
    })
  }).finally(() => rm(interpreter, { force: true }))
  const temporary = `${file}.${process.pid}`
  await writeFile(temporary, withoutStacks + code.trimEnd() + emptySourceMap())
  await rename(temporary, file)
}

/** Whether a source that the bundle is made of is newer than the bundle. */
export const bundleIsStale = async (file: string = bundleFile): Promise<boolean> => {
  const built = await stat(file).catch(() => undefined)
  if (built === undefined) return true
  // The interpreter imports from the workflow folder only.
  const sources = [...(await sourcesUnder("src/workflow")), join(root, "package.json")]
  const times = await Promise.all(sources.map(async (source) => (await stat(source)).mtimeMs))
  return times.some((time) => time > built.mtimeMs)
}

if (isMain(import.meta.url)) {
  if (!process.argv.includes("--if-stale") || (await bundleIsStale())) await bundle()
}
