/** Where the time of a start goes. `COMPOZY_TRACE_STARTUP=1` prints each phase on stderr as one JSON line. */
import * as Effect from "effect/Effect"

const enabled = process.env["COMPOZY_TRACE_STARTUP"] === "1"

/**
 * Marks a moment of the start.
 *
 * @param phase what has just happened (`config`, `stack`, `ready` ...)
 * @param detail more about it
 */
export const mark = (phase: string, detail?: Readonly<Record<string, unknown>>): void => {
  if (!enabled) return
  const cpu = process.cpuUsage()
  process.stderr.write(
    `${JSON.stringify({
      trace: "startup",
      phase,
      ms: Math.round(performance.now() * 10) / 10,
      cpuMs: Math.round((cpu.user + cpu.system) / 100) / 10,
      rss: process.memoryUsage.rss(),
      ...detail
    })}\n`
  )
}

/** Marks the end of an effect, with how long it took. */
export const timed =
  (phase: string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    enabled
      ? Effect.suspend(() => {
          const started = performance.now()
          return Effect.tap(effect, () =>
            Effect.sync(() => mark(phase, { took: Math.round((performance.now() - started) * 10) / 10 }))
          )
        })
      : effect
