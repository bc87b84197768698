import type { Arguments } from "../exec/Arguments.ts"
import type { Client, Command } from "../exec/Context.ts"
import { Status } from "../resp/Reply.ts"
import { monitorLine } from "./MonitorLine.ts"

/** The clients that get a line for every command. */
export class Monitors {
  private readonly clients = new Set<Client>()

  get isEmpty(): boolean {
    return this.clients.size === 0
  }

  /** Gives a client a line for every command from now on, or no more. */
  set(client: Client, on: boolean): void {
    client.isMonitor = on
    if (on) this.clients.add(client)
    else this.clients.delete(client)
  }

  /** Forgets a client that has gone. */
  drop(client: Client): void {
    this.clients.delete(client)
  }

  tell(client: Client, command: Command, args: Arguments, byScript: boolean): void {
    const source = byScript
      ? "lua"
      : client.isUnix
        ? `unix:${client.address.replace(/:0$/, "")}`
        : client.address
    const micros = Math.floor((performance.timeOrigin + performance.now()) * 1000)
    const line = new Status(monitorLine(micros, client.db.index, source, command, args))
    for (const monitor of this.clients) monitor.push(line)
  }
}
