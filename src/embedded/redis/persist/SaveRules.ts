/** One of Redis's `save` rules: save when `seconds` have passed and as many keys have changed. */
interface SaveRule {
  readonly seconds: number
  readonly changes: number
}

/** How long nothing is tried again after a save has failed. */
const RETRY_MILLIS = 5000

const parse = (value: string): ReadonlyArray<SaveRule> => {
  const numbers = value
    .split(" ")
    .filter((part) => part !== "")
    .map(Number)
  const rules: Array<SaveRule> = []
  for (let at = 0; at + 1 < numbers.length; at += 2) {
    rules.push({ seconds: numbers[at] ?? 0, changes: numbers[at + 1] ?? 0 })
  }
  return rules
}

/** What the rules look at. */
export interface SaveState {
  /** Changes since the last save. */
  readonly changes: number
  /** Milliseconds since the epoch. */
  readonly lastSave: number
  readonly lastTry: number
  readonly lastOk: boolean
}

/** The `save` setting: when a dump is written by itself. */
export class SaveRules {
  private text = ""
  private rules: ReadonlyArray<SaveRule> = []

  /** Takes the setting as CONFIG SET has it. */
  update(text: string): void {
    if (text === this.text) return
    this.text = text
    this.rules = parse(text)
  }

  get isEmpty(): boolean {
    return this.rules.length === 0
  }

  /** Whether one of the rules asks for a save now. */
  isDue(state: SaveState, now: number): boolean {
    if (!state.lastOk && now - state.lastTry <= RETRY_MILLIS) return false
    const seconds = Math.floor(now / 1000) - Math.floor(state.lastSave / 1000)
    return this.rules.some((rule) => state.changes >= rule.changes && seconds > rule.seconds)
  }
}
