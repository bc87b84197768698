import { Redacted } from "effect"
import { describe } from "vitest"
import * as DatabaseDistributed from "../../src/layers/database/distributed.ts"
import * as StoreContract from "../contracts/StoreContract.ts"
import { isLeftOut } from "./Services.ts"

describe.skipIf(isLeftOut("postgres"))("database", () => {
  StoreContract.suite(
    "PostgreSQL",
    DatabaseDistributed.layer({ url: Redacted.make(process.env["COMPOZY_DATABASE_URL"] ?? "") })
  )
})
