/**
 * The schemas that definitions take: those that encode and decode without services.
 */
import type * as Schema from "effect/Schema"

/** A schema whose encoding and decoding need no services. */
export type PlainSchema = Schema.Top & {
  readonly DecodingServices: never
  readonly EncodingServices: never
}

/** A {@link PlainSchema} whose types are not known: what decodes and encodes with `Schema.decodeUnknownEffect`. */
export type PlainCodec = Schema.ConstraintCodec<unknown, unknown>
