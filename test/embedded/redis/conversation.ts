/** A recorded conversation with a real Redis 7: commands in their order, and what it answered. */
import { readFileSync } from "node:fs"
import type { Redis } from "ioredis"

/** One command and its answer; an error is `{ error }`. */
export interface Exchange {
  readonly command: ReadonlyArray<string>
  readonly reply: unknown
}

/** What was said. */
export const conversation = (): ReadonlyArray<Exchange> =>
  JSON.parse(readFileSync(new URL("./conversation.json", import.meta.url), "utf8"))

const plain = (reply: unknown): unknown =>
  reply instanceof Error
    ? { error: reply.message }
    : Buffer.isBuffer(reply)
      ? reply.toString("latin1")
      : Array.isArray(reply)
        ? reply.map(plain)
        : reply

/** Has the same conversation with another server. */
export const converse = async (
  redis: Redis,
  commands: ReadonlyArray<ReadonlyArray<string>>
): Promise<ReadonlyArray<Exchange>> => {
  const exchanges: Array<Exchange> = []
  for (const command of commands) {
    const [name = "", ...args] = command
    const reply = await redis.callBuffer(name, ...args).catch((error: unknown) => error)
    exchanges.push({ command, reply: plain(reply) })
  }
  return exchanges
}
