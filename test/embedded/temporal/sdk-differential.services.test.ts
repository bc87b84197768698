/** The same programs through the same SDK on the embedded service and on the official server. */
import { randomUUID } from "node:crypto"

import { Connection } from "@temporalio/client"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import { address, isLeftOut } from "../../layers/Services.ts"
import { scenarios } from "./sdk-scenarios.ts"
import { playProgram, randomProgram } from "./sdk-random.ts"
import { openStage, Scene } from "./sdk-stage.ts"
import type { Stage } from "./sdk-stage.ts"
import { openRig } from "./support.ts"
import type { Rig } from "./support.ts"

// A workflow task takes in what has come until a worker takes it: two events that follow each other, as a child's start
// and its end, are in one task or in two, which the load of the machine decides and no service.
const retry = 2

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

  const same = async (name: string, scenario: (scene: Scene) => Promise<void>): Promise<void> => {
    const scenes = [ours, theirs].map((stage) => new Scene(stage, name.replaceAll(/[ ']/g, "-")))
    await Promise.all(scenes.map(scenario))
    expect(scenes[0]?.told).toEqual(scenes[1]?.told)
  }

  for (const [name, scenario] of Object.entries(scenarios))
    it.concurrent(name, { retry }, () => same(name, scenario))

  const first = Number(process.env["COMPOZY_PROGRAM_SEED"] ?? 1)
  const count = Number(process.env["COMPOZY_PROGRAMS"] ?? 40)
  for (let seed = first; seed < first + count; seed += 1)
    it.concurrent(`a random program (seed ${seed})`, { retry }, () =>
      same(`program-${seed}`, (scene) => playProgram(scene, randomProgram(seed)))
    )
})
