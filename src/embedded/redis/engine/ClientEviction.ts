import { clientBytes } from "./ClientLine.ts"
import type { Session } from "./Session.ts"

/** No limit is below this, as in the real server. */
const LEAST = 128 * 1024

/**
 * Cuts clients off, those that take most first, until all others together take no more than a limit; how many. Clients
 * that are not to be evicted neither go nor count.
 */
export const evictClients = (clients: ReadonlyMap<number, Session>, limit: number): number => {
  const most = Math.max(limit, LEAST)
  const sizes: Array<{ readonly session: Session; readonly bytes: number }> = []
  let total = 0
  for (const session of clients.values()) {
    if (session.noEvict) continue
    const bytes = clientBytes(session)
    total += bytes
    sizes.push({ session, bytes })
  }
  if (total <= most) return 0
  let evicted = 0
  for (const { session, bytes } of sizes.toSorted((left, right) => right.bytes - left.bytes)) {
    if (total <= most) break
    session.kill()
    total -= bytes
    evicted++
  }
  return evicted
}
