/** Addresses that only this machine reaches. */
import { isIP } from "node:net"

/** Whether a host is this machine, seen from itself only. */
export const isLoopback = (host: string): boolean => {
  const name = host.replace(/^\[|\]$/gu, "").toLowerCase()
  if (name === "localhost" || name.endsWith(".localhost") || name === "::1") return true
  return isIP(name) === 4 && name.startsWith("127.")
}
