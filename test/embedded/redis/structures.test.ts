import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { formatDouble, parseDouble } from "../../../src/embedded/redis/format/Doubles.ts"
import { globMatch } from "../../../src/embedded/redis/format/Glob.ts"
import { addIntegers, parseInteger } from "../../../src/embedded/redis/format/Integers.ts"
import {
  addLongDoubles,
  formatLongDouble,
  parseLongDouble
} from "../../../src/embedded/redis/format/LongDouble.ts"
import { ChunkedDeque } from "../../../src/embedded/redis/structures/ChunkedDeque.ts"
import { DenseSet } from "../../../src/embedded/redis/structures/DenseSet.ts"
import { ExpiryHeap } from "../../../src/embedded/redis/structures/ExpiryHeap.ts"
import { ScoreTree, type Scored } from "../../../src/embedded/redis/structures/ScoreTree.ts"
import { ShardedMap } from "../../../src/embedded/redis/structures/ShardedMap.ts"

const runs = { numRuns: 60 }

describe("the list structure", () => {
  const small: fc.Arbitrary<string> = fc.constantFrom("a", "b", "c", "d")
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ op: fc.constantFrom("pushBack" as const, "pushFront" as const), value: small })
    },
    {
      weight: 1,
      arbitrary: fc.record({ op: fc.constantFrom("fillBack" as const, "fillFront" as const), value: small })
    },
    { weight: 2, arbitrary: fc.record({ op: fc.constantFrom("popBack" as const, "popFront" as const) }) },
    fc.record({ op: fc.constant("insert" as const), at: fc.nat(), value: small }),
    fc.record({ op: fc.constant("set" as const), at: fc.nat(), value: small }),
    fc.record({ op: fc.constant("removeRange" as const), at: fc.nat(), count: fc.nat(300) }),
    fc.record({
      op: fc.constant("removeEqual" as const),
      value: small,
      limit: fc.nat(200),
      back: fc.boolean()
    })
  )
  type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

  const apply = (deque: ChunkedDeque, model: Array<string>, action: Step): void => {
    switch (action.op) {
      case "pushBack":
        deque.pushBack(action.value)
        model.push(action.value)
        return
      case "pushFront":
        deque.pushFront(action.value)
        model.unshift(action.value)
        return
      case "fillBack":
        for (let at = 0; at < 300; at++)
          apply(deque, model, { op: "pushBack", value: action.value + (at % 3) })
        return
      case "fillFront":
        for (let at = 0; at < 300; at++)
          apply(deque, model, { op: "pushFront", value: action.value + (at % 3) })
        return
      case "popBack":
        expect(deque.popBack()).toBe(model.pop())
        return
      case "popFront":
        expect(deque.popFront()).toBe(model.shift())
        return
      case "insert": {
        const at = action.at % (model.length + 1)
        deque.insert(at, action.value)
        model.splice(at, 0, action.value)
        return
      }
      case "set": {
        const at = action.at % (model.length + 1)
        expect(deque.set(at, action.value)).toBe(at < model.length)
        if (at < model.length) model[at] = action.value
        return
      }
      case "removeRange": {
        const at = action.at % (model.length + 1)
        deque.removeRange(at, action.count)
        model.splice(at, action.count)
        return
      }
      case "removeEqual": {
        let removed = 0
        const order = action.back ? model.map((_, at) => model.length - 1 - at) : model.map((_, at) => at)
        const gone = new Set(order.filter((at) => model[at] === action.value && removed++ < action.limit))
        expect(deque.removeEqual(action.value, action.limit, action.back)).toBe(gone.size)
        model.splice(0, model.length, ...model.filter((_, at) => !gone.has(at)))
      }
    }
  }

  it("behaves as an array does", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(), fc.nat(), (steps, from, to) => {
        const deque = new ChunkedDeque()
        const model: Array<string> = []
        for (const action of steps) apply(deque, model, action)
        expect(deque.length).toBe(model.length)
        expect(deque.slice(0, model.length - 1)).toEqual(model)
        const start = from % (model.length + 1)
        const stop = Math.min(model.length - 1, start + (to % 400))
        expect(deque.slice(start, stop)).toEqual(model.slice(start, stop + 1))
        expect(deque.get(start)).toBe(model[start])
        const backwards: Array<string> = []
        deque.forEach((value) => backwards.push(value) > 0, true)
        expect(backwards).toEqual(model.toReversed())
      }),
      runs
    )
  })
})

