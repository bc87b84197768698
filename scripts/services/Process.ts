/** Child processes of the service scripts: started, watched until they answer, and stopped. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { connect, createServer } from "node:net"
import { setTimeout as delay } from "node:timers/promises"

/** A running service and how it is stopped. */
export interface Service {
  readonly name: string
  /** What programs find in their environment. */
  readonly environment: Readonly<Record<string, string>>
  readonly stop: () => Promise<void>
}

/** A tool that is needed and not there. */
export class MissingTool extends Error {}

/** A port of 127.0.0.1 that nobody uses now. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  if (address === null || typeof address === "string") throw new Error("no port was given")
  return address.port
}

/** What a command prints, or undefined where there is no such command. */
export const output = (command: string, ...args: ReadonlyArray<string>): string | undefined => {
  try {
    return execFileSync(command, [...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim()
  } catch {
    return undefined
  }
}

const accepts = async (port: number): Promise<boolean> => {
  const socket = connect({ host: "127.0.0.1", port })
  try {
    await once(socket, "connect")
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Waits until the port accepts connections; fails with what the process printed when it ends first. */
export const untilListening = async (child: ChildProcess, port: number): Promise<void> => {
  let printed = ""
  const collect = (chunk: Buffer) => {
    printed = (printed + chunk.toString()).slice(-4_000)
  }
  child.stdout?.on("data", collect)
  child.stderr?.on("data", collect)
  const deadline = Date.now() + 30_000
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`${child.spawnfile} does not listen on port ${port}:\n${printed}`)
    }
    await delay(25)
  }
}

/** Starts a process that lives as long as this script. */
export const start = (
  command: string,
  args: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>> = {}
): ChildProcess =>
  spawn(command, [...args], {
    // A group of its own: Ctrl-C reaches this script, which stops it in order.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment }
  })

/** Ends a process by signal, and by SIGKILL if it is still there after 5 s. */
export const stop = async (child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, "exit")
  child.kill(signal)
  const timer = setTimeout(() => child.kill("SIGKILL"), 5_000)
  await exited
  clearTimeout(timer)
}
