/** The official command line, and the embedded service that `compozy embedded temporal` starts for it. */
import { execFile, spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { tmpdir } from "node:os"
import { fileURLToPath } from "node:url"

import { address } from "../../layers/Services.ts"

const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url))

export interface Served {
  readonly child: ChildProcess
  readonly address: string
  readonly stdout: string
}

export const serve = async (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {}
): Promise<Served> => {
  const child = spawn(process.execPath, [main, "embedded", "temporal", "--port", "0", ...args], {
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "inherit"]
  })
  let stdout = ""
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk))
  while (!stdout.includes("\n")) {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}`)
    await Promise.race([once(child.stdout, "data"), once(child, "exit")])
  }
  return { child, address: stdout.trim().split(" ").at(-1) ?? "", stdout }
}

export const stop = async ({ child }: Served): Promise<void> => {
  const exited = once(child, "exit")
  child.kill("SIGTERM")
  await exited
}

/** What a command prints; rejects with what it says if it fails. */
export const runCli = (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {}
): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(
      address("COMPOZY_SERVICES_TEMPORAL"),
      args,
      // The settings of whoever runs this are not those of the test.
      { env: { PATH: process.env["PATH"], HOME: tmpdir(), ...env }, timeout: 30_000 },
      (error, stdout, stderr) =>
        error === null ? resolve(stdout) : reject(new Error(stderr || error.message))
    )
  })
