/** The operations of the `Temporal` service before their connection exists. */
import { Effect, Stream } from "effect"
import type { ServiceError } from "../../services/ServiceError.ts"
import type { TemporalOperations } from "./TemporalService.ts"

/**
 * Operations that wait for those of `operations`, which loads them: the first call pays for Temporal's client, not the
 * start of the program.
 *
 * @param namespace the namespace that they work in
 * @param operations gives the operations; run for each call, so it remembers what it made
 */
export const lazyOperations = (
  namespace: string,
  operations: Effect.Effect<TemporalOperations, ServiceError>
): TemporalOperations => ({
  namespace,
  ping: Effect.flatMap(operations, (made) => made.ping),
  start: (options) => Effect.flatMap(operations, (made) => made.start(options)),
  signal: (execution, name, ...args) =>
    Effect.flatMap(operations, (made) => made.signal(execution, name, ...args)),
  query: (execution, name, ...args) =>
    Effect.flatMap(operations, (made) => made.query(execution, name, ...args)),
  result: (execution) => Effect.flatMap(operations, (made) => made.result(execution)),
  cancel: (execution) => Effect.flatMap(operations, (made) => made.cancel(execution)),
  terminate: (execution, reason) => Effect.flatMap(operations, (made) => made.terminate(execution, reason)),
  describe: (execution) => Effect.flatMap(operations, (made) => made.describe(execution)),
  history: (execution, options) =>
    Stream.unwrap(Effect.map(operations, (made) => made.history(execution, options))),
  list: (query) => Stream.unwrap(Effect.map(operations, (made) => made.list(query)))
})
