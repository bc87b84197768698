/**
 * The same programs on the embedded service and on the official server: results and histories have to be the same.
 * With COMPOZY_RECORD=1 what the official server did is written down for the test that has none.
 */
import { writeFileSync } from "node:fs"

import { Connection } from "@temporalio/client"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import { address, isLeftOut } from "../../layers/Services.ts"
import { outcomeOf, readRecorded, recordedFile } from "./differential.ts"
import { programs } from "./programs.ts"
import { openRig } from "./support.ts"
import type { Rig } from "./support.ts"

describe.skipIf(isLeftOut("temporal"))("the embedded Temporal beside the official server", () => {
  const recording = process.env["COMPOZY_RECORD"] === "1"
  const recorded: Record<string, unknown> = recording ? {} : readRecorded()
  let rig: Rig
  let real: Connection
  beforeAll(async () => {
    rig = await openRig()
    real = await Connection.connect({ address: address("TEMPORAL_HOST_PORT") })
  })
  afterAll(async () => {
    await rig.close()
    await real.close()
    if (recording) {
      const lines = Object.entries(recorded)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, outcome]) => `${JSON.stringify(name)}: ${JSON.stringify(outcome)}`)
      writeFileSync(recordedFile, `{\n${lines.join(",\n")}\n}\n`)
    }
  })

  for (const [name, program] of Object.entries(programs))
    it.concurrent(name, async () => {
      const [ours, theirs] = await Promise.all([
        outcomeOf(rig.connection, name, program),
        outcomeOf(real, name, program)
      ])
      expect(ours).toEqual(theirs)
      if (recording) recorded[name] = theirs
      else expect(theirs).toEqual(recorded[name])
    })
})
