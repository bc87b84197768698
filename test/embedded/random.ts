/** Numbers that look random and are the same for the same seed (mulberry32). */
export interface Random {
  /** 0 to 1, 1 excluded. */
  readonly next: () => number
  /** 0 to `count` - 1. */
  readonly below: (count: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <A>(items: ReadonlyArray<A>) => A
}

/** A source of numbers. */
export const random = (seed: number): Random => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (count: number): number => Math.floor(next() * count)
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (items) => {
      const item = items[below(items.length)]
      if (item === undefined) throw new Error("nothing to pick from")
      return item
    }
  }
}

/** The seed in an environment variable: a number, or `random`; 1 without, so that every run is the same. */
export const seedFrom = (variable: string): number => {
  const chosen = process.env[variable] ?? "1"
  return chosen === "random" ? Date.now() % 2 ** 31 : Number(chosen)
}
