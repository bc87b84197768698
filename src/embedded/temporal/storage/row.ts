/** A row that SQLite gives. */
export type Row = Record<string, unknown>

export const text = (value: unknown): string => (typeof value === "string" ? value : "")
export const number = (value: unknown): number => (typeof value === "number" ? value : 0)
export const bytes = (value: unknown): Uint8Array => (value instanceof Uint8Array ? value : new Uint8Array(0))
