/** Says why a config file could not be loaded. Used only when that happened. */
import { existsSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { ConfigFileError } from "./FileError.ts"
import type { Place } from "./Problem.ts"
import { type AnyNode, child, children, nameOf, parseSource, placeOf } from "./Source.ts"

const textOf = (cause: unknown, field: "message" | "stack" | "code" | "name"): string => {
  const value: unknown = typeof cause === "object" && cause !== null ? Reflect.get(cause, field) : undefined
  return typeof value === "string" ? value : field === "message" ? String(cause) : ""
}

const toPath = (url: string): string =>
  url.startsWith("file:") ? fileURLToPath(url.replace(/[?#].*$/u, "")) : url

/** Node puts `file:line`, the line and carets before the stack of an error in the source itself. */
const placeInSource = (stack: string): Place | undefined => {
  const lines = stack.split("\n")
  const match = /^(file:.*?|\/.*?|[A-Za-z]:\\.*?):(\d+)$/u.exec(lines[0] ?? "")
  if (match === null) return undefined
  const caret = lines.slice(1, 6).find((line) => /^\s*\^+\s*$/u.test(line))
  return {
    file: toPath(match[1] ?? ""),
    line: Number(match[2]),
    column: Math.max(0, caret?.indexOf("^") ?? 0) + 1
  }
}

/** The first frame of a stack in the user's own files. */
const placeInStack = (stack: string): Place | undefined => {
  for (const [, url, line, column] of stack.matchAll(/\(?((?:file:\/\/)?[^\s()]+):(\d+):(\d+)\)?$/gmu)) {
    if (url === undefined || url.startsWith("node:") || url.includes("/node_modules/")) continue
    return { file: toPath(url), line: Number(line), column: Number(column) }
  }
  return undefined
}

/** Where a file imports a specifier. */
const placeOfImport = (file: string, matches: (specifier: string) => boolean): Place | undefined => {
  const source = parseSource(file)
  if (source === undefined) return undefined
  const statements: ReadonlyArray<AnyNode> = children(source.program, "body")
  for (const statement of statements) {
    const from = child(statement, "source")
    const specifier = nameOf(from)
    if (from !== undefined && specifier !== undefined && matches(specifier)) return placeOf(file, from)
  }
  return undefined
}

/** The lock file that lies nearest says with what packages are installed. */
const installCommand = (file: string, packages: string): string => {
  const managers = [
    ["pnpm-lock.yaml", "pnpm add"],
    ["yarn.lock", "yarn add"],
    ["bun.lock", "bun add"],
    ["package-lock.json", "npm install"]
  ] as const
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manager = managers.find(([lock]) => existsSync(join(folder, lock)))
    if (manager !== undefined) return `${manager[1]} ${packages}`
    if (dirname(folder) === folder) return `npm install ${packages}`
  }
}

/** The patterns of `paths` in the nearest tsconfig.json, as prefixes. */
const aliasesNear = (file: string): ReadonlyArray<string> => {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const path = join(folder, "tsconfig.json")
    if (existsSync(path)) {
      const paths = /"paths"\s*:\s*\{([^}]*)\}/u.exec(readFileSync(path, "utf8"))?.[1] ?? ""
      return [...paths.matchAll(/"([^"*]+)\*?"\s*:/gu)].map(([, prefix]) => prefix ?? "")
    }
    if (dirname(folder) === folder) return []
  }
}

const isAlias = (specifier: string, file: string): boolean =>
  /^(?:@\/|~|#)/u.test(specifier) || aliasesNear(file).some((prefix) => specifier.startsWith(prefix))

interface Reason {
  readonly code: ConfigFileError["code"]
  readonly problem: string
  readonly fix: string
  readonly place?: Place | undefined
  readonly related?: ReadonlyArray<{ readonly what: string; readonly place: Place }>
}

const unsupported = (message: string, stack: string): Reason => {
  const what = /enum/iu.test(message)
    ? { name: "an enum", fix: 'write a union of literals (type Color = "red" | "blue") or a const object' }
    : /parameter propert/iu.test(message)
      ? { name: "a parameter property", fix: "declare the field and assign it in the constructor" }
      : /namespace|module/iu.test(message)
        ? { name: "a namespace", fix: "export its members from a file of their own" }
        : { name: "syntax that has to be compiled", fix: "write it in plain TypeScript" }
  return {
    code: "COMPOZY_CONFIG_FILE_UNSUPPORTED_SYNTAX",
    problem: `Node only removes types, and cannot run ${what.name}.`,
    fix: `${what.fix}; "erasableSyntaxOnly": true in tsconfig.json lets the editor say so`,
    place: placeInSource(stack)
  }
}

const missingExport = (message: string, stack: string): Reason | undefined => {
  const match = /The requested module '([^']+)' does not provide an export named '([^']+)'/u.exec(message)
  if (match === null) return undefined
  const [, module = "", name = ""] = match
  return {
    code: "COMPOZY_CONFIG_FILE_TYPE_IMPORT",
    problem: `"${module}" has no value named ${name} to import.`,
    fix:
      name === "default"
        ? `import what it exports by name: import { ... } from "${module}"`
        : `write "import type { ${name} }" if ${name} is a type, else correct the name; "verbatimModuleSyntax": true in tsconfig.json lets the editor say so`,
    place: placeInSource(stack)
  }
}

const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/")

const missingModule = (file: string, message: string): Reason | undefined => {
  const match = /Cannot find (package|module) '([^']+)' imported from (.+)$/mu.exec(message)
  const inner = /Package import specifier "([^"]+)" is not defined.* imported from (.+)$/mu.exec(message)
  const specifierRule = /Invalid module "([^"]+)".* imported from (.+)$/mu.exec(message)
  const name = match?.[2] ?? inner?.[1] ?? specifierRule?.[1]
  const importer = toPath((match?.[3] ?? inner?.[2] ?? specifierRule?.[2] ?? file).trim())
  if (name === undefined) return undefined
  if (match?.[1] === "module") {
    const target = relative(dirname(importer), name)
    const written = target.startsWith(".") ? target : `./${target}`
    const place = placeOfImport(
      importer,
      (specifier) => specifier === written || join(dirname(importer), specifier) === name
    )
    if (name.includes("/node_modules/")) {
      const owner = packageOf(name.slice(name.lastIndexOf("/node_modules/") + 14))
      return {
        code: "COMPOZY_CONFIG_FILE_PACKAGE_MISSING",
        problem: `The package "${owner}" is installed without a file that it needs.`,
        fix: `install it again: ${installCommand(file, owner)}`,
        place
      }
    }
    return {
      code: "COMPOZY_CONFIG_FILE_IMPORT_MISSING",
      problem: `There is no file ${written}.`,
      fix: "correct the path of the import",
      place
    }
  }
  const place = placeOfImport(importer, (specifier) => specifier === name || specifier.startsWith(`${name}/`))
  if (isAlias(name, importer) || isAlias(`${name}/`, importer)) {
    return {
      code: "COMPOZY_CONFIG_FILE_PATH_ALIAS",
      problem: `"${name}" is a path alias, which only the compiler knows.`,
      fix: 'write a relative path ("./lib/x.ts"), or an entry under "imports" in package.json ("#lib/*": "./lib/*.ts")',
      place
    }
  }
  const wanted = packageOf(name)
  return {
    code: "COMPOZY_CONFIG_FILE_PACKAGE_MISSING",
    problem: `The package "${wanted}" is not installed.`,
    fix: `type: ${installCommand(file, wanted === "compozy" || wanted === "effect" ? "compozy effect" : wanted)}`,
    place
  }
}

