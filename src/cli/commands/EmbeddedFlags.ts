/** What the commands that serve an engine alone read alike. */
import * as Effect from "effect/Effect"
import { UsageError } from "../Report.ts"

/** The levels of an engine's log, the chattiest first. */
export const levels = ["debug", "info", "warn", "error"] as const

/** The port of `--port`, or the official server's. */
export const portOf = (text: string | undefined, official: number): Effect.Effect<number, UsageError> => {
  const port = text === undefined ? official : Number(text)
  return Number.isInteger(port) && port >= 0 && port <= 65_535
    ? Effect.succeed(port)
    : Effect.fail(new UsageError({ message: `${text} is no port: a number from 0 to 65535.` }))
}
