import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"

import type { EmbeddedTemporalDescription } from "./description.ts"
import type { Logger, LogLevel } from "./engine.ts"
import type { ServiceOptions } from "./service.ts"

/** A service, wherever it runs. */
export interface Hosted {
  readonly port: number
  /** Settles only if the service ends by itself: with what ended it. */
  readonly failure: Promise<Error>
  describe(): Promise<EmbeddedTemporalDescription>
  close(): Promise<void>
}

/** What the thread is started with: everything but functions. */
export type ThreadOptions = Omit<ServiceOptions, "logger">

/** What the thread says. */
export type ThreadMessage =
  | { readonly kind: "ready"; readonly port: number }
  | { readonly kind: "closed" }
  | { readonly kind: "description"; readonly description: EmbeddedTemporalDescription }
  | { readonly kind: "failed"; readonly message: string; readonly stack: string | undefined }
  | {
      readonly kind: "log"
      readonly level: LogLevel
      readonly message: string
      readonly attributes: Record<string, unknown> | undefined
    }

/** What the thread is told: to close. It ends by itself then. */
export const closeMessage = "close"

/** How long the service may take to close before its thread is ended, in milliseconds. */
const closeLimitMs = 5000

/** What the thread is asked: what goes on. Its answers come in the order of the questions. */
export const describeMessage = "describe"

interface Question {
  readonly answer: (description: EmbeddedTemporalDescription) => void
  readonly refuse: (error: Error) => void
}

/** The module beside this one, in the sources, in the built entry, or in a chunk that was made of both. */
const threadModule = (): URL => {
  for (const place of ["./thread.ts", "./thread.js", "../embedded/temporal/thread.js"]) {
    const url = new URL(place, import.meta.url)
    if (existsSync(fileURLToPath(url))) return url
  }
  throw new Error("the module of the service's thread is missing: build the package")
}

/**
 * Runs a service in a thread of its own: what blocks this thread does not keep the service from answering others.
 * The thread ends with the process, however that ends.
 */
export const openInThread = (options: ThreadOptions, logger: Logger): Promise<Hosted> =>
  new Promise((resolve, reject) => {
    const thread = new Worker(threadModule(), { workerData: options, name: "embedded-temporal" })
    const asked: Question[] = []
    let closing: Promise<void> | undefined
    let ended = false
    let fault: Error | undefined
    let fail: (error: Error) => void = () => {}
    const failure = new Promise<Error>((settle) => {
      fail = settle
    })
    let closed = (): void => {}
    const ends = new Promise<void>((settle) => {
      closed = settle
      thread.once("exit", (code) => {
        ended = true
        settle()
        for (const { refuse } of asked) refuse(new Error("the service has ended"))
        const error = fault ?? new Error(`the service's thread ended with code ${code}`)
        reject(error)
        if (closing === undefined) fail(error)
      })
    })
    thread.on("error", (error: unknown) => {
      fault = error instanceof Error ? error : new Error(String(error))
    })
    const close = async (): Promise<void> => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      if (!ended) thread.postMessage(closeMessage)
      const late = setTimeout(() => void thread.terminate(), closeLimitMs)
      await ends
      clearTimeout(late)
    }
    const describe = (): Promise<EmbeddedTemporalDescription> =>
      new Promise((answer, refuse) => {
        if (ended) return refuse(new Error("the service has ended"))
        asked.push({ answer, refuse })
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        thread.postMessage(describeMessage)
      })
    thread.on("message", (message: ThreadMessage) => {
      if (message.kind === "log") logger(message.level, message.message, message.attributes)
      else if (message.kind === "failed") {
        fault = new Error(message.message)
        if (message.stack !== undefined) fault.stack = message.stack
      } else if (message.kind === "closed") {
        // It answers workers for a while, which must not keep the process.
        ended = true
        thread.unref()
        closed()
      } else if (message.kind === "description") asked.shift()?.answer(message.description)
      else resolve({ port: message.port, failure, describe, close: () => (closing ??= close()) })
    })
  })
