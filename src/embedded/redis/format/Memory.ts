const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1000,
  kb: 1024,
  m: 1000 ** 2,
  mb: 1024 ** 2,
  g: 1000 ** 3,
  gb: 1024 ** 3
}

/** A number of bytes such as `64mb`; `undefined` if it is none. */
export const parseMemory = (text: string): number | undefined => {
  const match = /^(\d+)([a-z]*)$/i.exec(text)
  const unit = UNITS[(match?.[2] ?? "").toLowerCase()]
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit
}
