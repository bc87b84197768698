const PAGE = 64 * 1024

/** The bytes of a string at a moment: pages that have changed since are kept apart. */
export class FrozenBytes {
  readonly length: number
  private readonly bytes: Buffer
  private pages: Map<number, Buffer> | undefined = new Map()

  constructor(bytes: Buffer, length: number) {
    this.bytes = bytes
    this.length = length
  }

  /** Called before bytes from `start` to `end` (excluded) of a buffer change. */
  keep(bytes: Buffer, start: number, end: number): void {
    // A buffer that has grown is another one, and this one stays as it is.
    if (bytes !== this.bytes || this.pages === undefined) return
    const last = Math.ceil(Math.min(end, this.length) / PAGE)
    for (let page = Math.floor(start / PAGE); page < last; page++) {
      if (this.pages.has(page)) continue
      this.pages.set(page, Buffer.from(bytes.subarray(page * PAGE, (page + 1) * PAGE)))
    }
  }

  /** Nobody reads it any more: nothing is kept from now on. */
  release(): void {
    this.pages = undefined
  }

  /** The bytes in parts, in order, valid until the string is changed. */
  *parts(): Generator<Buffer, void> {
    for (let at = 0; at < this.length; at += PAGE) {
      const page = this.pages?.get(at / PAGE) ?? this.bytes.subarray(at, at + PAGE)
      yield at + PAGE > this.length ? page.subarray(0, this.length - at) : page
    }
  }
}

/** How Redis keeps a string that it does not keep as an integer. */
export type StringEncoding = "raw" | "embstr"

/** A string value that is changed in place: what APPEND, SETRANGE and SETBIT make of a string. */
export class StringBuffer {
  private bytes: Buffer
  private used: number
  private cached: string | undefined
  private frozen: FrozenBytes | undefined
  private shown: StringEncoding

  /** `encoding` is what OBJECT ENCODING shows until the value changes. */
  constructor(text: string, encoding: StringEncoding = "raw") {
    this.bytes = Buffer.from(text, "latin1")
    this.used = this.bytes.length
    this.cached = text
    this.shown = encoding
  }

  /** A value of these bytes, which belong to it from now on. */
  static of(bytes: Buffer): StringBuffer {
    const buffer = new StringBuffer("")
    buffer.bytes = bytes
    buffer.used = bytes.length
    buffer.cached = undefined
    return buffer
  }

  /** The encoding that Redis would use. */
  get encoding(): StringEncoding {
    return this.shown
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
    this.frozen?.keep(this.bytes, offset, end)
    this.bytes.write(text, offset, "latin1")
    this.touched()
  }

  byte(index: number): number {
    return index < this.used ? (this.bytes[index] ?? 0) : 0
  }

  setByte(index: number, value: number): void {
    this.reserve(index + 1)
    this.frozen?.keep(this.bytes, index, index + 1)
    this.bytes[index] = value
    this.touched()
  }

  /** The bytes of the value, to be read and not kept. */
  view(): Buffer {
    return this.bytes.subarray(0, this.used)
  }

  /** The bytes of the value, to be changed from `start` to `end` (excluded) and not kept. It grows to hold them. */
  edit(start: number, end: number): Buffer {
    this.reserve(end)
    this.frozen?.keep(this.bytes, start, end)
    this.touched()
    return this.bytes.subarray(0, this.used)
  }

  /** Puts other bytes in the place of `removed` bytes. */
  splice(offset: number, removed: number, bytes: ReadonlyArray<number>): void {
    const tail = offset + removed
    const length = this.used
    this.reserve(length + Math.max(0, bytes.length - removed))
    this.frozen?.keep(this.bytes, offset, length)
    this.bytes.copy(this.bytes, offset + bytes.length, tail, length)
    this.bytes.set(bytes, offset)
    this.used = length + bytes.length - removed
    // What lies behind the end must be zero: a later write past the end leaves a gap there.
    if (this.used < length) this.bytes.fill(0, this.used, length)
    this.touched()
  }

  /** The bytes as they are now, whatever is done to the string later. */
  freeze(): FrozenBytes {
    this.frozen = new FrozenBytes(this.bytes, this.used)
    return this.frozen
  }

  /** Shows it as Redis keeps a string that a command may change in place, whether or not it does. */
  unshare(): void {
    this.shown = "raw"
  }

  private touched(): void {
    this.cached = undefined
    this.shown = "raw"
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
