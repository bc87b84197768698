import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { SYNTAX } from "../exec/Errors.ts"
import { ErrorReply, MapReply, type Reply } from "../resp/Reply.ts"
import { isString, textOf } from "./Access.ts"

const lcs = (client: Client, args: Arguments): Reply => {
  let idx = false
  let onlyLength = false
  let withLength = false
  let minimum = 0
  const left = lcsInput(client, argument(args, 1))
  const right = lcsInput(client, argument(args, 2))
  for (let at = 3; at < args.length; at++) {
    const name = argument(args, at).toUpperCase()
    if (name === "IDX") idx = true
    else if (name === "LEN") onlyLength = true
    else if (name === "WITHMATCHLEN") withLength = true
    else if (name === "MINMATCHLEN" && at + 1 < args.length)
      minimum = Math.max(0, integer(argument(args, ++at)))
    else throw SYNTAX
  }
  if (idx && onlyLength) {
    throw new ErrorReply("ERR If you want both the length and indexes, please just use IDX.")
  }
  const width = right.length + 1
  if ((left.length + 1) * width > 128 * 1024 * 1024) {
    throw new ErrorReply("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
  }
  const table = new Uint32Array((left.length + 1) * width)
  for (let i = 1; i <= left.length; i++) {
    for (let j = 1; j <= right.length; j++) {
      table[i * width + j] =
        left.charCodeAt(i - 1) === right.charCodeAt(j - 1)
          ? (table[(i - 1) * width + j - 1] ?? 0) + 1
          : Math.max(table[(i - 1) * width + j] ?? 0, table[i * width + j - 1] ?? 0)
    }
  }
  const length = table[left.length * width + right.length] ?? 0
  if (onlyLength) return length
  const matched: Array<string> = []
  const ranges: Array<Reply> = []
  let i = left.length
  let j = right.length
  let run = 0
  const flush = (): void => {
    if (run > 0 && run >= minimum) {
      const range: Array<Reply> = [
        [i, i + run - 1],
        [j, j + run - 1]
      ]
      ranges.push(withLength ? [...range, run] : range)
    }
    run = 0
  }
  while (i > 0 && j > 0) {
    if (left.charCodeAt(i - 1) === right.charCodeAt(j - 1)) {
      matched.push(left[i - 1] ?? "")
      i--
      j--
      run++
    } else {
      flush()
      if ((table[(i - 1) * width + j] ?? 0) > (table[i * width + j - 1] ?? 0)) i--
      else j--
    }
  }
  flush()
  return idx ? new MapReply(["matches", ranges, "len", length]) : matched.toReversed().join("")
}

const lcsInput = (client: Client, key: string): string => {
  const entry = client.db.find(key)
  if (entry === undefined) return ""
  if (!isString(entry.value)) throw new ErrorReply("ERR The specified keys must contain string values")
  return textOf(entry.value)
}

/** LCS: the longest common subsequence of two strings. */
export const LCS: ReadonlyArray<CommandDefinition> = [
  {
    name: "lcs",
    arity: -3,
    flags: "readonly",
    keys: [1, 2, 1],
    since: "7.0.0",
    complexity: "O(N*M)",
    summary: "Finds the longest common substring.",
    run: lcs
  }
]
