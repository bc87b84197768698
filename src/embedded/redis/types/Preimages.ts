/**
 * What elements were before they were changed in place, for a view of a collection as it was. Adding and removing
 * elements does not concern it: the view has its own list of them.
 */
export class Preimages<E extends object, T> {
  private kept: Map<E, T> | undefined = new Map()

  /** Called before an element changes: the first call counts. */
  keep(element: E, state: T): void {
    if (this.kept?.has(element) === false) this.kept.set(element, state)
  }

  /** What an element was, or what it still is. */
  of(element: E, current: T): T {
    return this.kept?.get(element) ?? current
  }

  /** Nobody reads the view any more: nothing is kept from now on. */
  release(): void {
    this.kept = undefined
  }
}
