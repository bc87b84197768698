/** Decoding and encoding at the edges: every issue at once, with its path. */
import { Effect, Exit, Cause, Option } from "effect"
import type { PlainCodec } from "../../workflow/PlainSchema.ts"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import type { Json } from "../../workflow/Definition.ts"
import type { Issue } from "../ExecutionError.ts"

/** What a schema said of a value. */
export type Checked<A> = { readonly value: A } | { readonly issues: ReadonlyArray<Issue> }

/** A schema ready to be used many times. */
export interface Codec {
  /** JSON to what the schema describes. */
  readonly decode: (json: unknown) => Checked<unknown>
  /** What the schema describes to JSON. */
  readonly encode: (value: unknown) => Checked<Json>
  /** JSON to the JSON that its decoded form has: defaults filled in, unknown keys dropped. */
  readonly normalize: (json: unknown) => Checked<Json>
}

const format = SchemaIssue.makeFormatterStandardSchemaV1()

const issuesOf = (issue: SchemaIssue.Issue): ReadonlyArray<Issue> =>
  format(issue).issues.map(({ message, path }) => ({
    message,
    path: (path ?? []).map((part) => {
      const key = typeof part === "object" ? part.key : part
      return typeof key === "symbol" ? String(key) : key
    })
  }))

const checked = <A>(exit: Exit.Exit<A, SchemaIssue.Issue>): Checked<A> => {
  if (Exit.isSuccess(exit)) return { value: exit.value }
  const issue = Cause.findErrorOption(exit.cause)
  if (Option.isSome(issue)) return { issues: issuesOf(issue.value) }
  const defect = Cause.squash(exit.cause)
  return { issues: [{ path: [], message: defect instanceof Error ? defect.message : String(defect) }] }
}

const codecs = new WeakMap<object, Codec>()

/** The codec of a schema, made once. */
export const codecOf = (schema: PlainCodec): Codec => {
  const known = codecs.get(schema)
  if (known !== undefined) return known
  const decoder = SchemaParser.decodeUnknownEffect(schema, { errors: "all" })
  const encoder = SchemaParser.encodeUnknownEffect(schema, { errors: "all" })
  const decode = (json: unknown) => checked(Effect.runSyncExit(decoder(json)))
  // What the encoded side of a definition's schema is, is JSON: the builders refuse others.
  const encode = (value: unknown) => checked(Effect.runSyncExit(encoder(value))) as Checked<Json>
  const codec: Codec = {
    decode,
    encode,
    normalize: (json) => {
      const decoded = decode(json)
      return "issues" in decoded ? decoded : encode(decoded.value)
    }
  }
  codecs.set(schema, codec)
  return codec
}

/** Issues as one line: `name: Expected string, got 1; age: Missing key`. */
export const issueText = (issues: ReadonlyArray<Issue>): string =>
  issues.map(({ message, path }) => `${path.length === 0 ? "(root)" : path.join(".")}: ${message}`).join("; ")
