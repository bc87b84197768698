import { NOTIFY } from "../exec/Context.ts"
import { INT64_MAX } from "../format/Integers.ts"
import { parseMemory } from "../format/Memory.ts"

/** What values a setting takes. */
export type Kind =
  | { readonly type: "number"; readonly minimum: number; readonly maximum: number }
  | { readonly type: "memory"; readonly minimum: number }
  | { readonly type: "yesno" }
  | { readonly type: "choice"; readonly choices: ReadonlyArray<string> }
  | { readonly type: "text" }
  | { readonly type: "fixed" }
  /** Redis can change it while it runs, this server cannot. */
  | { readonly type: "kept"; readonly problem: string }
  | { readonly type: "events" }
  | { readonly type: "save" }
  | { readonly type: "buffers" }
  | { readonly type: "percentiles" }
  | { readonly type: "memoryOrPercent" }
  | { readonly type: "refused"; readonly problem: string }

/** A setting with the value that it starts with. */
export interface Setting {
  readonly value: string
  readonly kind: Kind
}

export const INT_MAX = 2147483647
/** As much as a 64-bit integer holds; values beyond 2^53 are not exact, and nobody sets them. */
export const LONG_MAX = Number(INT64_MAX)
export const number = (value: number, minimum = 0, maximum = LONG_MAX): Setting => ({
  value: String(value),
  kind: { type: "number", minimum, maximum }
})
export const memory = (value: number, minimum = 0): Setting => ({
  value: String(value),
  kind: { type: "memory", minimum }
})
export const yesno = (value: boolean): Setting => ({ value: value ? "yes" : "no", kind: { type: "yesno" } })
export const choice = (value: string, ...choices: Array<string>): Setting => ({
  value,
  kind: { type: "choice", choices }
})
export const text = (value: string): Setting => ({ value, kind: { type: "text" } })
export const kept = (value: string, problem = "it cannot be changed while this server runs"): Setting => ({
  value,
  kind: { type: "kept", problem }
})
export const fixed = (value: string): Setting => ({ value, kind: { type: "fixed" } })

/** The text to store, or the problem with a value. */
export type Normalized = { readonly ok: string } | { readonly problem: string }

const EVENT_CLASSES: Readonly<Record<string, number>> = {
  K: NOTIFY.keyspace,
  E: NOTIFY.keyevent,
  g: NOTIFY.generic,
  $: NOTIFY.string,
  l: NOTIFY.list,
  s: NOTIFY.set,
  h: NOTIFY.hash,
  z: NOTIFY.zset,
  x: NOTIFY.expired,
  e: NOTIFY.evicted,
  t: NOTIFY.stream,
  m: NOTIFY.keymiss,
  d: NOTIFY.module,
  n: NOTIFY.newKey
}
const ALL_EVENTS = "g$lshzxetd"

/** The mask of the classes of events; `undefined` for a letter that is none. */
export const parseEvents = (flags: string): number | undefined => {
  let mask = 0
  for (const flag of flags) {
    if (flag === "A") for (const other of ALL_EVENTS) mask |= EVENT_CLASSES[other] ?? 0
    else {
      const bit = EVENT_CLASSES[flag]
      if (bit === undefined) return undefined
      mask |= bit
    }
  }
  return mask
}

const formatEvents = (mask: number): string => {
  const all = [...ALL_EVENTS].every((flag) => (mask & (EVENT_CLASSES[flag] ?? 0)) !== 0)
  let out = all ? "A" : [...ALL_EVENTS].filter((flag) => (mask & (EVENT_CLASSES[flag] ?? 0)) !== 0).join("")
  for (const flag of "KEmn") if ((mask & (EVENT_CLASSES[flag] ?? 0)) !== 0) out += flag
  return out
}

const normalizeSave = (value: string): Normalized => {
  const parts = value.split(" ").filter((part) => part !== "")
  const isWrong =
    parts.length % 2 !== 0 ||
    parts.some((part, index) => !/^\d+$/.test(part) || (index % 2 === 0 && Number(part) < 1))
  return isWrong ? { problem: "Invalid save parameters" } : { ok: parts.join(" ") }
}

