/** The parts of a Markdown page that the checks look at: its fenced blocks, links and anchors. */

/** A fenced block: its language, the words after it, its text, and the line of its first line. */
export interface Block {
  readonly language: string
  readonly words: ReadonlyArray<string>
  readonly text: string
  readonly line: number
}

/** The value of `name=value` among a block's words. */
export const option = (block: Block, name: string): string | undefined =>
  block.words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1)

/** The fenced blocks of a page, in order. */
export const blocks = (text: string): ReadonlyArray<Block> => {
  const found: Array<Block> = []
  let open:
    | {
        fence: string
        indent: string
        language: string
        words: Array<string>
        line: number
        lines: Array<string>
      }
    | undefined
  for (const [index, line] of text.split("\n").entries()) {
    if (open === undefined) {
      const start = /^(\s*)(`{3,})\s*(\S*)\s*(.*)$/.exec(line)
      if (start === null) continue
      const [, indent = "", fence = "", language = "", rest = ""] = start
      const words = rest.split(/\s+/).filter((word) => word !== "")
      open = { fence, indent, language, words, line: index + 2, lines: [] }
    } else if (line.trim() === open.fence) {
      found.push({
        language: open.language,
        words: open.words,
        text: `${open.lines.join("\n")}\n`,
        line: open.line
      })
      open = undefined
    } else {
      open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line)
    }
  }
  return found
}

/** A page without its fenced blocks and inline code, line for line. */
const prose = (text: string): string => {
  let fence: string | undefined
  return text
    .split("\n")
    .map((line) => {
      const mark = /^\s*(`{3,})/.exec(line)?.[1]
      if (fence !== undefined) {
        if (line.trim() === fence) fence = undefined
        return ""
      }
      if (mark !== undefined) {
        fence = mark
        return ""
      }
      return line.replaceAll(/`[^`]*`/g, "")
    })
    .join("\n")
}

/** A link and the line it stands on. */
export interface Link {
  readonly target: string
  readonly line: number
}

/** The targets of links and pictures. */
export const links = (text: string): ReadonlyArray<Link> =>
  prose(text)
    .split("\n")
    .flatMap((line, index) =>
      [...line.matchAll(/\]\(([^)\s]+)\)|\b(?:src|href)="([^"]+)"/g)].map((match) => ({
        target: match[1] ?? match[2] ?? "",
        line: index + 1
      }))
    )

/** The anchors that a page's headings give, as GitHub writes them. */
export const anchors = (text: string): ReadonlySet<string> => {
  const found = new Set<string>()
  let fenced = false
  for (const line of text.split("\n")) {
    if (/^\s*`{3,}/.test(line)) fenced = !fenced
    for (const match of line.matchAll(/<a (?:id|name)="([^"]+)"/g)) found.add(match[1] ?? "")
    const heading = fenced ? null : /^#{1,6}\s+(.*)$/.exec(line)
    if (heading === null) continue
    const base = (heading[1] ?? "")
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(/\s/g, "-")
    let anchor = base
    for (let n = 1; found.has(anchor); n++) anchor = `${base}-${n}`
    found.add(anchor)
  }
  return found
}
