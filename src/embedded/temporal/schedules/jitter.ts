// FarmHash's 32-bit fingerprint (its "mk" variant), by which the real server spreads the starts of schedules.

const c1 = 0xcc9e2d51
const c2 = 0x1b873593

const rotate = (value: number, by: number): number => (value >>> by) | (value << (32 - by))

const mur = (value: number, into: number): number =>
  Math.imul(rotate(into ^ Math.imul(rotate(Math.imul(value, c1), 17), c2), 19), 5) + 0xe6546b64

const shuffle = (h: number): number => Math.imul(rotate(h, 19), 5) + 0xe6546b64

/** What is shorter has another fingerprint, but never is: a time and the id of a namespace are in it. */
const shortest = 25

/** The fingerprint of at least that many bytes. */
const fingerprint32 = (data: Uint8Array): number => {
  const bytes = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const length = bytes.byteLength
  const word = (at: number): number => bytes.getUint32(at, true)
  const tail = (back: number): number => Math.imul(rotate(Math.imul(word(length - back), c1), 17), c2)
  let h = shuffle(shuffle(length ^ tail(4)) ^ tail(16))
  let g = Math.imul(c1, length)
  let f = (rotate((g + tail(20)) | 0, 19) + 113) | 0
  g = shuffle(shuffle(g ^ tail(8)) ^ tail(12))
  for (let at = 0; length - at > 20; at += 20) {
    const a = word(at)
    const b = word(at + 4)
    const c = word(at + 8)
    const d = word(at + 12)
    const e = word(at + 16)
    h = (h + a) | 0
    g = (g + b) | 0
    f = (f + c) | 0
    h = (mur(d, h) + e) | 0
    g = (mur(c, g) + a) | 0
    f = (mur((b + Math.imul(e, c1)) | 0, f) + d) | 0
    f = (f + g) | 0
    g = (g + f) | 0
  }
  const finish = (value: number): number => Math.imul(rotate(Math.imul(rotate(value, 11), c1), 17), c1)
  const fold = (value: number): number => Math.imul(rotate(shuffle(value), 17), c1)
  return fold((fold((h + finish(g)) | 0) + finish(f)) | 0) >>> 0
}

const secondsToYear1 = 62_135_596_800

/** How much later than planned a schedule acts: less than `limitMs`, always the same for a seed and a time. */
export const jitterMs = (seed: string, second: number, limitMs: number): number => {
  if (limitMs <= 0) return 0
  const text = new TextEncoder().encode(seed)
  // The time in the binary form of Go: version, seconds since the year 1, nanoseconds, and the sign of UTC.
  const bytes = new Uint8Array(Math.max(15 + text.length, shortest))
  const view = new DataView(bytes.buffer)
  view.setUint8(0, 1)
  view.setBigInt64(1, BigInt(second + secondsToYear1))
  view.setInt16(13, -1)
  bytes.set(text, 15)
  const range = BigInt(Math.min(Math.floor(limitMs), 0xffff_ffff))
  return Number((BigInt(fingerprint32(bytes)) * range) >> 32n)
}
