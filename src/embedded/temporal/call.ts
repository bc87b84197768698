/** A call as far as the services need it. */
export interface Call {
  /** When the caller gives up, in milliseconds since 1970; infinite if never. */
  readonly deadline: number
  /** Called if the caller goes away before the answer. */
  onCancel(callback: () => void): void
  isCancelled(): boolean
}
