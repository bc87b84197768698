/**
 * Who may talk to the server: a page of another site must not be able to, neither by DNS rebinding (its own name
 * resolving to this address, so `Host` is its name) nor by a cross-site request (so `Origin` is its origin).
 */
import { isIP } from "node:net"
import { isLoopback } from "../../config/Loopback.ts"
import { ProblemError } from "./Problem.ts"

/** What the guard needs to know of the server. */
export interface HostGuardOptions {
  /** The address the server listens on. */
  readonly host: string
  /** The address it is reached at from outside, where there is one. */
  readonly publicUrl: string | undefined
  /** Origins whose pages may call it. */
  readonly origins: ReadonlyArray<string>
}

/** The parts of a request that the guard reads. */
export interface GuardedRequest {
  readonly host: string | undefined
  readonly origin: string | undefined
  /** The `Sec-Fetch-Site` header, which browsers set and pages cannot. */
  readonly fetchSite: string | undefined
}

const loopbackNames = new Set(["localhost", "127.0.0.1", "[::1]"])

const hostNameOf = (header: string): string | undefined => {
  const match = /^(\[[0-9a-f:.]+\]|[^:/?#@\s\\]+)(?::\d{1,5})?$/.exec(header.toLowerCase())
  return match?.[1]
}

const originOf = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).origin : undefined)

/**
 * Makes the check of one server.
 *
 * @returns a function that gives the refusal, or `undefined` for a request that may pass
 */
export const makeHostGuard = (
  options: HostGuardOptions
): ((request: GuardedRequest) => ProblemError | undefined) => {
  const names = new Set(loopbackNames)
  const bound = options.host.toLowerCase()
  names.add(isIP(bound) === 6 ? `[${bound}]` : bound)
  const exposed = !isLoopback(bound)
  const origins = new Set(options.origins.map(originOf).filter((origin) => origin !== undefined))
  if (options.publicUrl !== undefined && URL.canParse(options.publicUrl)) {
    const url = new URL(options.publicUrl)
    names.add(url.hostname.toLowerCase())
    origins.add(url.origin)
  }
  // An address cannot be rebound to another one, so a server that is exposed on purpose answers to any of its own.
  const knows = (name: string) =>
    names.has(name) || (exposed && isIP(name.startsWith("[") ? name.slice(1, -1) : name) !== 0)

  return ({ host, origin, fetchSite }) => {
    const name = host === undefined ? undefined : hostNameOf(host)
    if (name === undefined || !knows(name)) {
      return new ProblemError(
        "COMPOZY_HOST_REFUSED",
        `The server does not answer to the host name "${host ?? ""}". Use its address, or set server.publicUrl.`
      )
    }
    if (origin !== undefined) {
      const same = origin === `http://${host}` || origin === `https://${host}` || origins.has(origin)
      if (same) return undefined
      return new ProblemError(
        "COMPOZY_ORIGIN_REFUSED",
        `Pages of ${origin} may not call this server. List the origin in server.cors.origins to allow it.`
      )
    }
    if (fetchSite !== undefined && fetchSite !== "none" && fetchSite !== "same-origin") {
      return new ProblemError("COMPOZY_ORIGIN_REFUSED", "Pages of other sites may not call this server.")
    }
    return undefined
  }
}
