import { invalidArgument } from "../errors.ts"
import type { Storage, VisibilityRecord } from "../storage/storage.ts"
import type { CustomTypes } from "./attributes.ts"
import type { Position } from "./filter.ts"
import { invalidQuery } from "./lexer.ts"
import { readQuery } from "./resolve.ts"
import type { Scalar } from "./values.ts"

/** The largest page, and the one without a size; frontend.visibilityMaxPageSize. */
const maxPageSize = 1000

/** What a listing asks for. */
export interface ListOptions {
  readonly query?: string | null | undefined
  readonly pageSize?: number | null | undefined
  readonly nextPageToken?: Uint8Array | null | undefined
}

// A token says where the page ended and not how many came before, so that pages neither repeat nor leave out what
// was there all the time. Whole numbers that JSON does not hold are written as lists.

const encodeKey = (key: Scalar | null): string | number | null | readonly [string] =>
  typeof key === "bigint" ? [key.toString()] : key

const encodeToken = ({ keys, closeTime, startTime, runId }: Position): Uint8Array =>
  new TextEncoder().encode(JSON.stringify([closeTime, startTime, runId, ...keys.map(encodeKey)]))

const badToken = (): Error => invalidArgument("Invalid NextPageToken.")

const decodeKey = (value: unknown): Scalar | null => {
  if (value === null || typeof value === "string" || typeof value === "number") return value
  const text: unknown = Array.isArray(value) ? value[0] : undefined
  if (typeof text !== "string" || !/^-?\d+$/.test(text)) throw badToken()
  return BigInt(text)
}

const decodeToken = (token: Uint8Array | null | undefined, keys: number): Position | undefined => {
  if (!token || token.length === 0) return undefined
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(token))
  } catch {
    throw badToken()
  }
  if (!Array.isArray(parsed) || parsed.length !== keys + 3) throw badToken()
  const [closeTime, startTime, runId, ...rest]: unknown[] = parsed
  if (typeof closeTime !== "number" || typeof startTime !== "number" || typeof runId !== "string")
    throw badToken()
  return { closeTime, startTime, runId, keys: rest.map(decodeKey) }
}

/** One page of the runs that a filter means. */
export const listRecords = (
  storage: Storage,
  namespace: string,
  options: ListOptions,
  custom: CustomTypes
): { readonly records: VisibilityRecord[]; readonly nextPageToken: Uint8Array } => {
  const { filter, orderBy, groupByStatus } = readQuery(options.query ?? "", custom)
  if (groupByStatus) throw invalidQuery("operation is not supported: 'group by' clause")
  const asked = options.pageSize ?? 0
  const pageSize = asked <= 0 || asked > maxPageSize ? maxPageSize : asked
  const after = decodeToken(options.nextPageToken, orderBy.length)
  const listed = storage.list({ namespace, filter, orderBy, after, limit: pageSize + 1 })
  const page = listed.slice(0, pageSize)
  const last = page.at(-1)
  return {
    records: page.map(({ record }) => record),
    nextPageToken:
      listed.length > pageSize && last !== undefined ? encodeToken(last.position) : new Uint8Array(0)
  }
}

/** All runs that a filter means, page by page: what happens between two pages may change what the next one holds. */
export function* allRecords(
  storage: Storage,
  namespace: string,
  query: string,
  custom: CustomTypes
): Generator<readonly VisibilityRecord[], void> {
  let nextPageToken: Uint8Array | undefined
  do {
    const page = listRecords(storage, namespace, { query, nextPageToken }, custom)
    yield page.records
    nextPageToken = page.nextPageToken
  } while (nextPageToken.length > 0)
}

/** How many runs a filter means; by status if it says so. */
export const countRecords = (
  storage: Storage,
  namespace: string,
  query: string,
  custom: CustomTypes
): { readonly total: number; readonly byStatus: ReadonlyMap<number, number> | undefined } => {
  const { filter, orderBy, groupByStatus } = readQuery(query, custom)
  if (orderBy.length > 0) throw invalidQuery("operation is not supported: 'order by' clause")
  const counts = storage.count(namespace, filter)
  let total = 0
  for (const [status, count] of counts)
    if (count > 0) total += count
    else counts.delete(status)
  return { total, byStatus: groupByStatus ? counts : undefined }
}
