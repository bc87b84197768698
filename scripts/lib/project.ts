/** What every script of this folder needs: where the project is, how to list its sources, how to run a command. */
import { spawn } from "node:child_process"
import { readdir, readFile } from "node:fs/promises"
import { delimiter, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"

/** The folder of the project. */
export const root = resolve(import.meta.dirname, "../..")

/** Whether the module was started as a program, rather than imported. */
export const isMain = (url: string): boolean => process.argv[1] === fileURLToPath(url)

/** The fields of a value that came from outside. */
export const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? { ...value } : {}

/** The package.json of the project. */
export const manifest = async (): Promise<Readonly<Record<string, unknown>>> =>
  record(JSON.parse(await readFile(join(root, "package.json"), "utf8")))

/** The TypeScript files under a folder of the project, absolute and sorted. */
export const sourcesUnder = async (folder: string): Promise<ReadonlyArray<string>> => {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
}

/** How a command ended. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** How to run a command; `timeout` in milliseconds (default 10 minutes). */
export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly input?: string
  readonly timeout?: number
}

/** Runs a command with the project's own tools first on the path; it never throws. */
export const run = (command: string, args: ReadonlyArray<string>, options: RunOptions = {}): Promise<Ran> =>
  new Promise((done) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: {
        ...process.env,
        PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env["PATH"] ?? ""}`,
        ...options.env
      },
      // A group of its own: what the command starts ends with it.
      detached: true,
      stdio: ["pipe", "pipe", "pipe"]
    })
    const end = (): void => {
      if (child.pid !== undefined) {
        try {
          process.kill(-child.pid, "SIGKILL")
        } catch {
          // It has ended.
        }
      }
    }
    const timer = setTimeout(end, options.timeout ?? 600_000)
    process.once("exit", end)
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text))
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text))
    child.on("error", (error) => done({ code: 127, stdout, stderr: `${stderr}${error.message}\n` }))
    child.on("close", (code) => {
      clearTimeout(timer)
      process.off("exit", end)
      done({ code: code ?? 1, stdout, stderr })
    })
    child.stdin.on("error", () => undefined)
    child.stdin.end(options.input ?? "")
  })
