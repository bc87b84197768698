/** History events as plain values. */
import type { temporal } from "@temporalio/proto"
import type { HistoryEvent } from "../../services/Temporal.ts"
import { decodePayload } from "./Payloads.ts"

type ProtoEvent = temporal.api.history.v1.HistoryEvent
type EventClass = typeof temporal.api.history.v1.HistoryEvent

/** A protobuf time, as milliseconds since the epoch (or, for a duration, as milliseconds). */
export const toMillis = (
  time: { readonly seconds?: unknown; readonly nanos?: number | null } | null | undefined
): number => (time ? Math.floor(Number(time.seconds ?? 0) * 1_000 + (time.nanos ?? 0) / 1e6) : 0)

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null

const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array

/** Payloads have `metadata.encoding`; nothing else in a history event does. */
const isPayload = (
  value: Record<string, unknown>
): value is temporal.api.common.v1.IPayload & Record<string, unknown> =>
  isRecord(value["metadata"]) && isBytes(value["metadata"]["encoding"])

/** Times and durations are the only messages made of these fields alone. */
const isTime = (value: Record<string, unknown>): boolean => {
  const names = Object.keys(value)
  return (
    names.length > 0 && names.length <= 2 && names.every((name) => name === "seconds" || name === "nanos")
  )
}

const simplify = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(simplify)
  if (isBytes(value)) return Buffer.from(value).toString("base64")
  if (!isRecord(value)) return value
  if (isPayload(value)) return decodePayload(value)
  if (isTime(value)) return toMillis(value)
  const { payloads } = value
  if (Array.isArray(payloads) && Object.keys(value).length === 1) return payloads.map(simplify)
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, simplify(part)]))
}

/** `EVENT_TYPE_ACTIVITY_TASK_SCHEDULED` as `ActivityTaskScheduled`. */
const eventName = (name: string): string =>
  name
    .replace("EVENT_TYPE_", "")
    .toLowerCase()
    .replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())

/**
 * The event as the contract has it: times and durations in milliseconds, payloads decoded, enums by their names.
 * `eventClass` is the SDK's, which is loaded late.
 */
export const toHistoryEvent = (eventClass: EventClass, event: ProtoEvent): HistoryEvent => {
  const plain = eventClass.toObject(event, { enums: String, longs: Number })
  const attributes = event.attributes === undefined ? {} : simplify(plain[event.attributes])
  return {
    eventId: Number(plain["eventId"]),
    eventType: eventName(String(plain["eventType"])),
    eventTime: toMillis(event.eventTime),
    attributes: isRecord(attributes) ? attributes : {}
  }
}
