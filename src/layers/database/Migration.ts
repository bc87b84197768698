/** One step of a schema's history. */

/**
 * A migration. Its statements run in one transaction, in order, and never change once released: a later change of
 * the schema is a later migration.
 */
export interface Migration {
  /** Orders migrations; 1 is the first. */
  readonly id: number
  readonly name: string
  readonly up: ReadonlyArray<string>
  /** Undoes `up`. What `up` brought, and all data in it, is lost. */
  readonly down: ReadonlyArray<string>
}
