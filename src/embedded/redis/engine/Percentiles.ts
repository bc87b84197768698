/** The duration, in microseconds, that a share of the calls did not exceed; buckets are powers of two. */
export const percentile = (histogram: Uint32Array, percent: number): number => {
  let total = 0
  for (const count of histogram) total += count
  const rank = Math.max(1, Math.ceil((percent / 100) * total))
  let seen = 0
  for (const [bucket, count] of histogram.entries()) {
    seen += count
    if (seen >= rank) return 2 ** bucket + 0.007
  }
  return 0
}
