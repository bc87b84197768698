/** Random programs run on the embedded Redis and on a real one: replies and what is left must be the same. */
import { writeFileSync } from "node:fs"
import { isDeepStrictEqual } from "node:util"
import { afterAll, beforeAll, expect, it } from "vitest"
import { type Program, program } from "./differential/generate.ts"
import { random, seedFrom } from "../random.ts"
import { RECORDED, recorded, toJson } from "./differential/recorded.ts"
import { run, shrink } from "./differential/run.ts"
import { opened } from "./open.ts"
import { type RealWire, realWire } from "./realServer.ts"
import { memoryWire, type Wire } from "./wire.ts"

/** The same programs in every run, so that a change and not the moment decides. DIFFERENTIAL_SEED ("random" or a number) and DIFFERENTIAL_PROGRAMS make others, and more. */
const SEED = seedFrom("DIFFERENTIAL_SEED")
const PROGRAMS = Number(process.env["DIFFERENTIAL_PROGRAMS"] ?? 4000)
/** DIFFERENTIAL_RECORD is how many programs are recorded anew for the tests without a server. */
const RECORD = Number(process.env["DIFFERENTIAL_RECORD"] ?? 0)

let server: RealWire
let real: Wire

beforeAll(async () => {
  server = await realWire()
  real = server.wire
})

afterAll(() => server[Symbol.asyncDispose]())

it(`the embedded Redis answers ${PROGRAMS} random programs as a real one does (DIFFERENTIAL_SEED=${SEED})`, async () => {
  await using embedded = await opened()
  const ours = await memoryWire(embedded.server)
  const differs = async (candidate: Program): Promise<boolean> =>
    !isDeepStrictEqual(await run(ours, candidate), await run(real, candidate))
  for (let seed = SEED; seed < SEED + PROGRAMS; seed++) {
    const candidate = program(random(seed))
    if (!(await differs(candidate))) continue
    const shortest = await shrink(candidate, differs)
    const told = `DIFFERENTIAL_SEED=${seed}, RESP${shortest.resp}: ${JSON.stringify(shortest.commands)}`
    expect(await run(ours, shortest), told).toEqual(await run(real, shortest))
  }
  ours.close()
}, 600_000)

it("the recorded programs are what a real Redis answers", async () => {
  const programs =
    RECORD === 0
      ? recorded()
      : Array.from({ length: RECORD }, (_, seed) => ({ program: program(random(seed)) }))
  const answered = []
  for (const one of programs) answered.push({ program: one.program, answers: await run(real, one.program) })
  if (RECORD > 0) writeFileSync(RECORDED, toJson(answered))
  else expect(answered).toEqual(programs)
})
