import { float } from "../exec/Arguments.ts"
import { ErrorReply } from "../resp/Reply.ts"

/** How long a blocking command waits at most, in milliseconds; 0 for ever. */
export const timeoutOf = (text: string): number => {
  const seconds = float(text, new ErrorReply("ERR timeout is not a float or out of range"))
  // Redis converts the infinite to an integer, which makes it negative.
  if (seconds < 0 || seconds === Infinity) throw new ErrorReply("ERR timeout is negative")
  if (!Number.isFinite(seconds) || seconds * 1000 > Number.MAX_SAFE_INTEGER) {
    throw new ErrorReply("ERR timeout is out of range")
  }
  return Math.ceil(seconds * 1000)
}
