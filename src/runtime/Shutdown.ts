/** Closing a scope within a deadline. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"

/**
 * Closes a scope, and stops waiting for it at the deadline.
 *
 * @param scope what to close
 * @param deadline in milliseconds
 * @returns whether everything was released in time
 */
export const closeWithin = (scope: Scope.Closeable, deadline: number): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    // Detached: a finalizer that hangs cannot be interrupted, only left behind.
    const closing = yield* Effect.forkDetach(Scope.close(scope, Exit.void))
    const ended = yield* Effect.timeoutOption(Fiber.await(closing), deadline)
    return ended._tag === "Some"
  })
