/** A simple string such as `+OK`. */
export class Status {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/**
 * An error reply. It is thrown as well as returned, and does not extend `Error`: commands fail on the hot path,
 * and nobody reads the stack of a WRONGTYPE.
 */
export class ErrorReply {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** A map: field and value alternate in `entries`. RESP2 sees a flat array. */
export class MapReply {
  readonly entries: ReadonlyArray<Reply>
  constructor(entries: ReadonlyArray<Reply>) {
    this.entries = entries
  }
}

/** An unordered collection. RESP2 sees an array. */
export class SetReply {
  readonly items: ReadonlyArray<Reply>
  constructor(items: ReadonlyArray<Reply>) {
    this.items = items
  }
}

/** A floating point number. RESP2 sees a bulk string. `text` is how it is written where that is not `%.17g`. */
export class DoubleReply {
  readonly value: number
  readonly text: string | undefined
  constructor(value: number, text?: string) {
    this.value = value
    this.text = text
  }
}

/** Out-of-band data. RESP2 sees an array. */
export class PushReply {
  readonly items: ReadonlyArray<Reply>
  constructor(items: ReadonlyArray<Reply>) {
    this.items = items
  }
}

/** Data beside the reply that follows it; RESP3 only. Field and value alternate. */
export class AttributeReply {
  readonly entries: ReadonlyArray<Reply>
  constructor(entries: ReadonlyArray<Reply>) {
    this.entries = entries
  }
}

/** Text with a format hint (`txt`, `mkd`). RESP2 sees a bulk string. */
export class VerbatimReply {
  readonly text: string
  readonly format: string
  constructor(text: string, format = "txt") {
    this.text = text
    this.format = format
  }
}

/** An integer of any size. RESP2 sees a bulk string. */
export class BigNumberReply {
  readonly digits: string
  constructor(digits: string) {
    this.digits = digits
  }
}

/** Several replies to one command, such as those of SUBSCRIBE with three channels. */
export class Sequence {
  readonly replies: ReadonlyArray<Reply>
  constructor(replies: ReadonlyArray<Reply>) {
    this.replies = replies
  }
}

/**
 * What a command answers. Strings are byte strings: one char code (0 to 255) is one byte.
 * `undefined` means that nothing is written now (a blocked client).
 */
export type Reply =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Status
  | ErrorReply
  | MapReply
  | SetReply
  | DoubleReply
  | PushReply
  | AttributeReply
  | VerbatimReply
  | BigNumberReply
  | Sequence
  | typeof NULL_ARRAY
  | ReadonlyArray<Reply>

/** The null that older clients expect where an array was announced: `*-1` in RESP2. */
export const NULL_ARRAY: unique symbol = Symbol("null array")
/** `+OK`. */
export const OK = new Status("OK")
/** `+QUEUED`. */
export const QUEUED = new Status("QUEUED")
/** `+PONG`. */
export const PONG = new Status("PONG")
/** An empty array. */
export const EMPTY: ReadonlyArray<Reply> = []

/** Whether it is something that no command asked for. */
export const isPush = (reply: Reply): boolean =>
  reply instanceof PushReply || (reply instanceof Sequence && reply.replies[0] instanceof PushReply)
