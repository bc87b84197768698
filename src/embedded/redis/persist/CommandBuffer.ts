const FIRST_BYTES = 64 * 1024
/** A buffer that has become larger than this for once is given back. */
const LARGEST_KEPT = 4 * 1024 * 1024
/** Shorter texts are copied character by character, which is faster than a call out of JavaScript. */
const SHORT = 24
const [STAR, DOLLAR, CR, LF, ZERO] = [42, 36, 13, 10, 48]
/** Bytes of a length with its marker and line end. */
const HEAD = 16

/** Commands as RESP bytes, until they are written. */
export class CommandBuffer {
  /** What was added is in front; valid until something else is. */
  bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  private used = 0

  get length(): number {
    return this.used
  }

  clear(): void {
    this.used = 0
    if (this.bytes.length > LARGEST_KEPT) this.bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  }

  /** Adds a command. */
  add(args: ReadonlyArray<string>): void {
    this.reserve(HEAD)
    this.head(STAR, args.length)
    for (const arg of args) {
      const { length } = arg
      this.reserve(length + HEAD + 2)
      this.head(DOLLAR, length)
      const { bytes } = this
      let at = this.used
      if (length <= SHORT) for (let i = 0; i < length; i++) bytes[at++] = arg.charCodeAt(i)
      else at += bytes.write(arg, at, length, "latin1")
      bytes[at++] = CR
      bytes[at++] = LF
      this.used = at
    }
  }

  private head(marker: number, value: number): void {
    const { bytes } = this
    bytes[this.used++] = marker
    if (value < 10) bytes[this.used++] = ZERO + value
    else this.used += bytes.write(String(value), this.used, "latin1")
    bytes[this.used++] = CR
    bytes[this.used++] = LF
  }

  private reserve(count: number): void {
    const needed = this.used + count
    if (needed <= this.bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2))
    this.bytes.copy(grown, 0, 0, this.used)
    this.bytes = grown
  }
}
