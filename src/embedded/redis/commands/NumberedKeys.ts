import type { Arguments } from "../exec/Arguments.ts"

/** The keys of LMPOP and its relatives, whose number comes first. */
export const numberedKeys =
  (at: number) =>
  (args: Arguments): ReadonlyArray<string> => {
    const count = Number(args[at])
    return Number.isInteger(count) && count > 0 ? args.slice(at + 1, at + 1 + count) : []
  }
