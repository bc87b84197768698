import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as TemporalMemory from "../../src/layers/temporal/memory.ts"
import * as TemporalPersistent from "../../src/layers/temporal/persistent.ts"
import * as TemporalContract from "../contracts/TemporalContract.ts"

TemporalContract.suite("memory", TemporalMemory.layer())

TemporalContract.suite(
  "persistent",
  TemporalPersistent.layer({ file: join(mkdtempSync(join(tmpdir(), "compozy-temporal-")), "temporal.db") })
)
