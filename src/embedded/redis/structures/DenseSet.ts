import { ShardedMap } from "./ShardedMap.ts"

/** A set of byte strings with O(1) random member and the scan guarantee of DenseMap, without an object a member. */
export class DenseSet {
  private map = new ShardedMap<number>()
  private members: Array<string> = []

  get size(): number {
    return this.members.length
  }

  has(member: string): boolean {
    return this.map.get(member) !== undefined
  }

  add(member: string): boolean {
    if (this.map.get(member) !== undefined) return false
    this.map.set(member, this.members.length)
    this.members.push(member)
    return true
  }

  delete(member: string): boolean {
    const slot = this.map.get(member)
    if (slot === undefined) return false
    this.map.delete(member)
    const last = this.members.pop()
    if (last !== undefined && slot < this.members.length) {
      this.members[slot] = last
      this.map.set(last, slot)
    }
    return true
  }

  random(): string | undefined {
    return this.members[Math.floor(Math.random() * this.members.length)]
  }

  at(slot: number): string | undefined {
    return this.members[slot]
  }

  scan(cursor: number, count: number, visit: (member: string) => void): number {
    let left = cursor === 0 ? this.members.length : Math.min(cursor, this.members.length)
    for (let visited = 0; left > 0 && visited < count; visited++) {
      const member = this.members[--left]
      if (member !== undefined) visit(member)
    }
    return left
  }

  values(): ReadonlyArray<string> {
    return this.members
  }
}
