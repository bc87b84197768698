/** Serves the embedded Temporal on the file that is named, and says where: the process that `temporal-kill` kills. */
import { openService } from "../../src/embedded/temporal/service.ts"

const service = await openService({
  file: process.argv[2],
  synchronous: "normal",
  namespace: "default",
  host: "127.0.0.1",
  port: 0,
  key: undefined,
  retention: { ageMs: 86_400_000, closedRuns: 1_000_000, bytes: 2 ** 40 },
  limits: {},
  lostActivities: "retry",
  logger: (level, message, attributes) => {
    if (level === "error") console.error(message, attributes)
  }
})
process.stdout.write(`127.0.0.1:${service.port}\n`)
