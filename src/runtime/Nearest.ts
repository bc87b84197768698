/** The nearest of some names to one that was mistyped. */

/** Optimal string alignment: insertions, deletions, substitutions, and two letters swapped, count one each. */
const distance = (a: string, b: string): number => {
  let before: ReadonlyArray<number> = []
  let previous: ReadonlyArray<number> = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let best = Math.min(
        (previous[j - 1] ?? 0) + (same ? 0 : 1),
        (previous[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1
      )
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (before[j - 2] ?? 0) + 1)
      }
      row.push(best)
    }
    before = previous
    previous = row
  }
  return previous[b.length] ?? 0
}

/**
 * The candidate that `name` was probably meant to be.
 *
 * @param name what was written
 * @param candidates what there is
 * @returns the nearest candidate, or `undefined` when none differs by a third of its letters or less
 *
 * @example
 * ```ts
 * import { nearest } from "./Nearest.ts"
 *
 * nearest("helo", ["hello", "goodbye"]) // => "hello"
 * ```
 */
export const nearest = (name: string, candidates: ReadonlyArray<string>): string | undefined => {
  // A name from a request can be long; the comparison is quadratic.
  if (name.length > 100) return undefined
  let best: { readonly candidate: string; readonly distance: number } | undefined
  for (const candidate of candidates) {
    const d = distance(name.toLowerCase(), candidate.toLowerCase())
    if (d <= Math.max(1, Math.floor(candidate.length / 3)) && (best === undefined || d < best.distance)) {
      best = { candidate, distance: d }
    }
  }
  return best?.candidate
}
