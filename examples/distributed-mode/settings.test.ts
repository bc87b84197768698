import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { parseEnv, promisify } from "node:util"
import { expect, test } from "vitest"

const read = (file: string) => readFile(join(import.meta.dirname, file), "utf8")

test("the settings are valid with the environment of .env.example, and show no secret", async () => {
  const env = parseEnv(await read(".env.example"))
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["../../bin/compozy.js", "config", "show", "--json"],
    { cwd: import.meta.dirname, env: { ...process.env, ...env, NO_COLOR: "1" } }
  )
  expect(JSON.parse(stdout)).toBeDefined()
  expect(stdout).toContain("squares:")
  expect(stdout).not.toContain("change-me")
})

test("the compose file publishes its ports on this machine only, and takes its passwords from .env", async () => {
  const compose = await read("compose.yaml")
  const ports = [...compose.matchAll(/ports: \["([^"]+)"\]/g)].map((match) => match[1])
  expect(ports).toEqual(["127.0.0.1:5432:5432", "127.0.0.1:6379:6379", "127.0.0.1:7233:7233"])
  const variables = new Set([...compose.matchAll(/\$\{([A-Z_]+)/g)].map((match) => match[1]))
  expect([...variables].toSorted()).toEqual(["POSTGRES_PASSWORD", "REDIS_PASSWORD"])
})