const BUFFER_CLASSES: ReadonlySet<string> = new Set(["normal", "slave", "pubsub"])

/** The limits of output buffers after some of them have changed. */
export const mergeBuffers = (current: string, value: string): Normalized => {
  const parts = value.split(" ").filter((part) => part !== "")
  if (parts.length === 0 || parts.length % 4 !== 0) {
    return { problem: "Wrong number of arguments in buffer limit configuration." }
  }
  const limits = new Map<string, string>()
  const old = current.split(" ")
  for (let at = 0; at < old.length; at += 4) limits.set(old[at] ?? "", old.slice(at + 1, at + 4).join(" "))
  for (let at = 0; at < parts.length; at += 4) {
    const [name = "", hard = "", soft = "", seconds = ""] = parts.slice(at, at + 4)
    const known = name.toLowerCase() === "replica" ? "slave" : name.toLowerCase()
    if (!BUFFER_CLASSES.has(known)) {
      return { problem: "Invalid client class specified in buffer limit configuration." }
    }
    const [most, some] = [parseMemory(hard), parseMemory(soft)]
    if (most === undefined || some === undefined || !/^\d+$/.test(seconds)) {
      return { problem: "Error in hard, soft or soft_seconds setting in buffer limit configuration." }
    }
    limits.set(known, `${most} ${some} ${seconds}`)
  }
  return { ok: [...limits].map(([name, limit]) => `${name} ${limit}`).join(" ") }
}

/** The text to store, or the problem with it. */
export const normalize = (kind: Kind, value: string): Normalized => {
  switch (kind.type) {
    case "number": {
      if (!/^-?\d+$/.test(value)) return { problem: "argument couldn't be parsed into an integer" }
      const parsed = Number(value)
      if (parsed < kind.minimum || parsed > kind.maximum) {
        const most = kind.maximum === LONG_MAX ? INT64_MAX : kind.maximum
        return { problem: `argument must be between ${kind.minimum} and ${most} inclusive` }
      }
      return { ok: String(parsed) }
    }
    case "memory": {
      const bytes = parseMemory(value)
      if (bytes === undefined) return { problem: "argument must be a memory value" }
      return bytes < kind.minimum
        ? { problem: `argument must be between ${kind.minimum} and ${INT64_MAX} inclusive` }
        : { ok: String(bytes) }
    }
    case "yesno":
      return /^(yes|no)$/i.test(value)
        ? { ok: value.toLowerCase() }
        : { problem: "argument must be 'yes' or 'no'" }
    case "choice": {
      const found = kind.choices.find((option) => option === value.toLowerCase())
      return found === undefined
        ? { problem: `argument(s) must be one of the following: ${kind.choices.join(", ")}` }
        : { ok: found }
    }
    case "events": {
      const mask = parseEvents(value)
      return mask === undefined
        ? { problem: "Invalid event class character. Use 'Ag$lshzxeKEtmdn'." }
        : { ok: formatEvents(mask) }
    }
    case "save":
      return normalizeSave(value)
    case "buffers":
      return { ok: value }
    case "percentiles": {
      const parts = value.split(" ").filter((part) => part !== "")
      const wrong = parts.some((part) => !(Number(part) >= 0 && Number(part) <= 100))
      return wrong
        ? { problem: "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]" }
        : { ok: parts.map((part) => String(Number(part))).join(" ") }
    }
    case "memoryOrPercent": {
      if (/^\d+%$/.test(value) && Number(value.slice(0, -1)) > 100)
        return { problem: "percentage argument must be less or equal to 100" }
      if (/^(100|\d{1,2})%$/.test(value)) return { ok: value }
      const bytes = parseMemory(value)
      return bytes === undefined
        ? { problem: "argument must be a memory or percent value" }
        : { ok: String(bytes) }
    }
    case "refused":
      return value === "no" ? { ok: value } : { problem: kind.problem }
    case "text":
      return { ok: value }
    case "kept":
      return { problem: kind.problem }
    case "fixed":
      return { problem: "can't set immutable config" }
  }
}
