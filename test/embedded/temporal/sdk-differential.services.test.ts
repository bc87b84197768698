/** The same programs through the same SDK on the embedded service and on the official server. */
import { randomUUID } from "node:crypto"

import { Connection } from "@temporalio/client"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import { address, isLeftOut } from "../../layers/Services.ts"
import { scenarios } from "./sdk-scenarios.ts"
import { openStage, Scene } from "./sdk-stage.ts"
import type { Stage } from "./sdk-stage.ts"
import { openRig } from "./support.ts"
import type { Rig } from "./support.ts"

describe.skipIf(isLeftOut("temporal"))("the SDK on the embedded Temporal and on the official server", () => {
  let rig: Rig
  let real: Connection
  let ours: Stage
  let theirs: Stage
  beforeAll(async () => {
    rig = await openRig()
    real = await Connection.connect({ address: address("TEMPORAL_HOST_PORT") })
    const taskQueue = `queue-${randomUUID()}`
    ours = await openStage(rig.connection, rig.address, taskQueue)
    theirs = await openStage(real, address("TEMPORAL_HOST_PORT"), taskQueue)
  })
  afterAll(async () => {
    await ours.close()
    await rig.close()
    await theirs.close()
    await real.close()
  })

  for (const [name, scenario] of Object.entries(scenarios))
    it.concurrent(name, async () => {
      const scenes = [ours, theirs].map((stage) => new Scene(stage, name.replaceAll(/[ ']/g, "-")))
      await Promise.all(scenes.map(scenario))
      expect(scenes[0]?.told).toEqual(scenes[1]?.told)
    })
})
