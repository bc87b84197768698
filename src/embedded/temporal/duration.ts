const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000
}

/** Milliseconds of a duration as Go writes it (`1h30m`, `-1.5s`), undefined if it is none. */
export const parseDuration = (
  text: string,
  options: { readonly days?: boolean } = {}
): number | undefined => {
  const sign = text.startsWith("-") ? -1 : 1
  let rest = /^[+-]/.test(text) ? text.slice(1) : text
  if (rest === "0") return 0
  if (rest === "") return undefined
  let total = 0
  while (rest !== "") {
    const match = /^(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h|d)/.exec(rest)
    const unit =
      match?.[2] === "d" ? (options.days === true ? 86_400_000 : undefined) : units[match?.[2] ?? ""]
    if (match === null || unit === undefined) return undefined
    total += Number(match[1]) * unit
    rest = rest.slice(match[0].length)
  }
  return sign * total
}
