/** Something at a distance. */
export interface Found<T> {
  readonly distance: number
  readonly item: T
}

/** The nearest few of many: O(log n) for each that is offered, where n is how many are kept. */
export class NearestHeap<T> {
  private readonly limit: number
  /** A heap with the farthest on top. */
  private readonly items: Array<Found<T>> = []

  constructor(limit: number) {
    this.limit = limit
  }

  offer(distance: number, item: T): void {
    const { items } = this
    if (items.length < this.limit) {
      items.push({ distance, item })
      this.rise(items.length - 1)
    } else if (distance < (items[0]?.distance ?? -Infinity)) {
      items[0] = { distance, item }
      this.sink(0)
    }
  }

  private at(index: number): number {
    return this.items[index]?.distance ?? -Infinity
  }

  private swap(left: number, right: number): void {
    const [a, b] = [this.items[left], this.items[right]]
    if (a === undefined || b === undefined) return
    this.items[left] = b
    this.items[right] = a
  }

  private rise(from: number): void {
    for (let child = from; child > 0;) {
      const parent = (child - 1) >> 1
      if (this.at(parent) >= this.at(child)) return
      this.swap(parent, child)
      child = parent
    }
  }

  private sink(from: number): void {
    for (let parent = from; ;) {
      const left = parent * 2 + 1
      const right = left + 1
      const child = this.at(right) > this.at(left) ? right : left
      if (this.at(child) <= this.at(parent)) return
      this.swap(parent, child)
      parent = child
    }
  }

  /** What was kept, the nearest first. */
  sorted(): Array<Found<T>> {
    return this.items.toSorted((left, right) => left.distance - right.distance)
  }
}
