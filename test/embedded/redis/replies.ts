import { connect } from "node:net"
import type { Redis } from "ioredis"
import { expect, it } from "vitest"
import { splitInline } from "../../../src/embedded/redis/resp/Inline.ts"
import { opened } from "./open.ts"

/** A command line as one types it into redis-cli, and what Redis 7.0.15 answers; errors are `!` and their text. */
export type Row = readonly [line: string, reply: unknown, order?: "any order"]

const inAnyOrder = (reply: unknown): unknown =>
  Array.isArray(reply) ? reply.toSorted((left, right) => String(left).localeCompare(String(right))) : reply

/** Errors as text, also those within the reply to EXEC. */
const plain = (reply: unknown): unknown =>
  reply instanceof Error ? `!${reply.message}` : Array.isArray(reply) ? reply.map(plain) : reply

const answer = async (redis: Redis, line: string): Promise<unknown> => {
  const [name = "", ...args] = splitInline(line) ?? []
  try {
    return plain(await redis.call(name, ...args))
  } catch (error) {
    return plain(error)
  }
}

/** Answers of one connection to lines that are sent one after the other. */
export const answers = async (redis: Redis, rows: ReadonlyArray<Row>): Promise<ReadonlyArray<Row>> => {
  const out: Array<Row> = []
  for (const [line, , order] of rows) {
    const reply = await answer(redis, line)
    out.push(order === undefined ? [line, reply] : [line, inAnyOrder(reply), order])
  }
  return out
}

/** Specifies the answers of an empty server. */
export const answersLikeRedis = (name: string, rows: ReadonlyArray<Row>): void => {
  it(name, async () => {
    await using server = await opened()
    expect(await answers(server.redis, rows)).toEqual(rows)
  })
}

const END = "-=end=-"

/** The bytes that a port answers to each of several lines, with spaces for line ends. */
export const wireAnswers = async (
  port: number,
  lines: ReadonlyArray<string>
): Promise<ReadonlyArray<readonly [string, string]>> => {
  const socket = connect(port, "127.0.0.1").setEncoding("latin1")
  const chunks: AsyncIterator<unknown> = socket[Symbol.asyncIterator]()
  const out: Array<readonly [string, string]> = []
  for (const line of lines) {
    socket.write(`${line}\r\nECHO ${END}\r\n`)
    let text = ""
    while (!text.endsWith(`$${END.length}\r\n${END}\r\n`)) {
      const chunk = await chunks.next()
      if (chunk.done === true) break
      text += String(chunk.value)
    }
    out.push([line, text.slice(0, text.lastIndexOf("$")).trimEnd().replaceAll("\r\n", " ")])
  }
  socket.destroy()
  return out
}

/** Specifies the bytes that a server answers after HELLO 3. */
export const speaksLikeRedis = (name: string, rows: ReadonlyArray<readonly [string, string]>): void => {
  it(name, async () => {
    await using server = await opened()
    const { port } = await server.server.listen({ password: false })
    const lines = rows.map(([line]) => line)
    const [, ...replies] = await wireAnswers(port, ["HELLO 3", ...lines])
    expect(replies).toEqual(rows)
  })
}
