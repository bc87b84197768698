/** The other end of a connection. */
export interface Transport {
  /** Sends bytes; called from the engine's flush only, never from within a write of the client. */
  readonly send: (bytes: Buffer) => void
  /** Closes the connection once everything sent has left. */
  readonly end: () => void
  /** Closes the connection at once. */
  readonly destroy: () => void
  /** How the peer is called in CLIENT LIST. */
  readonly address: string
  readonly localAddress: string
  /** Whether the peer is connected by a Unix socket. */
  readonly isUnix?: boolean
  /** Bytes that were sent and that the peer has not taken. */
  readonly unsentBytes: () => number
}
