const [STAR, DOLLAR, CR, LF, ZERO] = [42, 36, 13, 10, 48]
/** V8 copies slices that are shorter than this; a longer one would keep the whole text alive. */
const SLICED = 13
const MOST_ARGUMENTS = 1024
const LARGEST_NUMBER = 1_000_000_000

/**
 * Reads commands of the usual form straight out of text whose characters are all ASCII, as clients in the same process
 * write it: without making bytes of it first. Whatever is not usual is left over, for the parser of bytes to judge.
 */
export class TextCommands {
  private text = ""
  private position = 0
  private bytes: Buffer | undefined

  /** How many characters are left. */
  get left(): number {
    return this.text.length - this.position
  }

  /** Begins with a text; what was there must have been read. */
  start(text: string): void {
    this.text = text
    this.position = 0
  }

  /** What is left, as bytes. Nothing is left then. */
  rest(): Buffer {
    const rest = Buffer.from(this.text.slice(this.position), "latin1")
    this.end()
    return rest
  }

  private end(): void {
    this.text = ""
    this.position = 0
    this.bytes = undefined
  }

  /** The next command; `undefined` if what is left does not begin with a complete one of the usual form. */
  next(maxBulk: number): Array<string> | undefined {
    const start = this.position
    const args = this.command(maxBulk)
    if (args === undefined) this.position = start
    else if (this.position === this.text.length) this.end()
    return args
  }

  /** Arrays of the very length: one that grows takes room for seventeen at its first element. */
  private command(maxBulk: number): Array<string> | undefined {
    const count = this.number(STAR)
    if (count < 1 || count > MOST_ARGUMENTS) return undefined
    const first = this.argument(maxBulk)
    if (first === undefined) return undefined
    if (count === 1) return [first]
    const second = this.argument(maxBulk)
    if (second === undefined) return undefined
    if (count === 2) return [first, second]
    const third = this.argument(maxBulk)
    if (third === undefined) return undefined
    if (count === 3) return [first, second, third]
    const fourth = this.argument(maxBulk)
    if (fourth === undefined) return undefined
    const args = [first, second, third, fourth]
    for (let at = 4; at < count; at++) {
      const arg = this.argument(maxBulk)
      if (arg === undefined) return undefined
      args.push(arg)
    }
    return args
  }

  private argument(maxBulk: number): string | undefined {
    const length = this.number(DOLLAR)
    const start = this.position
    const end = start + length
    if (length < 0 || length > maxBulk || end + 2 > this.text.length) return undefined
    this.position = end + 2
    if (length < SLICED) return this.text.slice(start, end)
    this.bytes ??= Buffer.from(this.text, "latin1")
    return this.bytes.toString("latin1", start, end)
  }

  /** Reads `*12\r\n` or `$12\r\n`; -1 if something else is there. */
  private number(marker: number): number {
    const { text } = this
    let at = this.position
    if (text.charCodeAt(at) !== marker) return -1
    let value = text.charCodeAt(++at) - ZERO
    // Past the end there is NaN, which is in no range.
    if (!(value >= 0 && value <= 9)) return -1
    const leads = value
    let digit = text.charCodeAt(++at) - ZERO
    while (digit >= 0 && digit <= 9 && value < LARGEST_NUMBER) {
      if (leads === 0) return -1
      value = value * 10 + digit
      digit = text.charCodeAt(++at) - ZERO
    }
    if (text.charCodeAt(at) !== CR || text.charCodeAt(at + 1) !== LF) return -1
    this.position = at + 2
    return value
  }
}
