/** A deadline in the heap. */
export interface Deadline<T> {
  at: number
  readonly owner: T
  index: number
}

/** A binary heap of deadlines that knows where each lies, so that a TTL is moved or removed in O(log n). */
export class ExpiryHeap<T> {
  private items: Array<Deadline<T>> = []

  get size(): number {
    return this.items.length
  }

  /** The earliest deadline. */
  peek(): Deadline<T> | undefined {
    return this.items[0]
  }

  /** A deadline chosen with equal probability. */
  random(): Deadline<T> | undefined {
    return this.items[Math.floor(Math.random() * this.items.length)]
  }

  add(at: number, owner: T): Deadline<T> {
    const deadline: Deadline<T> = { at, owner, index: this.items.length }
    this.items.push(deadline)
    this.up(deadline)
    return deadline
  }

  move(deadline: Deadline<T>, at: number): void {
    deadline.at = at
    this.up(deadline)
    this.down(deadline)
  }

  remove(deadline: Deadline<T>): void {
    const last = this.items.pop()
    if (last !== undefined && last !== deadline) {
      this.items[deadline.index] = last
      last.index = deadline.index
      this.up(last)
      this.down(last)
    }
    deadline.index = -1
  }

  clear(): void {
    this.items = []
  }

  private up(deadline: Deadline<T>): void {
    let index = deadline.index
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = this.items[above]
      if (parent === undefined || parent.at <= deadline.at) break
      this.items[index] = parent
      parent.index = index
      index = above
    }
    this.items[index] = deadline
    deadline.index = index
  }

  private down(deadline: Deadline<T>): void {
    let index = deadline.index
    while (true) {
      const left = 2 * index + 1
      let child = this.items[left]
      if (child === undefined) break
      const right = this.items[left + 1]
      if (right !== undefined && right.at < child.at) child = right
      if (child.at >= deadline.at) break
      const from = child.index
      this.items[index] = child
      child.index = index
      index = from
    }
    this.items[index] = deadline
    deadline.index = index
  }
}
