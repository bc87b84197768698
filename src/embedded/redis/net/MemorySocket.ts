import { EventEmitter } from "node:events"
import type { Engine } from "../engine/Engine.ts"
import type { Session } from "../engine/Session.ts"
import type { Transport } from "../engine/Transport.ts"
import type { KeepAlive } from "./KeepAlive.ts"

type Callback = (error?: Error | null) => void

/**
 * The client's end of a connection without a network. It has the part of `net.Socket` that Redis clients use; being no
 * stream with buffers of its own, it costs one event a reply.
 */
export class MemorySocket extends EventEmitter implements Transport {
  readonly connecting = false
  readonly remoteAddress = "memory"
  readonly remotePort = 0
  readonly address: string
  readonly localAddress = "memory:0"
  readable = true
  writable = true
  destroyed = false
  writableEnded = false
  private readonly session: Session
  private readonly keepAlive: KeepAlive
  private paused = false
  private held: Array<Buffer> = []
  private referenced = true

  constructor(engine: Engine, keepAlive: KeepAlive, number: number) {
    super()
    this.address = `memory:${number}`
    this.keepAlive = keepAlive
    this.session = engine.connect(this)
    keepAlive.acquire()
  }

  write(data: string | Uint8Array, encoding?: BufferEncoding | Callback, callback?: Callback): boolean {
    const done = typeof encoding === "function" ? encoding : callback
    if (!this.writable) {
      const error = new Error("write after end")
      if (done !== undefined) process.nextTick(done, error)
      return false
    }
    if (typeof data !== "string") {
      // A caller may reuse its array after write has returned, and commands may wait behind a blocking one.
      this.session.feed(Buffer.from(data))
    } else if (typeof encoding !== "string" || encoding === "utf8" || encoding === "utf-8") {
      this.session.feedText(data)
    } else this.session.feed(Buffer.from(data, encoding))
    if (done !== undefined) process.nextTick(done, null)
    return true
  }

  send(bytes: Buffer): void {
    if (this.destroyed) return
    if (this.paused) this.held.push(bytes)
    else this.emit("data", bytes)
  }

  end(
    data?: string | Uint8Array | Callback,
    encoding?: BufferEncoding | Callback,
    callback?: Callback
  ): this {
    if (data !== undefined && typeof data !== "function") this.write(data, encoding, callback)
    if (this.writableEnded || this.destroyed) return this
    this.writableEnded = true
    this.writable = false
    this.session.closeAfterReply()
    setImmediate(() => this.finish())
    return this
  }

  destroy(error?: Error): this {
    if (this.destroyed) return this
    this.session.close()
    this.finish(error)
    return this
  }

  private finish(error?: Error): void {
    if (this.destroyed) return
    this.destroyed = true
    this.writable = false
    this.readable = false
    if (this.referenced) this.keepAlive.release()
    this.referenced = false
    setImmediate(() => {
      if (error !== undefined) this.emit("error", error)
      this.emit("end")
      this.emit("close", error !== undefined)
    })
  }

  unsentBytes(): number {
    return this.held.reduce((sum, bytes) => sum + bytes.length, 0)
  }

  pause(): this {
    this.paused = true
    return this
  }

  resume(): this {
    if (!this.paused) return this
    this.paused = false
    const held = this.held
    this.held = []
    for (const bytes of held) this.emit("data", bytes)
    return this
  }

  ref(): this {
    if (!this.referenced && !this.destroyed) {
      this.referenced = true
      this.keepAlive.acquire()
    }
    return this
  }

  unref(): this {
    if (this.referenced) {
      this.referenced = false
      this.keepAlive.release()
    }
    return this
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  setTimeout(): this {
    return this
  }

  setEncoding(): this {
    return this
  }

  cork(): void {}

  uncork(): void {}
}
