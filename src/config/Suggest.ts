/** Finds the name that somebody meant. */

const distance = (a: string, b: string, limit: number): number => {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, substitution))
    }
    previous = row
  }
  return previous[b.length] ?? limit + 1
}

/** Compares without case, dashes, underscores and dots: `max_connections` is `maxConnections`. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_.\s]/gu, "")

/** The nearest of `names`, if one is near enough to be a slip; names are compared without case and separators. */
export const nearest = (name: string, names: Iterable<string>): string | undefined => {
  const wanted = plain(name.slice(0, 100))
  let limit = Math.max(1, Math.floor(wanted.length / 3))
  let best: string | undefined
  for (const candidate of names) {
    const found = distance(wanted, plain(candidate), limit)
    if (found <= limit && (best === undefined || found < limit)) {
      best = candidate
      limit = found
    }
  }
  return best
}
