/** What a ScoreTree orders: by score, then by the bytes of the key. */
export interface Scored {
  readonly key: string
  score: number
}

const MAX = 64
const MIN = 16

interface Leaf<T> {
  readonly leaf: true
  items: Array<T>
}

interface Inner<T> {
  readonly leaf: false
  children: Array<Node<T>>
  size: number
}

type Node<T> = Leaf<T> | Inner<T>

const sizeOf = <T>(node: Node<T>): number => (node.leaf ? node.items.length : node.size)

/** Less than zero if `item` lies before the position (score, key). */
const compare = (item: Scored, score: number, key: string): number => {
  if (item.score !== score) return item.score < score ? -1 : 1
  return item.key === key ? 0 : item.key < key ? -1 : 1
}

const firstOf = <T>(node: Node<T>): T | undefined => {
  let at: Node<T> | undefined = node
  while (at !== undefined && !at.leaf) at = at.children[0]
  return at?.items[0]
}

/**
 * A counted B+ tree: insert, remove, rank and access by rank in O(log n). Nodes hold arrays of items, so that a million
 * members cost one pointer each instead of a skip list's levels.
 */
export class ScoreTree<T extends Scored> {
  private root: Node<T> = { leaf: true, items: [] }

  get size(): number {
    return sizeOf(this.root)
  }

  insert(item: T): void {
    const sibling = this.insertInto(this.root, item)
    if (sibling !== undefined) {
      this.root = { leaf: false, children: [this.root, sibling], size: sizeOf(this.root) + sizeOf(sibling) }
    }
  }

  private insertInto(node: Node<T>, item: T): Node<T> | undefined {
    if (node.leaf) {
      const at = lowerBound(node.items, item.score, item.key)
      if (at === node.items.length) node.items.push(item)
      else node.items.splice(at, 0, item)
      if (node.items.length <= MAX) return undefined
      // Members that arrive in order leave full leaves behind instead of half-empty ones.
      return { leaf: true, items: node.items.splice(at === MAX ? MAX - 4 : MAX / 2) }
    }
    const at = childFor(node, item.score, item.key)
    const child = node.children[at]
    if (child === undefined) return undefined
    const sibling = this.insertInto(child, item)
    node.size++
    if (sibling === undefined) return undefined
    node.children.splice(at + 1, 0, sibling)
    if (node.children.length <= MAX) return undefined
    const moved = node.children.splice(at >= MAX - 1 ? MAX - 4 : MAX / 2)
    let size = 0
    for (const other of moved) size += sizeOf(other)
    node.size -= size
    return { leaf: false, children: moved, size }
  }

  /** Removes the item, which must still have the score that it was inserted with. */
  remove(item: T): boolean {
    if (!this.removeFrom(this.root, item.score, item.key)) return false
    while (!this.root.leaf && this.root.children.length === 1) {
      const only = this.root.children[0]
      if (only === undefined) break
      this.root = only
    }
    if (!this.root.leaf && this.root.children.length === 0) this.root = { leaf: true, items: [] }
    return true
  }

  private removeFrom(node: Node<T>, score: number, key: string): boolean {
    if (node.leaf) {
      const at = lowerBound(node.items, score, key)
      const found = node.items[at]
      if (found === undefined || compare(found, score, key) !== 0) return false
      node.items.splice(at, 1)
      return true
    }
    const at = childFor(node, score, key)
    const child = node.children[at]
    if (child === undefined || !this.removeFrom(child, score, key)) return false
    node.size--
    if ((child.leaf ? child.items.length : child.children.length) < MIN) mergeChild(node, at)
    return true
  }

  /** How many items lie before the position; with `inclusive`, at it or before. */
  rank(score: number, key: string, inclusive = false): number {
    let node: Node<T> = this.root
    let rank = 0
    while (!node.leaf) {
      const at = childFor(node, score, key)
      for (let i = 0; i < at; i++) rank += sizeOf(node.children[i] ?? EMPTY)
      node = node.children[at] ?? EMPTY
    }
    const at = lowerBound(node.items, score, key)
    const found = node.items[at]
    return rank + at + (inclusive && found !== undefined && compare(found, score, key) === 0 ? 1 : 0)
  }

