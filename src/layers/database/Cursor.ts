/** Cursors of listings: the sort key of the last row seen, opaque to callers. */
import { Effect, Schema } from "effect"
import { InvalidRequest } from "../../services/ServiceError.ts"

const Key = Schema.fromJsonString(Schema.Tuple([Schema.Int, Schema.Union([Schema.String, Schema.Int])]))
const decode = Schema.decodeUnknownEffect(Key)

/** Milliseconds since the epoch, and what makes the row unique among those of that time. */
export type CursorKey = typeof Key.Type

/** The cursor after the row with this key. */
export const encodeCursor = (key: CursorKey): string => Buffer.from(JSON.stringify(key)).toString("base64url")

/** The key in a cursor; `InvalidRequest` when it is none of ours. */
export const decodeCursor = (operation: string, cursor: string): Effect.Effect<CursorKey, InvalidRequest> =>
  decode(Buffer.from(cursor, "base64url").toString("utf8")).pipe(
    Effect.mapError(
      () =>
        new InvalidRequest({
          service: "store",
          operation,
          message: "The cursor is not one that this listing gave: leave it out to begin at the first page."
        })
    )
  )
