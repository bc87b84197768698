import type { Client } from "../exec/Context.ts"

/** What is told of a client. */
export interface DescribedClient extends Client {
  readonly transport: { readonly address: string; readonly localAddress: string }
  readonly connectedAt: number
  readonly usedAt: number
  readonly running: ReadonlyArray<string> | undefined
  readonly lastCommand: string
  readonly isSubscribed: boolean
  readonly isBlocked: boolean
  readonly isClosing: boolean
  readonly isUnix: boolean
  /** Bytes that it has sent and that are not read yet. */
  readonly backlog: number
  /** Bytes that wait for it, and those of them that are its replies not yet handed over. */
  readonly waitingBytes: number
  readonly outputLength: number
}

/** What a connection takes that says nothing. */
const OVERHEAD = 1024

/** How long a command is in RESP. */
const commandLength = (args: ReadonlyArray<string>): number =>
  args.reduce((sum, arg) => sum + arg.length + String(arg.length).length + 5, String(args.length).length + 3)

const argumentBytesOf = ({ running }: DescribedClient): number =>
  running === undefined ? 0 : running.reduce((sum, arg) => sum + arg.length, 0)

const queryBytesOf = ({ backlog, running }: DescribedClient): number =>
  backlog + (running === undefined ? 0 : commandLength(running))

/** The bytes that a client takes: what it has sent, what it has queued, what waits for it. */
export const clientBytes = (session: DescribedClient): number =>
  OVERHEAD +
  session.waitingBytes +
  queryBytesOf(session) +
  argumentBytesOf(session) +
  (session.transaction?.bytes ?? 0)

/** What CLIENT LIST and CLIENT INFO say of a client. */
export const clientLine = (session: DescribedClient, now: number): string => {
  const { tracking, transaction } = session
  const flags =
    (session.isMonitor ? "O" : "") +
    (session.isSubscribed ? "P" : "") +
    (transaction === undefined ? "" : "x") +
    (session.isBlocked ? "b" : "") +
    (tracking === undefined ? "" : "t") +
    (tracking?.isBroken === true ? "R" : "") +
    (tracking?.broadcast === true ? "B" : "") +
    (session.watcher.dirty ? "d" : "") +
    (session.isClosing ? "c" : "") +
    (session.isUnix ? "U" : "") +
    (session.noEvict ? "e" : "")
  const query = queryBytesOf(session)
  const unread = session.waitingBytes - session.outputLength
  const fields: ReadonlyArray<readonly [string, string | number]> = [
    ["id", session.id],
    ["addr", session.transport.address],
    ["laddr", session.transport.localAddress],
    ["fd", session.id + 7],
    ["name", session.name],
    ["age", Math.max(0, Math.floor((now - session.connectedAt) / 1000))],
    ["idle", Math.max(0, Math.floor((now - session.usedAt) / 1000))],
    ["flags", flags === "" ? "N" : flags],
    ["db", session.db.index],
    ["sub", session.channels.size],
    ["psub", session.patterns.size],
    ["ssub", session.shardChannels.size],
    ["multi", transaction === undefined ? -1 : transaction.queue.length],
    ["qbuf", query],
    ["qbuf-free", query === 0 ? 0 : Math.max(0, 20474 - query)],
    ["argv-mem", argumentBytesOf(session)],
    ["multi-mem", transaction?.bytes ?? 0],
    ["rbs", OVERHEAD],
    ["rbp", 0],
    ["obl", session.outputLength],
    ["oll", unread === 0 ? 0 : 1],
    ["omem", unread],
    ["tot-mem", clientBytes(session)],
    ["events", "r"],
    ["cmd", session.lastCommand],
    ["user", "default"],
    ["redir", tracking === undefined ? -1 : tracking.redirect],
    ["resp", session.resp],
    ["lib-name", session.libraryName],
    ["lib-ver", session.libraryVersion]
  ]
  return fields.map(([name, value]) => `${name}=${value}`).join(" ")
}
