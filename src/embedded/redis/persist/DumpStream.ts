import type { StreamValue } from "../types/StreamValue.ts"

/** Writes the commands that make a stream what it is. */
export const dumpStream = (_key: string, _value: StreamValue, _sink: (text: string) => void): void =>
  undefined
