import { dirname } from "node:path"
import { EmbeddedRedisError } from "../Errors.ts"

/** The command that keeps what can be read of a folder. */
const repairCommand = (file: string): string =>
  `compozy embedded redis --dir '${dirname(dirname(file))}' --repair`

/** The error of a file that cannot be read from a byte on. */
export const damaged = (file: string, offset: number, why: string): EmbeddedRedisError =>
  new EmbeddedRedisError({
    reason: "Damaged",
    file,
    offset,
    message: `${file} is damaged at byte ${offset}: ${why}.`,
    fix: `Restore the folder from a backup, or keep what can be read, which copies the folder first: ${repairCommand(file)}`
  })

/** The error of a manifest, or of a file that it lists and that is not there. */
export const damagedList = (file: string, message: string): EmbeddedRedisError =>
  new EmbeddedRedisError({
    reason: "Damaged",
    file,
    message,
    fix: `Restore the folder from a backup, or keep what can be read, which copies the folder first: ${repairCommand(file)}`
  })

/** Something that was not read because it is damaged. */
export interface Finding {
  readonly file: string
  /** Where the damage is, in bytes. */
  readonly offset: number
  readonly why: string
  /** How many bytes from there on were left out. */
  readonly bytes: number
}

/** What is done about damage: refuse (it throws), or note it and go on with what can be read. */
export interface DamagePolicy {
  readonly onDamage: (error: EmbeddedRedisError, bytes: number) => void
}

/** Never goes on. */
export const REFUSE: DamagePolicy = {
  onDamage: (error) => {
    throw error
  }
}
