import { ChunkedDeque } from "../structures/ChunkedDeque.ts"

/** The value of a list key. */
export class ListValue {
  readonly items = new ChunkedDeque()

  get length(): number {
    return this.items.length
  }

  push(value: string, front: boolean): void {
    if (front) this.items.pushFront(value)
    else this.items.pushBack(value)
  }

  pop(front: boolean): string | undefined {
    return front ? this.items.popFront() : this.items.popBack()
  }
}
