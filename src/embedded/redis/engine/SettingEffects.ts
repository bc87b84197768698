import type { Keyspace } from "../db/Keyspace.ts"
import { NOTIFY } from "../exec/Context.ts"
import type { EngineSettings } from "./Settings.ts"

const MOST_HZ = 500

/** Has databases do as the settings say, and bounds what may be out of bounds. */
export const applySettings = (settings: EngineSettings, databases: ReadonlyArray<Keyspace>): void => {
  const { countsFrequency, frequency } = settings
  const hz = settings.number("hz")
  if (hz < 1 || hz > MOST_HZ) settings.assign("hz", String(Math.min(Math.max(hz, 1), MOST_HZ)))
  const announcesNew = (settings.events & NOTIFY.newKey) !== 0
  for (const db of databases) {
    db.frequency = countsFrequency ? frequency : undefined
    db.announcesNew = announcesNew
  }
}
