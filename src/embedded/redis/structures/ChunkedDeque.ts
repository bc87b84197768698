const CHUNK = 128

/** Items `head` to the end of `items` are in use; the slots before `head` are room to grow at the front. */
interface Chunk {
  items: Array<string>
  head: number
  /** Chunks of an earlier epoch belong to a frozen view too: they are copied before they are changed. */
  epoch: number
}

/** A part of a frozen list: `items` from `head` on. */
export type FrozenChunk = Readonly<{ items: ReadonlyArray<string>; head: number }>

const sizeOf = (chunk: Chunk): number => chunk.items.length - chunk.head

/**
 * A list of byte strings in chunks: O(1) at both ends, an index is found by walking chunk sizes from the nearer end,
 * an insertion or removal in the middle touches one chunk.
 */
export class ChunkedDeque {
  private chunks: Array<Chunk> = []
  private first = 0
  private count = 0
  private epoch = 0

  get length(): number {
    return this.count
  }

  /** The list as it is now, whatever is done to it later: a pointer for every chunk. */
  freeze(): ReadonlyArray<FrozenChunk> {
    this.epoch++
    return this.parts()
  }

  /** The list's parts, valid until it is changed. */
  parts(): ReadonlyArray<FrozenChunk> {
    return this.chunks.slice(this.first)
  }

  /** The chunk at a place, to be changed. */
  private own(at: number): Chunk | undefined {
    const chunk = this.chunks[at]
    if (chunk === undefined || chunk.epoch === this.epoch) return chunk
    const copy: Chunk = { items: chunk.items.slice(), head: chunk.head, epoch: this.epoch }
    this.chunks[at] = copy
    return copy
  }

  pushBack(value: string): void {
    const last = this.chunks[this.chunks.length - 1]
    if (last === undefined || this.first === this.chunks.length || last.items.length >= CHUNK) {
      this.chunks.push({ items: [value], head: 0, epoch: this.epoch })
    } else if (last.epoch === this.epoch) last.items.push(value)
    else this.own(this.chunks.length - 1)?.items.push(value)
    this.count++
  }

  pushFront(value: string): void {
    let chunk = this.own(this.first)
    if (chunk === undefined || chunk.head === 0) {
      chunk = { items: Array.from({ length: CHUNK }, () => ""), head: CHUNK, epoch: this.epoch }
      if (this.first === 0) this.makeRoom()
      this.chunks[--this.first] = chunk
    }
    chunk.items[--chunk.head] = value
    this.count++
  }

  /** Room in front for as many chunks as there are, so that pushing stays O(1) on average. */
  private makeRoom(): void {
    const room = Math.max(4, this.chunks.length)
    this.chunks = [...Array.from({ length: room }, (): Chunk => this.blank()), ...this.chunks]
    this.first = room
  }

  popBack(): string | undefined {
    const chunk = this.lastChunk()
    if (chunk === undefined) return undefined
    const value = chunk.items.pop()
    if (chunk.items.length === chunk.head) this.chunks.pop()
    this.count--
    if (this.count === 0) this.reset()
    return value
  }

  popFront(): string | undefined {
    const chunk = this.own(this.first)
    if (chunk === undefined) return undefined
    const value = chunk.items[chunk.head]
    chunk.items[chunk.head++] = ""
    if (chunk.items.length === chunk.head) this.dropFirst()
    this.count--
    if (this.count === 0) this.reset()
    return value
  }

  private dropFirst(): void {
    this.chunks[this.first] = this.blank()
    this.first++
    if (this.first > 32 && this.first > this.chunks.length / 2) {
      this.chunks = this.chunks.slice(this.first)
      this.first = 0
    }
  }

  private blank(): Chunk {
    return { items: [], head: 0, epoch: this.epoch }
  }

  private reset(): void {
    this.chunks = []
    this.first = 0
  }

  private lastChunk(): Chunk | undefined {
    return this.first < this.chunks.length ? this.own(this.chunks.length - 1) : undefined
  }

  /** The value at an index, 0 to length - 1. */
  get(index: number): string | undefined {
    if (index < 0 || index >= this.count) return undefined
    const [chunk, offset] = this.locate(index)
    return this.chunks[chunk]?.items[offset]
  }

  set(index: number, value: string): boolean {
    if (index < 0 || index >= this.count) return false
    const [at, offset] = this.locate(index)
    const chunk = this.own(at)
    if (chunk === undefined) return false
    chunk.items[offset] = value
    return true
  }

  /** Chunk and offset in its `items` of an index within the list. */
  private locate(index: number): [number, number] {
    if (index <= this.count / 2) {
      let left = index
      for (let at = this.first; at < this.chunks.length; at++) {
        const chunk = this.chunks[at]
        if (chunk === undefined) break
        const size = sizeOf(chunk)
        if (left < size) return [at, chunk.head + left]
        left -= size
      }
    } else {
      let left = this.count - index
      for (let at = this.chunks.length - 1; at >= this.first; at--) {
        const chunk = this.chunks[at]
        if (chunk === undefined) break
        const size = sizeOf(chunk)
        if (left <= size) return [at, chunk.items.length - left]
        left -= size
      }
    }
    return [this.chunks.length, 0]
  }

