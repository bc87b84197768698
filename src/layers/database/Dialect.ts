/** What differs between the databases, as far as the store's values go. */
import type { Schema } from "effect"

/** How one database keeps times, JSON and bytes. */
export interface Dialect {
  readonly name: "sqlite" | "postgres"
  /** The bound value of a time in milliseconds. */
  readonly time: (milliseconds: number) => number | Date
  /** A column of JSON as the driver returns it. */
  readonly json: (column: unknown) => Schema.Json
  /** The expression that orders text by its code points, whatever the database's collation. */
  readonly byCodePoint: (column: string) => string
}

/** SQLite: times are integers and JSON is text. */
export const sqlite: Dialect = {
  name: "sqlite",
  time: Math.round,
  json: (column) => JSON.parse(String(column)),
  byCodePoint: (column) => column
}

/** PostgreSQL: the driver decodes `timestamptz` to dates and `json` to values. */
export const postgres: Dialect = {
  name: "postgres",
  time: (milliseconds) => new Date(Math.round(milliseconds)),
  // The driver ran JSON.parse on it.
  json: (column) => column as Schema.Json,
  byCodePoint: (column) => `${column} COLLATE "C"`
}
