import { connect, type Socket } from "node:net"

const LINE_FEED = 10
/** No reply that is waited for here is longer. */
const LONGEST_LINE = 64 * 1024

/** What went wrong with the connection to another server. */
export type ConnectionProblem = "connecting" | "writing" | "reading"

/** Thrown when another server cannot be reached or does not answer in time. */
export class ConnectionFailure extends Error {
  readonly problem: ConnectionProblem

  constructor(problem: ConnectionProblem) {
    super(problem)
    this.problem = problem
  }
}

/** A connection to another server whose replies are single lines. Closing it ends what waits. */
export class ReplyLines {
  private readonly socket: Socket
  private readonly timeout: number
  private received = Buffer.alloc(0)
  private failed = false
  private wake: (() => void) | undefined

  private constructor(socket: Socket, timeout: number) {
    this.socket = socket
    this.timeout = timeout
    socket.setNoDelay(true)
    socket.on("data", (bytes: Buffer) => {
      this.received = Buffer.concat([this.received, bytes])
      if (this.received.length > LONGEST_LINE && !this.received.includes(LINE_FEED)) socket.destroy()
      this.wake?.()
    })
    const fail = (): void => {
      this.failed = true
      this.wake?.()
    }
    socket.on("timeout", fail)
    socket.on("error", fail)
    socket.on("close", fail)
  }

  /** Connects within `timeout` milliseconds, which is also how long anything else may take to go on. */
  static open(host: string, port: number, timeout: number): Promise<ReplyLines> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port })
      socket.setTimeout(timeout)
      const refuse = (): void => {
        socket.destroy()
        reject(new ConnectionFailure("connecting"))
      }
      socket.once("error", refuse)
      socket.once("timeout", refuse)
      socket.once("connect", () => {
        socket.off("error", refuse)
        socket.off("timeout", refuse)
        resolve(new ReplyLines(socket, timeout))
      })
    })
  }

  /** Sends a command; it is done when the operating system has taken it. */
  send(args: ReadonlyArray<string>): Promise<void> {
    const text = `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("")}`
    return new Promise((resolve, reject) => {
      this.wake = () => {
        if (this.failed) reject(new ConnectionFailure("writing"))
      }
      if (this.failed) {
        reject(new ConnectionFailure("writing"))
        return
      }
      this.socket.write(text, "latin1", (error) => {
        this.wake = undefined
        if (error === undefined || error === null) resolve()
        else reject(new ConnectionFailure("writing"))
      })
    })
  }

  /** The next line. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.received.indexOf(LINE_FEED)
      if (end !== -1) {
        const line = this.received.toString("latin1", 0, end).replace(/\r$/, "")
        this.received = this.received.subarray(end + 1)
        return line
      }
      if (this.failed) throw new ConnectionFailure("reading")
      this.socket.setTimeout(this.timeout)
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
      this.wake = undefined
    }
  }

  close(): void {
    this.socket.destroy()
  }
}
