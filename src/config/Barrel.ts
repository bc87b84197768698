/**
 * `import { Schema } from "effect"` loads all of Effect, which is a tenth of a start. In a config it is read as
 * `import * as Schema from "effect/Schema"`, which is the same object by the package's own definition.
 */
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import { dirname, join } from "node:path"
import { existsSync } from "node:fs"

const barrel = /^([ \t]*)import[ \t]*\{([^{}]*)\}[ \t]*from[ \t]*(["'])effect\3[ \t]*;?/gmu
const specifier = /^(?:(type)\s+)?([A-Za-z_$][\w$]*)(?:\s+as\s+([A-Za-z_$][\w$]*))?$/u

/** What may stand before the last import of a module's head: white space, comments, imports. */
const headPart = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|import\s[^"';]*["'][^"'\n]*["'][ \t]*;?/uy

/** Where the imports at the head of a module end: what looks like one behind may be the text of a template. */
const endOfImports = (source: string): number => {
  let end = 0
  for (;;) {
    headPart.lastIndex = end
    const match = headPart.exec(source)
    if (match === null) return end
    end += match[0].length
  }
}

interface Parts {
  readonly namespaces: ReadonlyArray<string>
  readonly types: ReadonlyArray<string>
  readonly rest: ReadonlyArray<string>
}

const partsOf = (list: string, hasModule: (name: string) => boolean): Parts | undefined => {
  const namespaces: Array<string> = []
  const types: Array<string> = []
  const rest: Array<string> = []
  for (const text of list.split(",").map((part) => part.trim())) {
    if (text === "") continue
    const match = specifier.exec(text)
    if (match === null) return undefined
    const [, type, name = "", alias = name] = match
    if (type !== undefined) types.push(`${name} as ${alias}`)
    else if (hasModule(name)) namespaces.push(`import * as ${alias} from "effect/${name}"`)
    else rest.push(`${name} as ${alias}`)
  }
  return { namespaces, types, rest }
}

/** The folder of the modules of the `effect` that a file imports. */
const modulesOf = (url: string): string | undefined => {
  try {
    return dirname(createRequire(fileURLToPath(url)).resolve("effect"))
  } catch {
    return undefined
  }
}

/**
 * Rewrites the imports of `"effect"` in a source to the modules that they name. Lines keep their numbers. An import
 * with anything that is no module of its own (`pipe`) or that is not understood is left as it is.
 *
 * @param source - The text of a JavaScript or TypeScript module.
 * @param url - Its URL, from which `effect` is resolved.
 * @returns The text to load.
 */
export const withoutBarrel = (source: string, url: string): string => {
  if (!source.includes("effect")) return source
  let folder: { readonly path: string | undefined } | undefined
  const hasModule = (name: string): boolean => {
    folder ??= { path: modulesOf(url) }
    return /^[A-Z]/u.test(name) && folder.path !== undefined && existsSync(join(folder.path, `${name}.js`))
  }
  const head = source.slice(0, endOfImports(source))
  const rewritten = head.replaceAll(barrel, (text, indent: string, list: string) => {
    const parts = partsOf(list, hasModule)
    if (parts === undefined || parts.rest.length > 0 || parts.namespaces.length === 0) return text
    const types = parts.types.length === 0 ? [] : [`import type { ${parts.types.join(", ")} } from "effect"`]
    const lines = text.split("\n").length - 1
    return `${indent}${[...parts.namespaces, ...types].join("; ")};${"\n".repeat(lines)}`
  })
  return rewritten + source.slice(head.length)
}
