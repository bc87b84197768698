/**
 * Finds where the source of a config tests a reference: `if (ref)`, `!ref`, `ref ?? x`, `ref || x`. A reference has
 * no value while a workflow is defined, so such a test always takes the same way, and JavaScript cannot detect it.
 */
import { existsSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import type { ConfigProblem } from "./Problem.ts"
import { type AnyNode, type Source, child, children, isNode, nameOf, parseSource, placeOf } from "./Source.ts"

/** Calls of `task` that give a reference. */
const givesReference = new Set([
  "tool",
  "router",
  "when",
  "parallel",
  "collection",
  "wait",
  "workflow",
  "group",
  "attempt"
])

const each = (node: AnyNode, visit: (inner: AnyNode) => void): void => {
  for (const value of Object.values(node)) {
    if (isNode(value)) visit(value)
    else if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) visit(item)
    }
  }
}

/** The names that a pattern binds: `{ input, task }`, `[a]`, `x = 1`. */
const bound = (pattern: AnyNode): ReadonlyArray<string> => {
  const name = nameOf(pattern)
  if (name !== undefined) return [name]
  if (pattern.type === "AssignmentPattern")
    return [child(pattern, "left")].flatMap((left) => (left === undefined ? [] : bound(left)))
  if (pattern.type === "RestElement")
    return [child(pattern, "argument")].flatMap((inner) => (inner === undefined ? [] : bound(inner)))
  return [
    ...children(pattern, "elements"),
    ...children(pattern, "properties").flatMap(
      (item) => child(item, "value") ?? child(item, "argument") ?? []
    )
  ].flatMap(bound)
}

const isFunction = (node: AnyNode): boolean =>
  node.type === "ArrowFunctionExpression" || node.type === "FunctionExpression"

const calledName = (node: AnyNode): string | undefined => {
  const callee = child(node, "callee")
  return callee?.type === "MemberExpression" ? nameOf(child(callee, "property")) : nameOf(callee)
}

type Scope = ReadonlySet<string>

/** Whether an expression is a reference, as far as its own text says: a name that holds one, its field, or a task's result. */
const isReference = (node: AnyNode | undefined, scope: Scope): boolean => {
  if (node === undefined) return false
  if (node.type === "Identifier") return scope.has(nameOf(node) ?? "")
  if (node.type === "ChainExpression") return isReference(child(node, "expression"), scope)
  if (node.type === "MemberExpression") {
    // The length of an array is a reference too.
    return isReference(child(node, "object"), scope)
  }
  if (node.type !== "CallExpression") return false
  const callee = child(node, "callee")
  if (callee?.type !== "MemberExpression") return false
  const object = child(callee, "object")
  const method = nameOf(child(callee, "property")) ?? ""
  if (nameOf(object) === "task") return givesReference.has(method)
  return (method === "at" || method === "get") && isReference(object, scope)
}

const tested = (node: AnyNode): ReadonlyArray<AnyNode> => {
  const pick = (field: string): ReadonlyArray<AnyNode> => {
    const found = child(node, field)
    return found === undefined ? [] : [found]
  }
  switch (node.type) {
    case "IfStatement":
    case "ConditionalExpression":
    case "WhileStatement":
      return pick("test")
    case "LogicalExpression":
      return pick("left")
    case "UnaryExpression":
      return node.operator === "!" ? pick("argument") : []
    default:
      return []
  }
}

/** Names that a block is given as references: `input` of a build, `item` and `index` of a collection ... */
const givenNames = new Set(["input", "item", "index", "signal", "error"])

const maximumFiles = 100

/** The files of the project that a file imports by relative paths. */
const importsOf = (source: Source): ReadonlyArray<string> =>
  children(source.program, "body").flatMap((statement) => {
    const specifier = nameOf(child(statement, "source"))
    if (specifier === undefined || !/^\.{1,2}\//u.test(specifier)) return []
    const path = resolve(dirname(source.file), specifier)
    const bare = path.replace(/\.m?js$/u, "")
    const found = [path, `${bare}.ts`, `${bare}.mts`, `${bare}.js`, join(path, "index.ts")].find(
      (candidate) => /\.m?[jt]s$/u.test(candidate) && existsSync(candidate)
    )
    return found === undefined ? [] : [found]
  })

/** Warnings for a config file and the files that it imports by relative paths; none for one that cannot be read. */
export const findTestedReferences = (file: string): ReadonlyArray<ConfigProblem> => {
  const files = new Set([file])
  const found: Array<ConfigProblem> = []
  for (const path of files) {
    const source = parseSource(path)
    if (source === undefined) continue
    found.push(...inSource(source))
    for (const imported of importsOf(source)) if (files.size < maximumFiles) files.add(imported)
  }
  return found
}

const inSource = ({ file, program }: Source): ReadonlyArray<ConfigProblem> => {
  const found: Array<ConfigProblem> = []
  const walk = (node: AnyNode, outer: Scope, building: boolean): void => {
    let scope = outer
    if (isFunction(node) && building) {
      const names = children(node, "params").flatMap(bound)
      // A parameter hides an outer name; what a block is given is a reference again.
      scope = new Set([
        ...[...outer].filter((name) => !names.includes(name)),
        ...names.filter((name) => givenNames.has(name))
      ])
    }
    if (building && node.type === "BlockStatement") {
      const names = new Set(scope)
      for (const statement of children(node, "body")) {
        for (const declarator of children(statement, "declarations")) {
          const id = child(declarator, "id")
          if (id !== undefined && isReference(child(declarator, "init"), names))
            for (const name of bound(id)) names.add(name)
        }
      }
      scope = names
    }
    for (const test of building ? tested(node) : []) {
      const place = isReference(test, scope) ? placeOf(file, test) : undefined
      if (place === undefined) continue
      found.push({
        code: "COMPOZY_CONFIG_TESTED_REFERENCE",
        key: "workflows",
        message:
          "A reference is tested here, but it has no value while the workflow is defined: the test always goes the same way.",
        fix: "use task.when or task.router to choose, coalesce for a missing value, not(...) for a condition",
        place
      })
    }
    const builds = node.type === "CallExpression" && calledName(node) === "defineWorkflow"
    each(node, (inner) => walk(inner, scope, building || (builds && isFunction(inner))))
  }
  walk(program, new Set(), false)
  return found
}