describe("the sorted set structure", () => {
  interface Item extends Scored {
    score: number
  }
  const order = (left: Item, right: Item): number =>
    left.score - right.score || (left.key < right.key ? -1 : left.key > right.key ? 1 : 0)

  it("keeps members in order and knows their ranks, whatever is added and removed", () => {
    const step = fc.record({
      key: fc.nat(400).map(String),
      score: fc.integer({ min: -20, max: 20 }),
      remove: fc.boolean()
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 200, maxLength: 900 }), fc.nat(), (steps, seed) => {
        const tree = new ScoreTree<Item>()
        const model = new Map<string, Item>()
        for (const { key, score, remove } of steps) {
          const existing = model.get(key)
          if (existing !== undefined) {
            expect(tree.remove(existing)).toBe(true)
            model.delete(key)
          }
          if (!remove) {
            const item = { key, score }
            tree.insert(item)
            model.set(key, item)
          }
        }
        const sorted = [...model.values()].toSorted(order)
        expect(tree.size).toBe(sorted.length)
        expect(tree.range(0, tree.size)).toEqual(sorted)
        const at = seed % (sorted.length + 1)
        expect(tree.at(at)).toBe(sorted[at])
        expect(tree.range(at, 30)).toEqual(sorted.slice(at, at + 30))
        expect(tree.range(at, 10, true)).toEqual(sorted.slice(Math.max(0, at - 9), at + 1).toReversed())
        const bound = (seed % 41) - 20
        expect(tree.partition((item) => item.score < bound)).toBe(
          sorted.filter((item) => item.score < bound).length
        )
        for (const [rank, item] of sorted.entries()) expect(tree.rank(item.score, item.key)).toBe(rank)
      }),
      { numRuns: 25 }
    )
  })

  it("empties completely", () => {
    const tree = new ScoreTree<Item>()
    const items = Array.from({ length: 5000 }, (_, at) => ({ key: String(at), score: (at * 7919) % 5000 }))
    for (const item of items) tree.insert(item)
    for (const item of items.toSorted(order)) expect(tree.remove(item)).toBe(true)
    expect(tree.size).toBe(0)
    expect(tree.range(0, 10)).toEqual([])
  })
})

describe("a scan of the keyspace structure", () => {
  it("meets every member that is there from its beginning to its end", () => {
    const change = fc.record({ member: fc.nat(60).map(String), add: fc.boolean() })
    fc.assert(
      fc.property(
        fc.array(fc.nat(60).map(String), { maxLength: 60 }),
        fc.array(fc.array(change, { maxLength: 10 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 8 }),
        (initial, rounds, count) => {
          const set = new DenseSet()
          for (const member of initial) set.add(member)
          const steady = new Set(initial)
          const seen = new Set<string>()
          let cursor = set.scan(0, count, (member) => seen.add(member))
          for (let round = 0; cursor !== 0; round++) {
            for (const { member, add } of rounds[round] ?? []) {
              if (add) set.add(member)
              else {
                set.delete(member)
                steady.delete(member)
              }
            }
            cursor = set.scan(cursor, count, (member) => seen.add(member))
          }
          for (const member of steady) expect(seen).toContain(member)
        }
      ),
      { numRuns: 300 }
    )
  })
})

describe("the map without a size limit", () => {
  it("behaves as a map does, across its parts", () => {
    const step = fc.record({ key: fc.nat(30).map(String), value: fc.nat(), remove: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const map = new ShardedMap<number>(4)
        const model = new Map<string, number>()
        for (const { key, value, remove } of steps) {
          if (remove) expect(map.delete(key)).toBe(model.delete(key))
          else {
            map.set(key, value)
            model.set(key, value)
          }
        }
        expect(map.size).toBe(model.size)
        for (let key = 0; key <= 30; key++) expect(map.get(String(key))).toBe(model.get(String(key)))
        expect([...map.values()].toSorted()).toEqual([...model.values()].toSorted())
      }),
      runs
    )
  })
})

