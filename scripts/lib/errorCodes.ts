/** Every stable error code, read out of the sources. */
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { keys } from "../../src/config/Keys.ts"
import { LayerFailure, LayerName } from "../../src/layers/LayerError.ts"
import { sourcesUnder } from "./project.ts"

/** The stable codes that the sources can fail with: their literals, without the names of environment variables. */
export const errorCodes = async (): Promise<ReadonlySet<string>> => {
  const variables = new Set(keys.flatMap((key) => key.env.map((variable) => variable.name)))
  const codes = new Set<string>()
  for (const file of await sourcesUnder("src")) {
    const text = await readFile(file, "utf8")
    for (const match of text.matchAll(/\benv(?:ironment)?(?:\.|\[")(COMPOZY_[A-Z_]+)/g))
      variables.add(match[1] ?? "")
    if (file.endsWith(join("config", "Keys.ts"))) continue
    for (const match of text.matchAll(/["`](COMPOZY_[A-Z0-9_]*[A-Z0-9])["`]/g)) codes.add(match[1] ?? "")
  }
  // These are put together from two lists.
  for (const layer of LayerName.literals) {
    for (const failure of LayerFailure.literals) {
      codes.add(`COMPOZY_${layer}_${failure}`.toUpperCase().replaceAll("-", "_"))
    }
  }
  for (const variable of variables) codes.delete(variable)
  return codes
}
