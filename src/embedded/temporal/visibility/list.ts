import { invalidArgument } from "../errors.ts"
import type { Storage, VisibilityRecord } from "../storage/storage.ts"
import { matchesQuery, parseVisibilityQuery, sortRecords } from "./query.ts"
import type { VisibilityQuery } from "./query.ts"

interface ListRequest {
  readonly query?: string | null | undefined
  readonly pageSize?: number | null | undefined
  readonly nextPageToken?: Uint8Array | null | undefined
}

const defaultPageSize = 1000

const parseToken = (
  token: Uint8Array | null | undefined
): { startTime: number; runId: string; offset: number } => {
  if (!token || token.length === 0) return { startTime: 0, runId: "", offset: 0 }
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(token))
    if (Array.isArray(value)) {
      const [startTime, runId, offset] = value as unknown[]
      if (typeof startTime === "number" && typeof runId === "string" && typeof offset === "number")
        return { startTime, runId, offset }
    }
  } catch {
    // Falls through to the refusal below.
  }
  throw invalidArgument("Invalid NextPageToken.")
}

/** Every run that a filter means, the youngest start first. */
export function* matchingRecords(
  storage: Storage,
  namespace: string,
  query: VisibilityQuery
): Generator<VisibilityRecord> {
  for (const record of storage.visibility(namespace)) if (matchesQuery(query, record)) yield record
}

/** One page of the runs that a filter means. A page goes on behind the last run of the one before. */
export const listRecords = (
  storage: Storage,
  namespace: string,
  request: ListRequest
): { records: VisibilityRecord[]; nextPageToken: Uint8Array } => {
  const query = parseVisibilityQuery(request.query ?? "")
  const pageSize = Math.min(request.pageSize || defaultPageSize, defaultPageSize)
  const token = parseToken(request.nextPageToken)
  const sorted = query.orderBy.length > 0
  const source = sorted
    ? sortRecords(query, [...matchingRecords(storage, namespace, query)])
    : matchingRecords(storage, namespace, query)
  const records: VisibilityRecord[] = []
  let position = 0
  let behind = sorted || token.runId === ""
  let more = false
  for (const record of source) {
    position += 1
    if (sorted && position <= token.offset) continue
    if (!behind) {
      // The run itself may have been deleted since: its start time tells where it stood.
      if (record.runId === token.runId) {
        behind = true
        continue
      }
      if (record.startTime >= token.startTime) continue
      behind = true
    }
    if (records.length === pageSize) {
      more = true
      break
    }
    records.push(record)
  }
  const last = records.at(-1)
  return {
    records,
    nextPageToken:
      more && last !== undefined
        ? new TextEncoder().encode(
            JSON.stringify([last.startTime, last.runId, token.offset + records.length])
          )
        : new Uint8Array(0)
  }
}
