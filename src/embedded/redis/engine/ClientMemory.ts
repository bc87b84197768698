import type { Session } from "./Session.ts"

/** With more clients than these a sum is used again for a while: making it looks at every one. */
const FEW = 64
const FRESH_MILLIS = 10

/** Knows about how much memory clients take: replies that they have not read, commands that have not arrived whole. */
export class ClientMemory {
  private readonly clients: ReadonlyMap<number, Session>
  private sum = 0
  private summedAt = -Infinity

  constructor(clients: ReadonlyMap<number, Session>) {
    this.clients = clients
  }

  bytes(): number {
    if (this.clients.size > FEW) {
      const now = performance.now()
      if (now - this.summedAt < FRESH_MILLIS) return this.sum
      this.summedAt = now
    }
    this.sum = 0
    for (const client of this.clients.values()) this.sum += client.waitingBytes + client.backlog
    return this.sum
  }
}
