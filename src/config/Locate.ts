/** Finds settings in the source of a config file. Loaded only where there is a problem to place. */
import type { Place } from "./Problem.ts"
import {
  type AnyNode,
  type Source,
  child,
  children,
  defaultExport,
  nameOf,
  parseSource,
  placeOf
} from "./Source.ts"
import type { Finding } from "./Wording.ts"

const depthLimit = 32

/** What a function returns, where it has one expression to return. */
const returned = (node: AnyNode): AnyNode | undefined => {
  const body = child(node, "body")
  if (body?.type !== "BlockStatement") return body
  const returns = children(body, "body").filter((statement) => statement.type === "ReturnStatement")
  return returns.length === 1 && returns[0] !== undefined ? child(returns[0], "argument") : undefined
}

/**
 * Follows constants of the file, `defineMode(...)` and the builders, and a function's one returned expression.
 * Types are gone already: `satisfies` and `as` leave no trace.
 */
const follow = (source: Source, start: AnyNode): AnyNode => {
  let node = start
  for (let depth = 0; depth < depthLimit; depth++) {
    let next: AnyNode | undefined
    if (node.type === "Identifier") next = source.constants.get(nameOf(node) ?? "")
    else if (node.type === "CallExpression") {
      // Every call that takes one literal and stands around the config is one of ours, under whatever name it is imported.
      next = children(node, "arguments")[0]
    } else if (node.type === "ArrowFunctionExpression" || node.type === "FunctionExpression")
      next = returned(node)
    if (next === undefined) return node
    node = next
  }
  return node
}

/** Follows constants only: a call in the place of a value is the value. */
const followValue = (source: Source, start: AnyNode): AnyNode => {
  let node = start
  for (let depth = 0; depth < depthLimit && node.type === "Identifier"; depth++) {
    const next = source.constants.get(nameOf(node) ?? "")
    if (next === undefined) return node
    node = next
  }
  return node
}

interface Property {
  readonly name: AnyNode
  readonly value: AnyNode
}

const property = (source: Source, object: AnyNode, name: string, depth = 0): Property | undefined => {
  for (const item of [...children(object, "properties")].toReversed()) {
    if (item.type === "SpreadElement") {
      const argument = child(item, "argument")
      const spread = argument === undefined ? undefined : followValue(source, argument)
      const found =
        spread?.type === "ObjectExpression" && depth < depthLimit
          ? property(source, spread, name, depth + 1)
          : undefined
      if (found !== undefined) return found
      continue
    }
    const key = child(item, "key")
    const value = child(item, "value")
    if (key !== undefined && value !== undefined && item.computed !== true && nameOf(key) === name) {
      return { name: key, value }
    }
  }
  return undefined
}

const find = (
  source: Source,
  start: AnyNode,
  at: ReadonlyArray<string>,
  target: Finding["target"]
): AnyNode => {
  let node = start
  for (const [index, name] of at.entries()) {
    if (node.type === "ArrayExpression") {
      const element = children(node, "elements")[Number(name)]
      return element ?? node
    }
    const found = node.type === "ObjectExpression" ? property(source, node, name) : undefined
    if (found === undefined) return node
    const value = followValue(source, found.value)
    if (index === at.length - 1) return target === "name" ? found.name : value
    // The innermost literal that encloses what cannot be followed any further.
    if (value.type !== "ObjectExpression" && value.type !== "ArrayExpression") return found.value
    node = value
  }
  return node
}

/** The places of findings in the config file, each `undefined` where the source cannot be read. */
export const locate = (file: string, findings: ReadonlyArray<Finding>): ReadonlyArray<Place | undefined> => {
  const source = parseSource(file)
  const exported = source === undefined ? undefined : defaultExport(source)
  if (source === undefined || exported === undefined) return findings.map(() => undefined)
  const root = follow(source, exported)
  return findings.map(({ at, target }) =>
    at === undefined ? undefined : placeOf(file, find(source, root, at, target))
  )
}
