import { Redacted } from "effect"
import { randomUUID } from "node:crypto"
import { readFileSync } from "node:fs"
import { describe } from "vitest"
import * as RedisDistributed from "../../src/layers/redis/distributed.ts"
import * as CacheContract from "../contracts/CacheContract.ts"
import { isLeftOut } from "./Services.ts"

const url = (name: string) => Redacted.make(process.env[name] ?? "")
const ca = process.env["COMPOZY_SERVICES_CA"]

describe.skipIf(isLeftOut("redis"))("redis", () => {
  CacheContract.suite(
    "a server with users",
    RedisDistributed.layer({ url: url("REDIS_URL"), keyPrefix: `one-${randomUUID()}:` })
  )

  CacheContract.suite(
    "a server with TLS, and a prefix of glob characters",
    RedisDistributed.layer({
      url: url("COMPOZY_SERVICES_REDIS_TLS_URL"),
      keyPrefix: `a*[b]?-${randomUUID()}:`,
      ...(ca !== undefined && { tls: { ca: readFileSync(ca, "utf8") } })
    })
  )
})
