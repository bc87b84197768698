import { once } from "node:events"
import { spawnSync } from "node:child_process"
import { describe, expect, it } from "vitest"
import { opened } from "./open.ts"

const source = new URL("../../../src/embedded/redis/index.ts", import.meta.url).href
const ioredis = import.meta.resolve("ioredis")

const runScript = (
  body: string
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } => {
  const script = `import { Redis } from ${JSON.stringify(ioredis)}
import { EmbeddedRedis } from ${JSON.stringify(source)}
const server = await EmbeddedRedis.open()
const redis = new Redis({ Connector: server.connector })
${body}`
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    timeout: 15_000
  })
  return { status: child.status, stdout: child.stdout, stderr: child.stderr }
}

describe("the connection of ioredis to the embedded Redis", () => {
  it("needs no port: commands go through the Connector option", async () => {
    await using server = await opened()
    expect(await server.redis.set("key", "value")).toBe("OK")
    expect(await server.redis.get("key")).toBe("value")
  })

  it("is copied by duplicate()", async () => {
    await using server = await opened()
    const copy = server.redis.duplicate()
    await server.redis.set("key", "value")
    expect(await copy.get("key")).toBe("value")
    copy.disconnect()
  })

  it("ends soon after quit(), without waiting for a disconnect timeout", async () => {
    await using server = await opened()
    const redis = server.client({ disconnectTimeout: 10_000 })
    await redis.ping()
    const ended = once(redis, "end")
    expect(await redis.quit()).toBe("OK")
    await ended
    expect(redis.status).toBe("end")
  })

  it("carries bytes that are no text", async () => {
    await using server = await opened()
    const bytes = Buffer.from([0, 255, 13, 10, 36, 42, 128, 0])
    await server.redis.set(bytes, bytes)
    expect(await server.redis.getBuffer(bytes)).toEqual(bytes)
  })

  it("carries text in UTF-8", async () => {
    await using server = await opened()
    await server.redis.set("ключ", "žluťoučký 🐎")
    expect(await server.redis.get("ключ")).toBe("žluťoučký 🐎")
    expect(await server.redis.strlen("ключ")).toBe(Buffer.byteLength("žluťoučký 🐎"))
  })

  it("lets the event loop turn while commands are awaited one after the other", async () => {
    await using server = await opened()
    let ticks = 0
    const ticking = setInterval(() => ticks++, 1)
    for (let left = 200_000; left > 0; left--) {
      await server.redis.get("key")
      if (ticks === 5) break
    }
    clearInterval(ticking)
    expect(ticks).toBe(5)
  })

  it("never answers from within write()", async () => {
    await using server = await opened()
    await server.redis.ping()
    let answered = false
    const pong = server.redis.ping().then(() => {
      answered = true
      return undefined
    })
    expect(answered).toBe(false)
    // The command is in ioredis's queue although the engine has run it: nothing was delivered yet.
    expect(Reflect.get(server.redis, "commandQueue")).toHaveLength(1)
    await pong
  })

  it("does not keep what a caller wrote: the caller may reuse its buffer", async () => {
    await using server = await opened()
    const blocked = server.client()
    const waiting = blocked.blpop("nothing", 0).catch(() => undefined)
    const bytes = Buffer.from("first")
    const set = blocked.set("key", bytes)
    await server.redis.ping()
    bytes.fill("x")
    await server.redis.rpush("nothing", "go")
    await Promise.all([waiting, set])
    expect(await server.redis.get("key")).toBe("first")
  })

  it("keeps the process alive while a client only waits", () => {
    const child = runScript(`
      const other = redis.duplicate()
      await other.ping()
      setTimeout(() => other.rpush("list", "woken"), 50).unref()
      const keep = setTimeout(() => undefined, 200)
      const [, value] = await redis.blpop("list", 0)
      clearTimeout(keep)
      console.log(value)
      await redis.quit(); await other.quit()`)
    expect(child.stderr).toBe("")
    expect(child).toMatchObject({ status: 0, stdout: "woken\n" })
  })

  it("waits for a message with nothing else to do, and exits when told by a client that is gone", () => {
    const child = runScript(`
      await redis.ping()
      setTimeout(() => { console.log("still here"); redis.disconnect() }, 100).unref()`)
    expect(child).toMatchObject({ status: 0, stdout: "still here\n" })
  })

  it("does not keep the process alive after unref()", () => {
    const child = runScript(`
      await redis.ping()
      redis.stream.unref()
      setTimeout(() => console.log("too late"), 2000).unref()`)
    expect(child).toMatchObject({ status: 0, stdout: "" })
  })
})