/** A place of a definition error: `{ what: "first at", at: "file:line:column" }`. */
const definitionPlace = (given: unknown): ReadonlyArray<{ readonly what: string; readonly place: Place }> => {
  if (typeof given !== "object" || given === null) return []
  const [what, at]: ReadonlyArray<unknown> = [Reflect.get(given, "what"), Reflect.get(given, "at")]
  const match = /^(.*):(\d+):(\d+)$/u.exec(typeof at === "string" ? at : "")
  if (match === null) return []
  const place = { file: resolve(match[1] ?? ""), line: Number(match[2]), column: Number(match[3]) }
  return [{ what: typeof what === "string" ? what : "at", place }]
}

/** What `defineWorkflow` and `defineTool` refused: it has its own code, fix and places. */
const definition = (cause: unknown): Reason | undefined => {
  if (typeof cause !== "object" || cause === null || Reflect.get(cause, "_tag") !== "DefinitionError")
    return undefined
  const [problem, fix, places]: ReadonlyArray<unknown> = ["problem", "fix", "places"].map((field) =>
    Reflect.get(cause, field)
  )
  const [first, ...related] = Array.isArray(places) ? places.flatMap(definitionPlace) : []
  const code = textOf(cause, "code")
  return {
    code: "COMPOZY_CONFIG_FILE_DEFINITION",
    problem: `${typeof problem === "string" ? problem : textOf(cause, "message")}${code === "" ? "" : ` (${code})`}`,
    fix: typeof fix === "string" ? fix : "correct the definition",
    place: first?.place,
    ...(related.length === 0 ? {} : { related })
  }
}

const reasonOf = (file: string, cause: unknown): Reason => {
  const [message, stack, code] = [textOf(cause, "message"), textOf(cause, "stack"), textOf(cause, "code")]
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") return unsupported(message, stack)
  const reason = definition(cause) ?? missingExport(message, stack) ?? missingModule(file, message)
  if (reason !== undefined) return reason
  const place = placeInSource(stack)
  if (
    textOf(cause, "name") === "SyntaxError" &&
    (place !== undefined || code === "ERR_INVALID_TYPESCRIPT_SYNTAX")
  ) {
    return {
      code: "COMPOZY_CONFIG_FILE_SYNTAX",
      problem: `The source has a mistake: ${message.replace(/\.$/u, "")}.`,
      fix: "correct the syntax",
      place
    }
  }
  const first = message.split("\n")[0] ?? ""
  return {
    code: "COMPOZY_CONFIG_FILE_THREW",
    problem: `Loading the config file failed: ${first.slice(0, 500)}`,
    fix: /\b(?:require|module|exports) is not defined/u.test(message)
      ? "write import and export: a config file is an ES module"
      : "correct what throws there; a config is loaded by every command, so it should only define things",
    place: placeInStack(stack)
  }
}

/** Turns what loading threw into an error with its place and what to do. */
export const explain = (file: string, cause: unknown): ConfigFileError => {
  const { place, ...reason } = reasonOf(file, cause)
  return new ConfigFileError({ ...reason, file, ...(place === undefined ? {} : { place }), cause })
}
