/** One line about what happens in an execution. */
import * as Predicate from "effect/Predicate"
import type { ExecutionEvent } from "../runtime/Executions.ts"
import { paint, printable } from "./Terminal.ts"

const textAt = (data: unknown, key: string): string | undefined =>
  Predicate.hasProperty(data, key) && typeof data[key] === "string" ? data[key] : undefined

const signs = {
  RUNNING: ["›", "cyan"],
  WAITING: ["…", "yellow"],
  SUCCESS: ["✓", "green"],
  FAILED: ["✗", "red"],
  TIMED_OUT: ["✗", "red"],
  CANCELED: ["✗", "yellow"],
  SKIPPED: ["-", "dim"]
} as const

const isSign = (status: string): status is keyof typeof signs => Object.hasOwn(signs, status)

/**
 * The line that an event is shown by.
 *
 * @param event the event
 * @param color whether to colour it
 * @returns `undefined` for what the result itself tells
 */
export const progressLine = (event: ExecutionEvent, color: boolean): string | undefined => {
  const status = textAt(event.data, "status") ?? ""
  const [sign, style] = isSign(status) ? signs[status] : (["·", "dim"] as const)
  switch (event.type) {
    case "task_status": {
      const path = textAt(event.data, "task") ?? ""
      const attempt = Predicate.hasProperty(event.data, "attempt") ? Number(event.data.attempt) : 1
      const again = attempt > 1 ? ` (attempt ${attempt})` : ""
      const message = textAt(event.data, "error")
      return `${paint(color, style, sign)} ${printable(path)}${again}${message === undefined ? "" : `: ${printable(message)}`}`
    }
    case "warning":
      return `${paint(color, "yellow", "!")} ${printable(textAt(event.data, "message") ?? JSON.stringify(event.data))}`
    default:
      return undefined
  }
}
