import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as RedisMemory from "../../src/layers/redis/memory.ts"
import * as RedisPersistent from "../../src/layers/redis/persistent.ts"
import * as CacheContract from "../contracts/CacheContract.ts"

CacheContract.suite("memory", RedisMemory.layer())

CacheContract.suite(
  "persistent",
  RedisPersistent.layer({ persistence: { dataDir: mkdtempSync(join(tmpdir(), "compozy-redis-")) } })
)
