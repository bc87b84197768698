/** Temporal's development server. */
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { freePort, MissingTool, output, type Service, start, stop, untilListening } from "./Process.ts"

/** The newest version that `go install` builds: later ones have a replace directive in their go.mod. */
const VERSION = "v1.5.1"

const findBinary = (cache: string, say: (text: string) => void): string => {
  const binary = join(cache, "temporal")
  if (existsSync(binary)) return binary
  if (output("go", "version") === undefined) {
    throw new MissingTool(
      `the Temporal tests need the Temporal CLI, which Go builds: install Go 1.25 or newer, or put temporal into ${cache}`
    )
  }
  say(`building the Temporal CLI ${VERSION} into ${cache}: this takes some minutes, once`)
  mkdirSync(cache, { recursive: true })
  execFileSync("go", ["install", `github.com/temporalio/cli/cmd/temporal@${VERSION}`], {
    env: { ...process.env, GOBIN: cache },
    stdio: ["ignore", "ignore", "inherit"]
  })
  return binary
}

/** Starts one on a port, with the namespace `default`, in memory unless `options` say otherwise. */
export const startDevServer = async (binary: string, port: number, options: ReadonlyArray<string> = []) => {
  const child = start(binary, [
    "server",
    "start-dev",
    "--headless",
    "--ip",
    "127.0.0.1",
    "--port",
    String(port),
    "--log-level",
    "error",
    ...options
  ])
  await untilListening(child, port)
  return child
}

/** Starts it in memory, with the namespace `default`. */
export const startTemporal = async (cache: string, say: (text: string) => void): Promise<Service> => {
  const binary = findBinary(cache, say)
  const port = await freePort()
  const child = await startDevServer(binary, port)
  return {
    name: "Temporal",
    environment: { TEMPORAL_HOST_PORT: `127.0.0.1:${port}`, COMPOZY_SERVICES_TEMPORAL: binary },
    stop: () => stop(child)
  }
}
