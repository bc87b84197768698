import type { Session } from "./Session.ts"

/** How long a command is in RESP. */
const commandLength = (args: ReadonlyArray<string>): number =>
  args.reduce((sum, arg) => sum + arg.length + String(arg.length).length + 5, String(args.length).length + 3)

/** What CLIENT LIST and CLIENT INFO say of a client. */
export const clientLine = (session: Session, now: number): string => {
  const { tracking, transaction, running } = session
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
  const argumentBytes = running === undefined ? 0 : running.reduce((sum, arg) => sum + arg.length, 0)
  const queued = transaction === undefined ? 0 : transaction.bytes
  const query = session.backlog + (running === undefined ? 0 : commandLength(running))
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
    ["argv-mem", argumentBytes],
    ["multi-mem", queued],
    ["rbs", 1024],
    ["rbp", 0],
    ["obl", session.outputLength],
    ["oll", unread === 0 ? 0 : 1],
    ["omem", unread],
    ["tot-mem", 1024 + session.waitingBytes + query + argumentBytes + queued],
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
