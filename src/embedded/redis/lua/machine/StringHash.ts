/** The hash of a string in Lua 5.1, which decides where a table keeps it and so the order of `pairs`. */
export const hashOf = (text: string): number => {
  const { length } = text
  let hash = length
  const step = (length >> 5) + 1
  for (let at = length; at >= step; at -= step) {
    hash ^= (hash << 5) + (hash >>> 2) + text.charCodeAt(at - 1)
  }
  return hash >>> 0
}

const bits = new DataView(new ArrayBuffer(8))

/** The hash of a number: the sum of its two halves. */
export const hashOfNumber = (value: number): number => {
  bits.setFloat64(0, value)
  return (bits.getUint32(0) + bits.getUint32(4)) >>> 0
}
