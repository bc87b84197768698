import type { Request } from "../proto/root.ts"
import type { Call } from "../call.ts"

/** Answers one call: with a message, or with one that is encoded already. */
export type Handler = (request: unknown, call: Call) => unknown

/** A handler of one method. Its request is of the method's type: decoding it has made it one. */
export const on =
  <M extends string>(handler: (request: Request<M>, call: Call) => unknown): Handler =>
  (request, call) =>
    handler(request as Request<M>, call)
