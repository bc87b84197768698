/** How a cache's keys are called in Redis. */
import { globMatch } from "../../embedded/redis/format/Glob.ts"

/** Keys that live and move together with the one that they are named after. */
const COMPANIONS = [":metadata", ":sequence"] as const

/** Translates between a cache's keys and Redis's. */
export interface KeyNames {
  readonly toRedis: (key: string) => string
  readonly fromRedis: (key: string) => string
  /** Patterns that together find every key that the cache's pattern matches. */
  readonly patterns: (pattern: string) => ReadonlyArray<string>
  /** Whether a key that was found really matches: a pattern may find too many. */
  readonly matches: (pattern: string, key: string) => boolean
}

/** Text as a pattern that matches only itself. */
export const escapeGlob = (text: string): string => text.replace(/[\\*?[\]]/g, String.raw`\$&`)

/** Keys with a prefix. */
export const prefixed = (prefix: string): KeyNames => ({
  toRedis: (key) => prefix + key,
  fromRedis: (key) => key.slice(prefix.length),
  patterns: (pattern) => [escapeGlob(prefix) + pattern],
  matches: () => true
})

/**
 * Keys with a prefix, for a cluster: a companion carries the name of its key as the hash tag, so that both are in the same
 * slot (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags).
 */
export const prefixedForCluster = (prefix: string): KeyNames => {
  const plain = prefixed(prefix)
  return {
    toRedis: (key) => {
      const companion = COMPANIONS.find((suffix) => key.endsWith(suffix))
      return companion === undefined
        ? prefix + key
        : `{${prefix}${key.slice(0, -companion.length)}}${companion}`
    },
    fromRedis: (key) => {
      const companion = COMPANIONS.find((suffix) => key.endsWith(`}${suffix}`))
      return companion === undefined || !key.startsWith(`{${prefix}`)
        ? plain.fromRedis(key)
        : key.slice(1 + prefix.length, -companion.length - 1) + companion
    },
    patterns: (pattern) => [
      ...plain.patterns(pattern),
      ...COMPANIONS.map((suffix) => `{${escapeGlob(prefix)}*}${suffix}`)
    ],
    matches: globMatch
  }
}
