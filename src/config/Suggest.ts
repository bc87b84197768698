/** Finds the name that somebody meant. */
import { nearestOf } from "../workflow/Nearest.ts"

/** Compares without case, dashes, underscores and dots: `max_connections` is `maxConnections`. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_.\s]/gu, "")

/** The nearest of `names`, if one is near enough to be a slip; names are compared without case and separators. */
export const nearest = (name: string, names: Iterable<string>): string | undefined => {
  const candidates = new Map([...names].map((candidate) => [plain(candidate), candidate]))
  const found = nearestOf(plain(name.slice(0, 100)), [...candidates.keys()])
  return found === undefined ? undefined : candidates.get(found)
}
