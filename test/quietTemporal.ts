/**
 * Runs before the tests of a process: Temporal's SDK tells of every worker's states, and of every failed attempt, on
 * stderr. What its runtime is told here it remembers when it ends with its last worker and begins again.
 */
import { Runtime } from "@temporalio/worker"

const ignore = () => undefined

try {
  Runtime.install({
    logger: { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore },
    shutdownSignals: [],
    telemetryOptions: { logging: { forward: {}, filter: "off" } }
  })
} catch (cause) {
  // The files of one process share it.
  if (!(cause instanceof Error && cause.name === "IllegalStateError")) throw cause
}
