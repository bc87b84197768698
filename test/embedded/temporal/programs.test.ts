/** The programs of the comparison with the official server 1.29.1, against what that did, written down. */
import { afterAll, beforeAll, expect, it } from "vitest"

import { outcomeOf, readRecorded } from "./differential.ts"
import { programs } from "./programs.ts"
import { openRig } from "./support.ts"
import type { Rig } from "./support.ts"

const recorded = readRecorded()

let rig: Rig
beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

it.concurrent.each(Object.entries(programs))("%s", async (name, program) => {
  expect(await outcomeOf(rig.connection, name, program)).toEqual(recorded[name])
})
