/** What every bench prints: quantiles and tables. */

/** The value below which the share `q` (0 to 1) of the sample lies. */
export const quantile = (sample: ReadonlyArray<number>, q: number): number => {
  const sorted = sample.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN
}

/** The middle of a sample. */
export const median = (sample: ReadonlyArray<number>): number => quantile(sample, 0.5)

/** Prints rows of equal length on stdout, the first as their heading; all columns but the first to the right. */
export const printTable = (rows: ReadonlyArray<ReadonlyArray<string>>): void => {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length))
  )
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
    )
    process.stdout.write(`${cells.join("  ").trimEnd()}\n`)
  }
  process.stdout.write("\n")
}

/** Milliseconds with one decimal. */
export const ms = (value: number): string => (Number.isFinite(value) ? `${value.toFixed(1)} ms` : "-")
