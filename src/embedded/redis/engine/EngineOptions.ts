/** What happened inside the engine that a host may want to log. */
export type EngineLogger = (level: "debug" | "info" | "warn" | "error", message: string) => void

/** How an engine is made. */
export interface EngineOptions {
  readonly databases: number
  readonly logger: EngineLogger
  /** Whether DEBUG may be called. Default false. */
  readonly allowsDebug?: boolean | undefined
  /** What SHUTDOWN does; it is refused without. */
  readonly shutdown?: ((save: boolean | undefined) => void) | undefined
}
