/** Scripts run on the embedded Redis and on a real one: what they answer, errors included, must be the same. */
import { writeFileSync } from "node:fs"
import { afterAll, beforeAll, expect, it } from "vitest"
import { random, seedFrom } from "../../random.ts"
import { opened } from "../open.ts"
import { type RealWire, realWire } from "../realServer.ts"
import { memoryWire, type Wire } from "../wire.ts"
import { type Answered, answerOf, begin, RECORDED, recorded, toJson } from "./answers.ts"
import { damaged } from "./damage.ts"
import { script } from "./generate.ts"
import { SCRIPTS } from "./scripts.ts"

/** The same scripts in every run. LUA_SEED ("random" or a number) and LUA_SCRIPTS make others, and more; LUA_RECORD records anew. */
const SEED = seedFrom("LUA_SEED")
/** Those that are nested 250 deep, and the like, say nothing more when they are damaged. */
const WHOLE = SCRIPTS.filter((body) => body.length < 1000)
const COUNT = Number(process.env["LUA_SCRIPTS"] ?? 5000)

let server: RealWire
let real: Wire

beforeAll(async () => {
  server = await realWire()
  real = server.wire
})

afterAll(() => server[Symbol.asyncDispose]())

it("the recorded answers are those of a real Redis", async () => {
  await begin(real)
  const answered: Array<Answered> = []
  for (const body of SCRIPTS) answered.push([body, await answerOf(real, body)])
  if (process.env["LUA_RECORD"] !== undefined) writeFileSync(RECORDED, toJson(answered))
  else expect(answered).toEqual(recorded())
})

/** The first script whose answer differs, with both. */
const compare = async (bodyOf: (seed: number) => string): Promise<void> => {
  await using embedded = await opened()
  const ours = await memoryWire(embedded.server)
  for (const wire of [ours, real]) await begin(wire)
  for (let seed = SEED; seed < SEED + COUNT; seed++) {
    const body = bodyOf(seed)
    const [own, theirs] = [await answerOf(ours, body), await answerOf(real, body)]
    expect({ seed, body, answer: own }).toEqual({ seed, body, answer: theirs })
  }
  ours.close()
}

it(`${COUNT} random scripts answer what they answer on a real Redis (LUA_SEED=${SEED})`, async () => {
  await compare((seed) => script(random(seed)))
}, 600_000)

it(`${COUNT} damaged scripts have the same problem as on a real Redis (LUA_SEED=${SEED})`, async () => {
  await compare((seed) => {
    const source = random(seed)
    return damaged(source, source.chance(0.5) ? script(source) : source.pick(WHOLE))
  })
}, 600_000)
