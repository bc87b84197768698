/** Runs programs, and writes what was answered in a form that does not depend on what Redis leaves open. */
import type { Wire, WireReply } from "../wire.ts"
import { KEYS, type Program } from "./generate.ts"

/** Commands whose reply has no order, and how many elements belong together. */
const UNORDERED: Readonly<Record<string, number>> = {
  SMEMBERS: 1,
  SINTER: 1,
  SUNION: 1,
  SDIFF: 1,
  SPOP: 1,
  SRANDMEMBER: 1,
  HKEYS: 1,
  HVALS: 1,
  HGETALL: 2,
  HRANDFIELD: 1,
  ZRANDMEMBER: 1,
  KEYS: 1,
  SCAN: 1,
  SSCAN: 1,
  HSCAN: 2,
  ZSCAN: 2
}

/** Replies that tell the time, and how many of their units are a second. */
const TIMES: Readonly<Record<string, { readonly second: number; readonly absolute: boolean }>> = {
  TTL: { second: 1, absolute: false },
  PTTL: { second: 1000, absolute: false },
  EXPIRETIME: { second: 1, absolute: true },
  PEXPIRETIME: { second: 1000, absolute: true }
}

/** A moment without the time at which the program ran: what is far from every date of the programs is relative to now. */
const shownTime = (value: number, { second, absolute }: (typeof TIMES)[string] & {}): string => {
  const seconds = value / second
  const now = Date.now() / 1000
  if (absolute && Math.abs(seconds - now) > 1e9) return `:${value}`
  if (!absolute && seconds > 1e9) return ":~until a date"
  return `:~${Math.round((absolute ? seconds - now : seconds) / 100) * 100} s`
}

/** Commands that take a cursor, and where. A cursor that no server gave is answered with anything. */
const CURSORS: Readonly<Record<string, number>> = { SCAN: 0, SSCAN: 1, HSCAN: 1, ZSCAN: 1 }

const sortedText = (items: ReadonlyArray<string>, width: number): string => {
  const groups: Array<string> = []
  for (let at = 0; at < items.length; at += width) groups.push(items.slice(at, at + width).join(" "))
  return groups.toSorted().join(" ")
}

const text = (reply: WireReply, width: number | undefined): string => {
  const { type, items } = reply
  if (items === undefined) return type + reply.text
  const shown = items.map((item) => text(item, width))
  if (type === "~") return `~(${sortedText(shown, 1)})`
  if (type === "%") return `%(${sortedText(shown, 2)})`
  return `${type}(${width === undefined ? shown.join(" ") : sortedText(shown, width)})`
}

/** The command that answers: the one that a script calls, too. */
const answering = (command: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (!/^eval/i.test(command[0] ?? "")) return command
  const called = /.*redis\.p?call\('(\w+)'/.exec(command[1] ?? "")?.[1]
  return called === undefined ? command.slice(3) : [called]
}

/** A pending message without how long it has waited. */
const withoutIdle = (reply: WireReply): string =>
  reply.items?.length === 4
    ? reply.items.map((item, at) => (at === 2 ? ":~" : text(item, undefined))).join(" ")
    : text(reply, undefined)

const shown = (command: ReadonlyArray<string>, reply: WireReply): string => {
  const [name = "", ...args] = answering(command)
  const known = name.toUpperCase()
  const time = TIMES[known]
  if (time !== undefined && reply.type === ":" && Number(reply.text) > 0) {
    return shownTime(Number(reply.text), time)
  }
  const cursor = CURSORS[known]
  if (cursor !== undefined && args[cursor] !== "0" && reply.items !== undefined) return "*(anything)"
  if (known === "XPENDING" && reply.items !== undefined) return `*(${reply.items.map(withoutIdle).join(" ")})`
  let width = UNORDERED[known]
  // Their RESP2 form is flat.
  if (
    (known === "HRANDFIELD" || known === "ZRANDMEMBER") &&
    args.length > 2 &&
    reply.items?.[0]?.items === undefined
  )
    width = 2
  // A set that is not sorted is listed as it lies in memory.
  if (known.startsWith("SORT") && args.some((arg) => /^by$/i.test(arg))) width = 1
  return text(reply, width)
}

/** Each reply as a line; those of a transaction are shown one by one. */
const shownAll = (
  commands: ReadonlyArray<ReadonlyArray<string>>,
  replies: ReadonlyArray<WireReply>
): ReadonlyArray<string> => {
  let queued: Array<ReadonlyArray<string>> = []
  return commands.map((command, index) => {
    const reply = replies[index]
    if (reply === undefined) return "nothing"
    const name = command[0]?.toUpperCase()
    if (reply.type === "+" && reply.text === "QUEUED") {
      queued.push(command)
      return "+QUEUED"
    }
    if (name === "EXEC" && reply.items !== undefined) {
      const inner = reply.items.map((item, at) => shown(queued[at] ?? [], item))
      queued = []
      return `*[${inner.join(" ")}]`
    }
    if (name === "MULTI" || name === "EXEC" || name === "DISCARD") queued = []
    return shown(command, reply)
  })
}

const READERS: Readonly<Record<string, (key: string) => ReadonlyArray<string>>> = {
  string: (key) => ["GET", key],
  list: (key) => ["LRANGE", key, "0", "-1"],
  set: (key) => ["SMEMBERS", key],
  hash: (key) => ["HGETALL", key],
  zset: (key) => ["ZRANGE", key, "0", "-1", "WITHSCORES"],
  stream: (key) => ["XRANGE", key, "-", "+"]
}

/** What every database holds in the end: a line for each key. */
const keyspace = async (wire: Wire): Promise<ReadonlyArray<string>> => {
  const lines: Array<string> = []
  for (const database of ["0", "1", "2"]) {
    const types = await wire.send([["SELECT", database], ...KEYS.map((key) => ["TYPE", key]), ["DBSIZE"]])
    const keys = KEYS.map((key, index) => ({ key, type: types[1 + index]?.text ?? "" }))
    const commands = keys.flatMap(({ key, type }) => {
      const reader = READERS[type]
      return reader === undefined ? [] : [["OBJECT", "ENCODING", key], ["PEXPIRETIME", key], reader(key)]
    })
    const answers = shownAll(commands, await wire.send(commands))
    lines.push(`${database}: ${types.at(-1)?.text ?? ""} keys`)
    for (const [index, { key, type }] of keys.filter((one) => READERS[one.type] !== undefined).entries()) {
      lines.push([`${database}:${key}`, type, ...answers.slice(index * 3, index * 3 + 3)].join(" "))
    }
  }
  return lines.filter((line) => !line.endsWith(": 0 keys"))
}

/** Runs a program on an emptied server; its replies, and then what the server holds. */
export const run = async (wire: Wire, program: Program): Promise<ReadonlyArray<string>> => {
  await wire.send([["RESET"], ["FLUSHALL"], ["HELLO", String(program.resp)]])
  const replies = await wire.send(program.commands)
  return [...shownAll(program.commands, replies), ...(await keyspace(wire))]
}

/** The shortest part of a program that still differs. */
export const shrink = async (
  program: Program,
  differs: (candidate: Program) => Promise<boolean>
): Promise<Program> => {
  let { commands } = program
  for (let size = Math.ceil(commands.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < commands.length;) {
      const fewer = commands.toSpliced(at, size)
      if (await differs({ ...program, commands: fewer })) commands = fewer
      else at += size
    }
  }
  return { ...program, commands }
}
