/** The counter of a new key: it must not be the first to go before it had a chance to be used. */
const INITIAL = 5
const MINUTES = 0xffff

const minutes = (now: number): number => Math.floor(now / 60_000) & MINUTES

/** How often keys are used, for the LFU policies: a counter that grows ever more slowly, and shrinks with time. */
export interface FrequencyRules {
  /** The larger, the more uses it takes to count up. */
  logFactor: number
  /** Minutes after which the counter shrinks by one; 0 never. */
  decayMinutes: number
}

/** The state of a key that is new: the minute in the upper 16 bits, the counter in the lower 8. */
export const newFrequency = (now: number): number => (minutes(now) << 8) | INITIAL

/** The counter now. */
export const frequencyOf = (state: number, now: number, rules: FrequencyRules): number => {
  const counter = state & 255
  if (rules.decayMinutes === 0) return counter
  const passed = (minutes(now) - (state >> 8) + MINUTES + 1) & MINUTES
  return Math.max(0, counter - Math.floor(passed / rules.decayMinutes))
}

/** The state after another use. */
export const usedOnce = (state: number, now: number, rules: FrequencyRules): number => {
  const counter = frequencyOf(state, now, rules)
  const chance = 1 / (Math.max(0, counter - INITIAL) * rules.logFactor + 1)
  const next = counter < 255 && Math.random() < chance ? counter + 1 : counter
  return (minutes(now) << 8) | next
}

/** The state of a key with a given counter. */
export const withFrequency = (counter: number, now: number): number => (minutes(now) << 8) | (counter & 255)
