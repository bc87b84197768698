/**
 * One start of a service in a fresh process, from before it is imported or spawned to its first answer, and a second
 * one; prints both in milliseconds. `node bench/lib/temporalStart.ts <subject> <folder>`
 */
import { serve, subjects } from "./temporalServers.ts"

const subject = subjects.find((name) => name === process.argv[2]) ?? "memory"
const folder = process.argv[3] ?? "."

const times: number[] = []
for (let start = 0; start < 2; start++) {
  const begin = performance.now()
  const served = await serve(subject, folder)
  times.push(performance.now() - begin)
  await served.close()
}
process.stdout.write(JSON.stringify(times))
process.exit(0)
