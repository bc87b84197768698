/**
 * Random workflows against a model, with faults of the storage and ends of the process at any commit, for as long as
 * it is asked to; `test/embedded/temporal/model.test.ts` runs a few of them.
 *
 *     npm run soak:temporal-model                     1,000 seeds, beginning at a random one
 *     npm run soak:temporal-model -- 50 --seed 7      fewer, beginning at that one
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { runModel } from "../test/embedded/temporal/model.ts"

const args = process.argv.slice(2)
const count = Number(args.find((arg, index) => /^\d+$/.test(arg) && args[index - 1] !== "--seed") ?? 1000)
const seedAt = args.indexOf("--seed")
const first = seedAt < 0 ? Math.floor(Math.random() * 1e9) : Number(args[seedAt + 1])

console.log(`seeds ${first} to ${first + count - 1}`)
const total = { commits: 0, faults: 0, restarts: 0, resets: 0 }
for (let seed = first; seed < first + count; seed += 1) {
  const folder = mkdtempSync(join(tmpdir(), "temporal-model-"))
  try {
    const { commits, faults, restarts, resets } = await runModel(seed, folder, 4)
    total.commits += commits
    total.faults += faults
    total.restarts += restarts
    total.resets += resets
  } catch (error) {
    console.error(`seed ${seed} failed: npm run soak:temporal-model -- 1 --seed ${seed}`)
    throw error
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
console.log(
  `${count} seeds as the model says: ${total.commits} commits, ${total.faults} failed writes, ${total.restarts} restarts, ${total.resets} resets`
)
