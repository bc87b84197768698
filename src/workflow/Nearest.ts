/**
 * The nearest of some names to one that was mistyped.
 */

/** The edit distance, where a swap of neighbours counts as one. */
const distance = (a: string, b: string): number => {
  let before: ReadonlyArray<number> = []
  let above = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (before[j - 2] ?? 0) + 1)
      }
      row.push(best)
    }
    before = above
    above = row
  }
  return above[b.length] ?? 0
}

/** The nearest name, or undefined where none is near. Case does not count. */
export const nearestOf = (name: string, names: ReadonlyArray<string>): string | undefined => {
  // A name from a request can be long; the comparison is quadratic.
  if (name.length > 100) return undefined
  let nearest: string | undefined
  let least = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const candidate of names) {
    const steps = distance(name.toLowerCase(), candidate.toLowerCase())
    if (steps < least) {
      nearest = candidate
      least = steps
    }
  }
  return nearest
}
