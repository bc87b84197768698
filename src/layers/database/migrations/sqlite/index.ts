import type { Migration } from "../../Migration.ts"
import { foundation } from "./0001_foundation.ts"

/** The history of the SQLite schema, oldest first. */
export const migrations: ReadonlyArray<Migration> = [foundation]