  /** How many of the first items satisfy `before`, which must hold for a prefix of the order. */
  partition(before: (item: T) => boolean): number {
    let node: Node<T> = this.root
    let rank = 0
    while (!node.leaf) {
      let low = 0
      let high = node.children.length - 1
      while (low < high) {
        const middle = (low + high + 1) >> 1
        const first = firstOf(node.children[middle] ?? EMPTY)
        if (first !== undefined && before(first)) low = middle
        else high = middle - 1
      }
      for (let i = 0; i < low; i++) rank += sizeOf(node.children[i] ?? EMPTY)
      node = node.children[low] ?? EMPTY
    }
    let low = 0
    let high = node.items.length
    while (low < high) {
      const middle = (low + high) >> 1
      const item = node.items[middle]
      if (item !== undefined && before(item)) low = middle + 1
      else high = middle
    }
    return rank + low
  }

  /** The item of a rank, 0 to size - 1. */
  at(rank: number): T | undefined {
    if (rank < 0 || rank >= this.size) return undefined
    let node: Node<T> = this.root
    let left = rank
    while (!node.leaf) {
      let next: Node<T> | undefined
      for (const child of node.children) {
        const size = sizeOf(child)
        if (left < size) {
          next = child
          break
        }
        left -= size
      }
      if (next === undefined) return undefined
      node = next
    }
    return node.items[left]
  }

  /** `count` items from a rank on, upwards or downwards. */
  range(rank: number, count: number, reverse = false): Array<T> {
    const out: Array<T> = []
    if (count <= 0) return out
    const low = Math.max(0, reverse ? rank - count + 1 : rank)
    const high = Math.min(this.size, reverse ? rank + 1 : rank + count)
    collect(this.root, low, high, out)
    return reverse ? out.toReversed() : out
  }
}

const EMPTY: Leaf<never> = { leaf: true, items: [] }

const lowerBound = <T extends Scored>(items: ReadonlyArray<T>, score: number, key: string): number => {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    const item = items[middle]
    if (item !== undefined && compare(item, score, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** The last child whose first item is not after the position. */
const childFor = <T extends Scored>(node: Inner<T>, score: number, key: string): number => {
  let low = 0
  let high = node.children.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    const first = firstOf(node.children[middle] ?? EMPTY)
    if (first !== undefined && compare(first, score, key) <= 0) low = middle
    else high = middle - 1
  }
  return low
}

/** Joins a child that has become small with a neighbour, if both fit into one. */
const mergeChild = <T>(node: Inner<T>, at: number): void => {
  const left = at > 0 ? at - 1 : at
  const first = node.children[left]
  const second = node.children[left + 1]
  const child = node.children[at]
  if (child !== undefined && sizeOf(child) === 0) {
    node.children.splice(at, 1)
    return
  }
  if (first === undefined || second === undefined) return
  if (first.leaf && second.leaf && first.items.length + second.items.length <= MAX - MIN) {
    for (const item of second.items) first.items.push(item)
    node.children.splice(left + 1, 1)
  } else if (!first.leaf && !second.leaf && first.children.length + second.children.length <= MAX - MIN) {
    for (const other of second.children) first.children.push(other)
    first.size += second.size
    node.children.splice(left + 1, 1)
  }
}

const collect = <T>(node: Node<T>, low: number, high: number, out: Array<T>): void => {
  if (node.leaf) {
    const end = Math.min(high, node.items.length)
    for (let i = Math.max(0, low); i < end; i++) {
      const item = node.items[i]
      if (item !== undefined) out.push(item)
    }
    return
  }
  let base = 0
  for (const child of node.children) {
    if (base >= high) return
    const size = sizeOf(child)
    if (base + size > low) collect(child, low - base, high - base, out)
    base += size
  }
}
