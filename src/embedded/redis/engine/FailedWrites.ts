/** Replies with those parts replaced that lie between marks: begin and end of one part after the other. */
export const withoutMarked = (replies: string, marks: ReadonlyArray<number>, instead: string): string => {
  let result = ""
  let from = 0
  for (let at = 0; at < marks.length; at += 2) {
    result += replies.slice(from, marks[at]) + instead
    from = marks[at + 1] ?? from
  }
  return result + replies.slice(from)
}
