/**
 * Ctrl-C and SIGTERM. The first one asks the command to stop; what it has acquired is released in order. A second
 * Ctrl-C ends the process at once. SIGTERM never does: whoever sends it has SIGKILL.
 */
import { ExitCode } from "./ExitCode.ts"
import type { StopSignal } from "./Terminal.ts"

/** What the listeners call. */
export interface SignalHandlers {
  /** At the first signal. */
  readonly stop: (signal: StopSignal) => void
  /** At a Ctrl-C while stopping. */
  readonly force: () => void
}

/**
 * Listens until the returned function is called.
 *
 * @param handlers what to do
 * @param target where signals come from; the process by default
 */
export const listenToSignals = (
  handlers: SignalHandlers,
  target: Pick<NodeJS.Process, "on" | "off"> = process
): (() => void) => {
  let stopping = false
  const listener = (signal: NodeJS.Signals) => {
    if (!stopping) {
      stopping = true
      handlers.stop(signal === "SIGINT" ? "SIGINT" : "SIGTERM")
    } else if (signal === "SIGINT") {
      handlers.force()
    }
  }
  target.on("SIGINT", listener)
  target.on("SIGTERM", listener)
  return () => {
    target.off("SIGINT", listener)
    target.off("SIGTERM", listener)
  }
}

/** The exit code of a command that a signal has stopped. */
export const signalExitCode = (signal: StopSignal): ExitCode =>
  signal === "SIGINT" ? ExitCode.interrupted : ExitCode.terminated