describe("the heap of deadlines", () => {
  it("always has the earliest on top", () => {
    const step = fc.record({ owner: fc.nat(30), at: fc.nat(1000), remove: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const heap = new ExpiryHeap<number>()
        const deadlines = new Map<number, ReturnType<typeof heap.add>>()
        for (const { owner, at, remove } of steps) {
          const existing = deadlines.get(owner)
          if (remove && existing !== undefined) {
            heap.remove(existing)
            deadlines.delete(owner)
          } else if (existing !== undefined) heap.move(existing, at)
          else deadlines.set(owner, heap.add(at, owner))
          const all = [...deadlines.values()].map((deadline) => deadline.at)
          expect(heap.size).toBe(all.length)
          expect(heap.peek()?.at).toBe(all.length === 0 ? undefined : Math.min(...all))
        }
      }),
      runs
    )
  })
})

describe("numbers", () => {
  it("are printed so that reading gives the same double", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        expect(parseDouble(formatDouble(value))).toBe(value)
      })
    )
  })

  it("are printed as C's %.17g", () => {
    expect([0.1, 1e17, 1e-7, 2 ** 60, 3, Infinity, -Infinity, 5e-324].map(formatDouble)).toEqual([
      "0.10000000000000001",
      "1e+17",
      "9.9999999999999995e-08",
      "1.152921504606847e+18",
      "3",
      "inf",
      "-inf",
      "4.9406564584124654e-324"
    ])
  })

  it("are 64-bit integers, and nothing else is", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }), (value) => {
        const fits = value >= -(2n ** 63n) && value < 2n ** 63n
        const parsed = parseInteger(String(value))
        expect(parsed === undefined ? undefined : BigInt(parsed)).toBe(fits ? value : undefined)
      })
    )
    for (const text of ["", "-", "+1", " 1", "1 ", "01", "-0", "1.0", "1e3", "0x1"])
      expect(parseInteger(text)).toBe(undefined)
  })

  it("overflow where 64 bits end", () => {
    const max = 2n ** 63n - 1n
    expect(addIntegers(max, 1)).toBe(undefined)
    expect(addIntegers(max, -1)).toBe(max - 1n)
    expect(addIntegers(Number.MAX_SAFE_INTEGER, 2)).toBe(9007199254740993n)
  })

  it("are added as long doubles are, not as doubles", () => {
    const add = (left: string, right: string): string => {
      const [a, b] = [parseLongDouble(left), parseLongDouble(right)]
      return a === undefined || b === undefined ? "" : formatLongDouble(addLongDoubles(a, b))
    }
    expect(add("10.50", "0.1")).toBe("10.6")
    expect(add("3.0e3", "200")).toBe("3200")
    expect(add("1", "-1")).toBe("0")
    expect(add("0.1", "0.2")).toBe("0.3")
  })
})

describe("patterns", () => {
  it("match as Redis matches them", () => {
    const cases: ReadonlyArray<readonly [string, string, boolean]> = [
      ["*", "", true],
      ["h?llo", "hello", true],
      ["h*llo", "heeeello", true],
      ["h[ae]llo", "hillo", false],
      ["h[^e]llo", "hallo", true],
      ["h[a-c]llo", "hbllo", true],
      ["h[c-a]llo", "hbllo", true],
      ["a\\*b", "a*b", true],
      ["a\\*b", "axb", false],
      ["[", "x", false],
      ["a*b*c", "aXXbYYc", true],
      ["a**", "a", true]
    ]
    for (const [pattern, text, matches] of cases)
      expect([pattern, text, globMatch(pattern, text)]).toEqual([pattern, text, matches])
  })

  it("take no exponential time", () => {
    expect(globMatch("*a".repeat(40) + "b", "a".repeat(2000))).toBe(false)
  })
})
