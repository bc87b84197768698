import * as TemporalDistributed from "../../src/layers/temporal/distributed.ts"
import * as TemporalContract from "../contracts/TemporalContract.ts"
import { describe } from "vitest"
import { isLeftOut } from "./Services.ts"

describe.skipIf(isLeftOut("temporal"))("temporal", () => {
  TemporalContract.suite(
    "a cluster",
    TemporalDistributed.layer({ address: process.env["TEMPORAL_HOST_PORT"] ?? "", namespace: "default" })
  )
})