  /** The values from `start` to `stop`, both included and within the list. */
  slice(start: number, stop: number): Array<string> {
    const out: Array<string> = []
    let left = stop - start + 1
    if (left <= 0) return out
    let [at, offset] = this.locate(start)
    while (left > 0) {
      const chunk = this.chunks[at]
      if (chunk === undefined) break
      const end = Math.min(chunk.items.length, offset + left)
      for (let i = offset; i < end; i++) out.push(chunk.items[i] ?? "")
      left -= end - offset
      at++
      offset = this.chunks[at]?.head ?? 0
    }
    return out
  }

  /** Inserts before the value at `index` (0 to length). */
  insert(index: number, value: string): void {
    if (index >= this.count) return this.pushBack(value)
    if (index <= 0) return this.pushFront(value)
    const [at, offset] = this.locate(index)
    const chunk = this.own(at)
    if (chunk === undefined) return
    chunk.items.splice(offset, 0, value)
    this.count++
    if (sizeOf(chunk) > 2 * CHUNK) {
      const middle = chunk.head + CHUNK
      const rest = chunk.items.splice(middle)
      this.chunks.splice(at + 1, 0, { items: rest, head: 0, epoch: this.epoch })
    }
  }

  /** Removes `count` values from `index` on. */
  removeRange(index: number, count: number): void {
    let left = Math.min(count, this.count - index)
    if (left <= 0) return
    if (left === this.count) {
      this.reset()
      this.count = 0
      return
    }
    let [at, offset] = this.locate(index)
    const firstTouched = at
    this.count -= left
    while (left > 0) {
      const chunk = this.chunks[at]
      if (chunk === undefined) break
      const removed = Math.min(left, chunk.items.length - offset)
      if (removed === sizeOf(chunk)) this.chunks[at] = this.blank()
      else this.own(at)?.items.splice(offset, removed)
      left -= removed
      at++
      offset = this.chunks[at]?.head ?? 0
    }
    this.sweep(firstTouched, at)
  }

  /** Removes up to `limit` values equal to `value`, from the back if `fromBack`; returns how many. */
  removeEqual(value: string, limit: number, fromBack: boolean): number {
    let removed = 0
    const step = fromBack ? -1 : 1
    const start = fromBack ? this.chunks.length - 1 : this.first
    let at = start
    for (; at >= this.first && at < this.chunks.length && removed < limit; at += step) {
      if (this.chunks[at]?.items.includes(value, this.chunks[at]?.head) !== true) continue
      const chunk = this.own(at)
      if (chunk !== undefined) removed += removeFromChunk(chunk, value, limit - removed, fromBack)
    }
    this.count -= removed
    if (this.count === 0) this.reset()
    else if (removed > 0) this.sweep(Math.min(start, at), Math.max(start, at) + 1)
    return removed
  }

  /** Drops empty chunks between two positions, in one pass. */
  private sweep(from: number, to: number): void {
    const low = Math.max(from, this.first)
    const high = Math.min(to, this.chunks.length)
    let write = low
    for (let read = low; read < high; read++) {
      const chunk = this.chunks[read]
      if (chunk !== undefined && sizeOf(chunk) > 0) this.chunks[write++] = chunk
    }
    if (write < high) this.chunks.splice(write, high - write)
  }

  /** Visits from the front (or the back) until `visit` answers false. */
  forEach(visit: (value: string, index: number) => boolean, fromBack = false): void {
    if (fromBack) {
      let index = this.count - 1
      for (let at = this.chunks.length - 1; at >= this.first; at--) {
        const chunk = this.chunks[at]
        if (chunk === undefined) return
        for (let i = chunk.items.length - 1; i >= chunk.head; i--) {
          if (!visit(chunk.items[i] ?? "", index--)) return
        }
      }
      return
    }
    let index = 0
    for (let at = this.first; at < this.chunks.length; at++) {
      const chunk = this.chunks[at]
      if (chunk === undefined) return
      for (let i = chunk.head; i < chunk.items.length; i++) {
        if (!visit(chunk.items[i] ?? "", index++)) return
      }
    }
  }
}

const removeFromChunk = (chunk: Chunk, value: string, limit: number, fromBack: boolean): number => {
  const kept: Array<string> = []
  let removed = 0
  const length = chunk.items.length
  for (let i = 0; i < length - chunk.head; i++) {
    const item = chunk.items[fromBack ? length - 1 - i : chunk.head + i] ?? ""
    if (removed < limit && item === value) removed++
    else kept.push(item)
  }
  chunk.items = fromBack ? kept.toReversed() : kept
  chunk.head = 0
  return removed
}
