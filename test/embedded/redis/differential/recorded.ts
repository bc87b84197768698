/** Programs that a real Redis 7.0.15 has run, and what it answered. */
import { readFileSync } from "node:fs"
import type { Program } from "./generate.ts"

/** The file that they are in. */
export const RECORDED = new URL("./recorded.json", import.meta.url)

/** A program with its answers. */
export interface Recording {
  readonly program: Program
  readonly answers: ReadonlyArray<string>
}

/** What is recorded. */
export const recorded = (): ReadonlyArray<Recording> => JSON.parse(readFileSync(RECORDED, "utf8"))

/** The text of the file: a program a line. */
export const toJson = (recordings: ReadonlyArray<Recording>): string =>
  `[\n${recordings.map((recording) => JSON.stringify(recording)).join(",\n")}\n]\n`
