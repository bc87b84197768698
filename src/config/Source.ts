/** The syntax tree of a config file: its default export, followed through constants of the same file. */
import { readFileSync } from "node:fs"
import { type Node, type Program, parse } from "acorn"
import type { Place } from "./Problem.ts"
import { toJavaScript } from "./TypeScript.ts"

/** A node of acorn with any fields; read through {@link child} and {@link children}. */
export interface AnyNode extends Node {
  readonly [field: string]: unknown
}

/** Whether a value is a node. */
export const isNode = (value: unknown): value is AnyNode =>
  typeof value === "object" && value !== null && "type" in value && "loc" in value

/** The node in a field, if there is one. */
export const child = (node: AnyNode, field: string): AnyNode | undefined => {
  const value = node[field]
  return isNode(value) ? value : undefined
}

/** The nodes in a field that holds a list. */
export const children = (node: AnyNode, field: string): ReadonlyArray<AnyNode> => {
  const value = node[field]
  return Array.isArray(value) ? value.filter(isNode) : []
}

/** The name of an identifier, or the text of a string. */
export const nameOf = (node: AnyNode | undefined): string | undefined => {
  if (node?.type === "Identifier" && typeof node.name === "string") return node.name
  return node?.type === "Literal" && typeof node.value === "string" ? node.value : undefined
}

/** A parsed source file. */
export interface Source {
  readonly file: string
  readonly program: AnyNode
  /** The constants at the top of the file. */
  readonly constants: ReadonlyMap<string, AnyNode>
}

const maximumSource = 10_485_760

/** Parses a file of JavaScript or TypeScript; `undefined` where it cannot be read or parsed. */
export const parseSource = (file: string): Source | undefined => {
  let program: Program
  try {
    const source = readFileSync(file, "utf8")
    if (source.length > maximumSource) return undefined
    program = parse(toJavaScript(file, source), {
      ecmaVersion: "latest",
      sourceType: "module",
      locations: true,
      allowHashBang: true
    })
  } catch {
    return undefined
  }
  if (!isNode(program)) return undefined
  const constants = new Map<string, AnyNode>()
  for (const statement of children(program, "body")) {
    const declaration =
      statement.type === "ExportNamedDeclaration" ? child(statement, "declaration") : statement
    if (declaration?.type !== "VariableDeclaration") continue
    for (const declarator of children(declaration, "declarations")) {
      const name = nameOf(child(declarator, "id"))
      const init = child(declarator, "init")
      if (name !== undefined && init !== undefined) constants.set(name, init)
    }
  }
  return { file, program, constants }
}

/** The expression that the file exports as default. */
export const defaultExport = ({ program, constants }: Source): AnyNode | undefined => {
  for (const statement of children(program, "body")) {
    if (statement.type === "ExportDefaultDeclaration") return child(statement, "declaration")
    if (statement.type !== "ExportNamedDeclaration") continue
    for (const specifier of children(statement, "specifiers")) {
      if (nameOf(child(specifier, "exported")) !== "default") continue
      return constants.get(nameOf(child(specifier, "local")) ?? "")
    }
  }
  return undefined
}

/** Where a node starts. */
export const placeOf = (file: string, node: AnyNode): Place | undefined =>
  node.loc === undefined || node.loc === null
    ? undefined
    : { file, line: node.loc.start.line, column: node.loc.start.column + 1 }
