/** The entry of the thread that a service may run in; see `hosting.ts`. */
import { parentPort, workerData } from "node:worker_threads"

import { closeMessage, describeMessage } from "./hosting.ts"
import type { ThreadMessage, ThreadOptions } from "./hosting.ts"
import { lingers } from "./rpc/server.ts"
import { openService } from "./service.ts"

/** How long the thread of a closed service answers workers that have not noticed, in milliseconds. */
const lingerMs = 60_000

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
const post = (message: ThreadMessage): void => parentPort?.postMessage(message)

/** Attributes are data; what is none is told as text. */
const sendable = (attributes: Record<string, unknown> | undefined): Record<string, unknown> | undefined => {
  if (attributes === undefined) return undefined
  try {
    return structuredClone(attributes)
  } catch {
    return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, String(value)]))
  }
}

try {
  const service = await openService({
    // What `openInThread` has sent.
    ...(workerData as ThreadOptions),
    logger: (level, message, attributes) =>
      post({ kind: "log", level, message, attributes: sendable(attributes) })
  })
  const close = async (): Promise<void> => {
    try {
      await service.close()
    } finally {
      post({ kind: "closed" })
    }
    // Workers that are connected still learn that it is closed: the thread ends after them.
    const until = Date.now() + lingerMs
    const looking = setInterval(() => {
      if (lingers() && Date.now() < until) return
      clearInterval(looking)
      parentPort?.close()
    }, 50)
  }
  parentPort?.on("message", (message) => {
    if (message === closeMessage) void close()
    else if (message === describeMessage) post({ kind: "description", description: service.describe() })
  })
  post({ kind: "ready", port: service.port })
} catch (error) {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  post({ kind: "failed", message, stack })
  parentPort?.close()
}
