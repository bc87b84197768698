/** A string value that is changed in place: what APPEND, SETRANGE and SETBIT make of a string. */
export class StringBuffer {
  private bytes: Buffer
  private used: number
  private cached: string | undefined

  constructor(text: string) {
    this.bytes = Buffer.from(text, "latin1")
    this.used = this.bytes.length
    this.cached = text
  }

  get length(): number {
    return this.used
  }

  /** The whole value. */
  get text(): string {
    const text = this.cached ?? this.bytes.toString("latin1", 0, this.used)
    this.cached = text
    return text
  }

  /** Part of the value, `end` excluded. */
  slice(start: number, end: number): string {
    return this.bytes.toString("latin1", start, Math.min(end, this.used))
  }

  append(text: string): void {
    this.write(this.used, text)
  }

  /** Overwrites from an offset on; a gap is filled with zero bytes. */
  write(offset: number, text: string): void {
    const end = offset + text.length
    this.reserve(end)
    this.bytes.write(text, offset, "latin1")
    this.cached = undefined
  }

  byte(index: number): number {
    return index < this.used ? (this.bytes[index] ?? 0) : 0
  }

  setByte(index: number, value: number): void {
    this.reserve(index + 1)
    this.bytes[index] = value
    this.cached = undefined
  }

  private reserve(length: number): void {
    if (length <= this.used) return
    if (length > this.bytes.length) {
      const grown = Buffer.alloc(Math.max(length, Math.min(length * 2, length + 1024 * 1024)))
      this.bytes.copy(grown, 0, 0, this.used)
      this.bytes = grown
    }
    this.used = length
  }
}
