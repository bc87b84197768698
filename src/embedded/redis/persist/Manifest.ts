/** A file of the append-only folder: a base, an increment, or history that may be deleted. */
export interface ManifestFile {
  readonly name: string
  readonly sequence: number
  readonly type: "b" | "i" | "h"
}

/** The list of files that make up the data, as Redis 7 writes it. */
export interface Manifest {
  readonly base: ManifestFile | undefined
  readonly increments: ReadonlyArray<ManifestFile>
}

/** Redis's default for `appenddirname`. */
export const FOLDER = "appendonlydir"
const PREFIX = "appendonly.aof"
/** The manifest's name within the folder. */
export const MANIFEST = `${PREFIX}.manifest`

/** The name of a base: `rdb`, or `aof` for one of commands. */
export const baseName = (sequence: number, extension: "rdb" | "aof"): string =>
  `${PREFIX}.${sequence}.base.${extension}`
/** The name of an increment. */
export const incrementName = (sequence: number): string => `${PREFIX}.${sequence}.incr.aof`

const DATA_FILE = /^appendonly\.aof\.\d+\.(?:base\.(?:rdb|aof)|incr\.aof)$/

/** Whether a file's name is that of a base or an increment. */
export const isDataFile = (name: string): boolean => DATA_FILE.test(name)

/** The text of a manifest. */
export const formatManifest = (manifest: Manifest): string =>
  [...(manifest.base === undefined ? [] : [manifest.base]), ...manifest.increments]
    .map((file) => `file ${file.name} seq ${file.sequence} type ${file.type}\n`)
    .join("")

const LINE = /^file (?:"((?:[^"\\]|\\.)*)"|(\S+)) seq (\d+) type ([bih])$/

/** Reads a manifest; the number of the line that is wrong otherwise. */
export const parseManifest = (text: string): Manifest | { readonly badLine: number } => {
  let base: ManifestFile | undefined
  const increments: Array<ManifestFile> = []
  const lines = text.split("\n")
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue
    const match = LINE.exec(line.trim())
    const name = match?.[1]?.replace(/\\(.)/g, "$1") ?? match?.[2]
    const type = match?.[4]
    // A name with a path would let a manifest point outside of its folder.
    if (match === null || name === undefined || name === "" || /[/\\]/.test(name))
      return { badLine: index + 1 }
    const sequence = Number(match[3])
    if (type === "b") {
      if (base !== undefined) return { badLine: index + 1 }
      base = { name, sequence, type }
    } else if (type === "i") increments.push({ name, sequence, type })
  }
  return { base, increments }
}
