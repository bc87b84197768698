/** MurmurHash2 with 64 bits (variant A, by Austin Appleby, in the public domain), as two halves of 32 bits. */
export interface Hash64 {
  high: number
  low: number
}

const M_HIGH = 0xc6a4a793
const M_LOW = 0x5bd1e995

/** Multiplies by the constant of the hash, modulo 2^64. */
const multiply = (value: Hash64): void => {
  const { high, low } = value
  const left = low & 0xffff
  const right = low >>> 16
  const a = left * (M_LOW & 0xffff)
  const b = right * (M_LOW & 0xffff)
  const c = left * (M_LOW >>> 16)
  const middle = (a >>> 16) + (b & 0xffff) + (c & 0xffff)
  const carry = right * (M_LOW >>> 16) + (b >>> 16) + (c >>> 16) + (middle >>> 16)
  value.low = ((middle << 16) | (a & 0xffff)) >>> 0
  value.high = (carry + Math.imul(high, M_LOW) + Math.imul(low, M_HIGH)) >>> 0
}

/** `value ^= value >> 47`. */
const fold = (value: Hash64): void => {
  value.low = (value.low ^ (value.high >>> 15)) >>> 0
}

const word = (text: string, at: number): number =>
  (text.charCodeAt(at) |
    (text.charCodeAt(at + 1) << 8) |
    (text.charCodeAt(at + 2) << 16) |
    (text.charCodeAt(at + 3) << 24)) >>>
  0

/** The hash of a byte string. */
export const murmur64 = (text: string, seed: number): Hash64 => {
  const hash: Hash64 = { high: 0, low: text.length >>> 0 }
  multiply(hash)
  hash.low = (hash.low ^ seed) >>> 0
  const block: Hash64 = { high: 0, low: 0 }
  const whole = text.length - (text.length % 8)
  for (let at = 0; at < whole; at += 8) {
    block.low = word(text, at)
    block.high = word(text, at + 4)
    multiply(block)
    fold(block)
    multiply(block)
    hash.low ^= block.low
    hash.high ^= block.high
    multiply(hash)
  }
  if (whole < text.length) {
    for (let at = whole; at < text.length; at++) {
      const byte = text.charCodeAt(at) << (8 * (at & 3))
      if (at - whole < 4) hash.low ^= byte
      else hash.high ^= byte
    }
    multiply(hash)
  }
  fold(hash)
  multiply(hash)
  fold(hash)
  return hash
}
