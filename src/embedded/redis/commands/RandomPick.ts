import { ErrorReply } from "../resp/Reply.ts"

/** Clients can ask for the same items again and again, but not for more than there is room for. */
const MOST_REPEATED = 2 ** 24
const TOO_MANY = new ErrorReply(`ERR value is out of range, must be at least -${MOST_REPEATED}`)

const pick = (size: number): number => Math.floor(Math.random() * size)

/** `count` items, the same one possibly several times. */
export const pickRepeated = <T>(
  count: number,
  size: number,
  at: (slot: number) => T | undefined
): Array<T> => {
  if (count > MOST_REPEATED) throw TOO_MANY
  const out: Array<T> = []
  while (out.length < count) {
    const item = at(pick(size))
    if (item === undefined) break
    out.push(item)
  }
  return out
}

/** Up to `count` different items. */
export const pickDistinct = <T>(
  count: number,
  size: number,
  at: (slot: number) => T | undefined
): Array<T> => {
  const out: Array<T> = []
  const push = (slot: number): void => {
    const item = at(slot)
    if (item !== undefined) out.push(item)
  }
  if (count >= size) {
    for (let slot = 0; slot < size; slot++) push(slot)
    return out
  }
  // Floyd's sampling: `count` draws however close count is to size.
  const chosen = new Set<number>()
  for (let last = size - count; last < size; last++) {
    const slot = pick(last + 1)
    const unique = chosen.has(slot) ? last : slot
    chosen.add(unique)
    push(unique)
  }
  return out
}
