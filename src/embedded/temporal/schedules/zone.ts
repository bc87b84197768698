// Time zones by the data of `Intl`. All times here are whole seconds since 1970.

/** What the clock on the wall shows somewhere. Months count from 1, weekdays from Sunday as 0. */
export interface WallTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly weekday: number
}

export interface Zone {
  readonly name: string
  /** Seconds east of UTC at an instant. */
  offsetAt(second: number): number
}

export const utc: Zone = { name: "UTC", offsetAt: () => 0 }

/** Offsets do not change twice within such a block, so one whose ends agree has a single offset. */
const blockSeconds = 6 * 3600
const cachedBlocks = 10_000

const offsetText = /GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/

class NamedZone implements Zone {
  readonly name: string
  readonly #format: Intl.DateTimeFormat
  /** The offset at the beginning of each block that was asked for. */
  readonly #blocks = new Map<number, number>()

  constructor(name: string) {
    this.name = name
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone: name === "Local" ? undefined : name,
      timeZoneName: "longOffset"
    })
  }

  #exact(second: number): number {
    const [, sign, hours, minutes, seconds] = offsetText.exec(this.#format.format(second * 1000)) ?? []
    const offset = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)
    return sign === "-" ? -offset : offset
  }

  #block(index: number): number {
    const known = this.#blocks.get(index)
    if (known !== undefined) return known
    if (this.#blocks.size >= cachedBlocks) this.#blocks.clear()
    const offset = this.#exact(index * blockSeconds)
    this.#blocks.set(index, offset)
    return offset
  }

  offsetAt(second: number): number {
    const index = Math.floor(second / blockSeconds)
    const offset = this.#block(index)
    return offset === this.#block(index + 1) ? offset : this.#exact(second)
  }
}

const zones = new Map<string, Zone>()

// `Intl` also takes offsets and names in any case; the real server looks names up in its file system.
const zoneName = /^[A-Z][A-Za-z0-9+_-]*(?:\/[A-Z][A-Za-z0-9+_-]*)*$/

/** The time zone of a name of the IANA database; the empty one is UTC. Undefined if there is none. */
export const findZone = (name: string): Zone | undefined => {
  if (name === "" || name === "UTC") return utc
  const known = zones.get(name)
  if (known !== undefined) return known
  if (!zoneName.test(name)) return undefined
  try {
    const zone = new NamedZone(name)
    zones.set(name, zone)
    return zone
  } catch {
    return undefined
  }
}

/** What the wall clock of a zone shows at an instant. */
export const wallTime = (zone: Zone, second: number): WallTime => {
  const local = new Date((second + zone.offsetAt(second)) * 1000)
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
    weekday: local.getUTCDay()
  }
}

/**
 * The instant at which a wall clock shows a time. Of a time that comes twice it is one of both, for one that is
 * left out one next to it, and always the one that Go's `time.Date` gives.
 */
export const instantOf = (
  zone: Zone,
  year: number,
  month: number,
  day: number,
  hour = 0,
  minute = 0,
  second = 0
): number => {
  const local = Date.UTC(year, month - 1, day, hour, minute, second) / 1000
  return local - zone.offsetAt(local - zone.offsetAt(local))
}
