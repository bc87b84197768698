/** The same programs on the embedded service and on the official server: results and histories have to be the same. */
import { Connection } from "@temporalio/client"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import { address, isLeftOut } from "../../layers/Services.ts"
import { comparable, Kit } from "./differential.ts"
import { programs } from "./programs.ts"
import { openRig } from "./support.ts"
import type { Rig } from "./support.ts"

describe.skipIf(isLeftOut("temporal"))("the embedded Temporal beside the official server", () => {
  let rig: Rig
  let real: Connection
  beforeAll(async () => {
    rig = await openRig()
    real = await Connection.connect({ address: address("TEMPORAL_HOST_PORT") })
  })
  afterAll(async () => {
    await rig.close()
    await real.close()
  })

  const outcome = async (
    connection: Connection,
    name: string,
    program: (kit: Kit) => Promise<void>
  ): Promise<unknown> => {
    const kit = new Kit(connection, name.replaceAll(" ", "-"))
    await program(kit)
    return comparable([kit.id, kit.told])
  }

  for (const [name, program] of Object.entries(programs))
    it.concurrent(name, async () => {
      const [ours, theirs] = await Promise.all([
        outcome(rig.connection, name, program),
        outcome(real, name, program)
      ])
      expect(ours).toEqual(theirs)
    })
})
