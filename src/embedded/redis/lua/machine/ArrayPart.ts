// How large the array part of a table is, by the rule of Lua 5.1 (ltable.c, rehash).

/** How many integer keys there are between one power of two and the next, while a table is laid out anew. */
const counts = new Int32Array(32)
const MOST_ITEMS = 2 ** 26

/** The exponent of the least power of two that is not below a number. */
export const ceilLog2 = (value: number): number => 32 - Math.clz32(value - 1)

/** Begins to count anew. */
export const startCounting = (): void => {
  counts.fill(0)
}

/** Counts a key if it may be in an array part: 1 if so. */
export const count = (key: unknown): number => {
  if (typeof key !== "number" || key < 1 || key > MOST_ITEMS || !Number.isInteger(key)) return 0
  const slice = ceilLog2(key)
  counts[slice] = (counts[slice] ?? 0) + 1
  return 1
}

/** Counts the keys from 1 to a length. */
export const countDense = (length: number): void => {
  let from = 0
  for (let slice = 0, to = 1; from < length; slice++, to *= 2) {
    const end = Math.min(to, length)
    counts[slice] = (counts[slice] ?? 0) + end - from
    from = end
  }
}

/** The largest power of two of which more than half is in use, and how many keys that takes in. */
export const arrayFor = (integers: number): { readonly size: number; readonly used: number } => {
  let seen = 0
  let size = 0
  let used = 0
  for (let slice = 0, power = 1; power / 2 < integers; slice++, power *= 2) {
    const here = counts[slice] ?? 0
    if (here > 0) {
      seen += here
      if (seen > power / 2) {
        size = power
        used = seen
      }
    }
    if (seen === integers) break
  }
  return { size, used }
}
