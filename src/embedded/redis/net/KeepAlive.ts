/** Longest delay of a timer: about 24 days. */
const LONGEST = 2147483647

/**
 * Keeps the process alive while clients are connected, as a socket would: an in-memory connection is no handle of the
 * event loop, and a worker that only waits for a message would exit.
 */
export class KeepAlive {
  private count = 0
  private timer: NodeJS.Timeout | undefined

  acquire(): void {
    this.count++
    this.timer ??= setInterval(() => undefined, LONGEST)
  }

  release(): void {
    this.count--
    if (this.count > 0) return
    clearInterval(this.timer)
    this.timer = undefined
  }
}
