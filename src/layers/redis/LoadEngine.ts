/** The Redis in this process, loaded only where it is used. */
import { Effect } from "effect"

/** Loads the engine; importing this module alone loads nothing. */
export const loadEngine = Effect.promise(() => import("../../embedded/redis/index.ts"))
