/** Random workflows come to what a model says, whatever fails and whenever the process ends. */
import { afterAll, expect, it } from "vitest"

import { runModel } from "./model.ts"
import { temporaryFolder } from "./support.ts"

const folder = temporaryFolder()
afterAll(folder.remove)

const first = Number(process.env["COMPOZY_MODEL_SEED"] ?? Math.floor(Math.random() * 1e9))

it.each(Array.from({ length: 3 }, (_, index) => first + index))(
  "random workflows come to what the model says (seed %i)",
  async (seed) => {
    const { commits } = await runModel(seed, folder.path)
    expect(commits).toBeGreaterThan(0)
  }
)
