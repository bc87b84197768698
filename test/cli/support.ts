/** Runs the command line in a child process, in a project of its own. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect, Schema } from "effect"
import { runCommandLine } from "../../src/cli/main.ts"
import type { StopSignal } from "../../src/cli/Terminal.ts"

const packageRoot = fileURLToPath(new URL("../..", import.meta.url))
const cli = join(packageRoot, "bin", "compozy.js")

/** A config with a workflow that greets, one that fails and one that waits. */
export const config = `
import { Schema } from "effect"
import { defineMode, defineSignal, defineTool, defineWorkflow } from "compozy"

const greet = defineTool({
  id: "greet",
  input: Schema.Struct({ name: Schema.String, times: Schema.optionalKey(Schema.Int) }),
  output: Schema.Struct({ message: Schema.String }),
  run: ({ name, times }) => {
    if (name === "nobody") throw new Error("nobody is there")
    return { message: Array.from({ length: times ?? 1 }, () => \`Hello, \${name}\`).join(" ") }
  }
})
const hello = defineWorkflow(
  {
    id: "hello",
    description: "Says hello.",
    input: Schema.Struct({ name: Schema.String, times: Schema.optionalKey(Schema.Int) })
  },
  ({ input, task }) =>
    task.tool("greeting", greet, { name: input.name, times: input.times }, { retry: { maximumAttempts: 1 } })
)
const wait = defineWorkflow({ id: "wait", input: Schema.Struct({}) }, ({ task }) => ({
  said: task.wait("said", { signal: defineSignal({ id: "say", payload: Schema.String }) })
}))
export default defineMode({ name: "cli-test", server: { port: 0 }, workflows: [hello, wait] })
`

/** A project in a temporary folder. */
export interface TestProject {
  readonly folder: string
  /** Where its servers are announced in memory mode. */
  readonly env: Readonly<Record<string, string>>
  readonly remove: () => Promise<void>
}

/** Makes a project with these files; \`compozy\` and \`effect\` are installed in it. */
export const makeProject = async (files: Readonly<Record<string, string>>): Promise<TestProject> => {
  const folder = await mkdtemp(join(tmpdir(), "compozy-cli-"))
  await mkdir(join(folder, "node_modules"))
  await symlink(packageRoot, join(folder, "node_modules", "compozy"))
  await symlink(join(packageRoot, "node_modules", "effect"), join(folder, "node_modules", "effect"))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return {
    folder,
    env: { XDG_RUNTIME_DIR: join(folder, "run"), NO_COLOR: "1" },
    remove: () => rm(folder, { recursive: true, force: true })
  }
}

/** A command that runs. */
export const spawnCli = (
  project: TestProject,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
) => {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: project.folder,
    env: { ...process.env, ...project.env, ...env },
    stdio: ["ignore", "pipe", "pipe"]
  })
  let stdout = ""
  let stderr = ""
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk))
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk))
  const exited = once(child, "close").then(([code, signal]: Array<unknown>) => ({
    code,
    signal,
    stdout,
    stderr
  }))
  /** Waits until stderr or stdout has this text. */
  const says = async (text: string): Promise<void> => {
    while (!stdout.includes(text) && !stderr.includes(text)) {
      if (child.exitCode !== null) throw new Error(`exited with ${child.exitCode}: ${stdout}${stderr}`)
      await Promise.race([once(child.stdout, "data"), once(child.stderr, "data"), exited])
    }
  }
  return {
    child,
    exited,
    says,
    /** What `start --json` tells when it is ready. */
    ready: async (): Promise<{ readonly url: string }> => {
      await says("\n")
      return JSON.parse(stdout)
    }
  }
}
const Tasks = Schema.Struct({
  items: Schema.Array(Schema.Struct({ path: Schema.String, status: Schema.String }))
})

/** A server that is ready, and what tests ask of it. */
export const startServer = async (project: TestProject, env: Readonly<Record<string, string>> = {}) => {
  const { child, exited, ready } = spawnCli(project, ["start", "--json"], env)
  const { url } = await ready()
  const ask = async <A>(schema: Schema.Codec<A>, path: string, init?: RequestInit) => {
    const response = await fetch(`${url}/api/v0${path}`, init)
    return Schema.decodeUnknownSync(schema)(await response.json())
  }
  return {
    ask,
    /** The paths and statuses of an execution's steps, in order. */
    steps: async (executionId: string) => {
      const { items } = await ask(Tasks, `/executions/workflows/${executionId}/tasks`)
      return items.map(({ path, status }) => [path, status] as const)
    },
    end: (signal: NodeJS.Signals) => {
      child.kill(signal)
      return exited
    }
  }
}

/** Runs a command to its end. */
export const compozy = (project: TestProject, ...args: ReadonlyArray<string>) =>
  spawnCli(project, args).exited

/** How a command is run in this process, where it matters. */
export interface InProcess {
  /** When the command is asked to stop, as by a signal; never by default. */
  readonly stopRequested?: Effect.Effect<StopSignal>
  /** Sees what was written to stderr and stdout so far, after each write. */
  readonly onText?: (written: { readonly stdout: string; readonly stderr: string }) => void
}

/**
 * Runs a command to its end in this process: the same but for the process around it, and many times faster. The
 * folder of announced servers is the process's own (`XDG_RUNTIME_DIR`).
 */
export const runInProcess = async (
  project: Pick<TestProject, "folder" | "env">,
  args: ReadonlyArray<string>,
  { stopRequested, onText }: InProcess = {}
) => {
  const written = { stdout: "", stderr: "" }
  const write = (stream: keyof typeof written) => (text: string) => {
    written[stream] += text
    onText?.(written)
  }
  const color = { out: false, err: false }
  const code = await Effect.runPromise(
    runCommandLine(
      args,
      {
        out: write("stdout"),
        err: write("stderr"),
        color,
        useColor: (setting) =>
          void Object.assign(color, { out: setting === "always", err: setting === "always" }),
        interactive: false,
        cwd: project.folder,
        env: { ...process.env, ...project.env }
      },
      stopRequested
    )
  )
  return { code, ...written }
}

/** Runs a command to its end in this process. */
export const commandLine = (project: TestProject, ...args: ReadonlyArray<string>) =>
  runInProcess(project, args)
