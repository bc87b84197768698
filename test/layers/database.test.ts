import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as DatabaseMemory from "../../src/layers/database/memory.ts"
import * as DatabasePersistent from "../../src/layers/database/persistent.ts"
import * as StoreContract from "../contracts/StoreContract.ts"

StoreContract.suite("memory", DatabaseMemory.layer)

StoreContract.suite(
  "persistent",
  DatabasePersistent.layer({ path: join(mkdtempSync(join(tmpdir(), "compozy-database-")), "compozy.db") })
)
