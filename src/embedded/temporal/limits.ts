/** Limits of the service; the defaults are the real server's. */
export interface Limits {
  /** Bytes of one payload field (an input, a result, details) that are refused. Default: 2 MiB. */
  readonly blobSize: number
  /** Bytes of one event from which the log is told. Default: 512 KiB. */
  readonly blobSizeWarn: number
  /** Bytes of a memo that are refused. Default: 2 MiB. */
  readonly memoSize: number
  /** Events of history from which a run is told to continue as new. Default: 4,096. */
  readonly suggestContinueAsNewCount: number
  /** Bytes of history from which it is told the same. Default: 4 MiB. */
  readonly suggestContinueAsNewSize: number
  /** Updates from which it is told the same; 90 % of the most that it may have. Default: 1,800. */
  readonly suggestContinueAsNewUpdates: number
  /** Events of history over which a run is terminated. Default: 51,200. */
  readonly historyCount: number
  /** Bytes of history over which it is terminated. Default: 50 MiB. */
  readonly historySize: number
  /** Activities that a run may have at a time. Default: 2,000. */
  readonly pendingActivities: number
  /** Children that it may have at a time. Default: 2,000. */
  readonly pendingChildren: number
  /** Signals to others that it may have under way. Default: 2,000. */
  readonly pendingSignals: number
  /** Cancellations of others that it may have under way. Default: 2,000. */
  readonly pendingCancels: number
  /** Signals that it may get. Default: 10,000. */
  readonly signals: number
  /** Updates that it may have under way. Default: 10. */
  readonly updatesInFlight: number
  /** Updates that it may have in all. Default: 2,000. */
  readonly updates: number
  /** Characters of an id or a name. Default: 1,000. */
  readonly idLength: number
}

export const defaultLimits: Limits = {
  blobSize: 2 * 1024 * 1024,
  blobSizeWarn: 512 * 1024,
  memoSize: 2 * 1024 * 1024,
  suggestContinueAsNewCount: 4096,
  suggestContinueAsNewSize: 4 * 1024 * 1024,
  suggestContinueAsNewUpdates: 1800,
  historyCount: 51_200,
  historySize: 50 * 1024 * 1024,
  pendingActivities: 2000,
  pendingChildren: 2000,
  pendingSignals: 2000,
  pendingCancels: 2000,
  signals: 10_000,
  updatesInFlight: 10,
  updates: 2000,
  idLength: 1000
}
