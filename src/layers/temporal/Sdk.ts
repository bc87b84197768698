/** The parts of Temporal's SDK that a client needs, loaded when the first layer is built. */
import type { Connection } from "@temporalio/client/lib/connection.js"
import type { msNumberToTs } from "@temporalio/common/lib/time.js"
import type { temporal } from "@temporalio/proto"
import { Effect } from "effect"
import type { GrpcRetry } from "./Retries.ts"

/** What is loaded. */
export interface Sdk {
  readonly Connection: typeof Connection
  /** How its client repeats calls. */
  readonly retry: GrpcRetry
  readonly temporal: typeof temporal
  /** Milliseconds as a protobuf duration. */
  readonly toDuration: typeof msNumberToTs
}

/** Loads it; importing the module alone loads nothing. */
export const loadSdk: Effect.Effect<Sdk> = Effect.promise(async () => {
  // A CommonJS module whose exports Node cannot see by name.
  const [{ Connection }, retry, { default: proto }, { msNumberToTs }] = await Promise.all([
    import("@temporalio/client/lib/connection.js"),
    import("@temporalio/client/lib/grpc-retry.js"),
    import("@temporalio/proto"),
    import("@temporalio/common/lib/time.js")
  ])
  return { Connection, retry, temporal: proto.temporal, toDuration: msNumberToTs }
})
