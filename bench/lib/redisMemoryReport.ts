/** What a key takes in memory, and how long a restart takes, beside a real Redis. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { real } from "./redisTargets.ts"

interface Step {
  readonly millis: number
  readonly bytes: number
}

const step = (task: "fill" | "restart" | "compact", dir: string, keys: number): Step => {
  const script = fileURLToPath(new URL("redisMemory.ts", import.meta.url))
  const ran = spawnSync(process.execPath, ["--expose-gc", script, task, dir, String(keys)], {
    encoding: "utf8"
  })
  if (ran.status !== 0) throw new Error(ran.stderr)
  const { millis, bytes } = JSON.parse(ran.stdout)
  return { millis: Number(millis), bytes: Number(bytes) }
}

const bytesOfReal = async (keys: number): Promise<number | undefined> => {
  const server = await real()
  if (server === undefined) return undefined
  const used = async (): Promise<number> =>
    Number(/used_memory:(\d+)/.exec(await server.redis.info("memory"))?.[1] ?? "0")
  const before = await used()
  for (let at = 0; at < keys; at += 1000) {
    const pipeline = server.redis.pipeline()
    for (let key = at; key < at + 1000; key++) pipeline.set(`key:${key}`, String(key).padEnd(100, "x"))
    await pipeline.exec()
  }
  const bytes = ((await used()) - before) / keys
  await server.close()
  return bytes
}

/** Measures and prints both. */
export const printMemory = async (keys: number): Promise<void> => {
  const dir = mkdtempSync(join(tmpdir(), "bench-redis-"))
  try {
    const filled = step("fill", dir, keys)
    const log = step("compact", dir, keys)
    const base = step("restart", dir, keys)
    const theirs = await bytesOfReal(keys)
    const beside = (bytes: number): string =>
      `${bytes.toFixed(0)} bytes${theirs === undefined ? "" : ` (${(bytes / theirs).toFixed(2)} of the real one's ${theirs.toFixed(0)})`}`
    process.stdout.write(
      `\n${keys} keys of 100 bytes\n` +
        `memory per key: ${beside(filled.bytes)} after they were set, ${beside(base.bytes)} after a restart\n` +
        `restart: ${base.millis.toFixed(0)} ms from a compacted folder, ${log.millis.toFixed(0)} ms from a log of commands\n`
    )
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
