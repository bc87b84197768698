/** Runs scripts, and writes what was answered. */
import { readFileSync } from "node:fs"
import type { Wire, WireReply } from "../wire.ts"

/** The file with what a real Redis 7.0.15 answered: a script and its answer a line. */
export const RECORDED = new URL("./recorded.json", import.meta.url)

/** A script and its answer. */
export type Answered = readonly [script: string, answer: string]

/** What is recorded. */
export const recorded = (): ReadonlyArray<Answered> => JSON.parse(readFileSync(RECORDED, "utf8"))

/** The text of the file. */
export const toJson = (answered: ReadonlyArray<Answered>): string =>
  `[\n${answered.map((one) => JSON.stringify(one)).join(",\n")}\n]\n`

const shown = ({ type, text, items }: WireReply): string =>
  items === undefined ? `${type}${text}` : `${type}[${items.map(shown).join(" | ")}]`

/** The answer to a script. */
export const answerOf = async (wire: Wire, script: string): Promise<string> => {
  const [reply] = await wire.send([["EVAL", script, "1", "key", "argument"]])
  return reply === undefined ? "closed" : shown(reply)
}

/** Empties a server but for what the scripts use. */
export const begin = async (wire: Wire): Promise<void> => {
  await wire.send([["FLUSHALL"], ["RPUSH", "list", "a"]])
}
