/** Where a Temporal frontend is and how to speak to it; memory, persistent and distributed give the same thing. */
import type { Redacted } from "effect"

/** TLS settings; certificates and keys are PEM text. */
export interface TemporalTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: Redacted.Redacted
  /** The name to expect in the server's certificate. Default: the host. */
  readonly serverName?: string
}

/** A Temporal frontend. */
export interface Endpoint {
  /** `host:port`. */
  readonly address: string
  readonly namespace: string
  /** Sent as `authorization: Bearer KEY` with every request. */
  readonly apiKey?: Redacted.Redacted
  /** Without it the connection is not encrypted. */
  readonly tls?: TemporalTls
  /** How long the frontend has to answer at first, in milliseconds. */
  readonly startTimeout: number
  /** In this process or on this machine: nothing is compressed. */
  readonly loopback: boolean
}
