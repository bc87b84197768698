/**
 * Whether a value of which something is known can fit a schema: only what certainly does not is refused at
 * definition time, everything else is checked by the schema itself when the workflow runs.
 */
import * as SchemaAST from "effect/SchemaAST"
import { alternativesOf, fieldOf, itemOf, mayBeUndefined, type Shape, undefinedShape } from "./Shape.ts"

/** Where a value does not fit: its path ("" for the whole), what is there and what is expected. */
interface Misfit {
  readonly path: string
  readonly found: string
  readonly expected: string
  /** One literal where another is expected: what tells the members of a union apart. */
  readonly otherLiteral?: true
}

/** The first part of a value that certainly does not fit, or undefined. */
export const misfitOf = (value: Shape, target: Shape, path = "", depth = 0): Misfit | undefined => {
  // Recursive schemas have no end; what lies deeper is left to the schema when the workflow runs.
  if (depth > 6 || (value.tag === "schema" && target.tag === "schema" && value.ast === target.ast))
    return undefined
  const accepted = alternativesOf(target)
  if (accepted.some(({ tag }) => tag === "unknown")) return undefined
  let first: Misfit | undefined
  for (const part of alternativesOf(value)) {
    const misfit = part.tag === "unknown" ? undefined : partMisfit(part, accepted, path, depth)
    // A value that may be absent, or one of several, is checked when it is there.
    if (misfit === undefined) return undefined
    first ??= misfit
  }
  return first
}

const partMisfit = (
  part: Shape,
  accepted: ReadonlyArray<Shape>,
  path: string,
  depth: number
): Misfit | undefined => {
  const misfits: Array<Misfit> = []
  for (const other of accepted) {
    const misfit = against(part, other, path, depth + 1)
    if (misfit === undefined) return undefined
    misfits.push(misfit)
  }
  if (misfits.length > 1 && misfits.every((misfit) => misfit.path === path)) {
    return { path, found: describe(part), expected: describeAll(accepted) }
  }
  // The one that went deepest is the one that was meant, but for a literal that says that another one was.
  const rank = (misfit: Misfit) => (misfit.otherLiteral === true ? 1 : 0)
  return misfits.toSorted((a, b) => rank(a) - rank(b) || b.path.length - a.path.length)[0]
}

const against = (part: Shape, target: Shape, path: string, depth: number): Misfit | undefined => {
  const kind = kindOf(part)
  if (isAnything(target) && kind !== "null" && kind !== "undefined") return undefined
  if (kind !== kindOf(target)) return { path, found: describe(part), expected: describe(target) }
  if (target.tag === "literal" && part.tag === "literal" && target.value !== part.value) {
    return { path, found: describe(part), expected: describe(target), otherLiteral: true }
  }
  if (kind === "array") return itemsAgainst(part, target, path, depth)
  return kind === "object" ? fieldsAgainst(part, target, path, depth) : undefined
}

const itemsAgainst = (part: Shape, target: Shape, path: string, depth: number): Misfit | undefined => {
  if (part.tag === "tuple") {
    for (const [index, item] of part.items.entries()) {
      const expected = itemOf(target, index)
      const misfit = expected === undefined ? undefined : misfitOf(item, expected, `${path}[${index}]`, depth)
      if (misfit !== undefined) return misfit
    }
    return undefined
  }
  const item = itemOf(part)
  const expected = itemOf(target)
  return item === undefined || expected === undefined
    ? undefined
    : misfitOf(item, expected, `${path}[]`, depth)
}

const fieldsAgainst = (part: Shape, target: Shape, path: string, depth: number): Misfit | undefined => {
  if (target.tag !== "schema" || !SchemaAST.isObjects(target.ast)) return undefined
  for (const { name } of target.ast.propertySignatures) {
    if (typeof name !== "string") continue
    const expected = fieldOf(target, name)
    if (expected === undefined) continue
    const found = fieldOf(part, name)
    if (found === undefined && !isClosed(part)) continue
    const inner = path === "" ? name : `${path}.${name}`
    if (found === undefined) {
      if (mayBeUndefined(expected)) continue
      return {
        path: inner,
        found: describe(undefinedShape),
        expected: describeAll(alternativesOf(expected))
      }
    }
    const misfit = misfitOf(found, expected, inner, depth)
    if (misfit !== undefined) return misfit
  }
  return undefined
}

/** A struct without fields takes everything but null. */
const isAnything = (target: Shape): boolean =>
  target.tag === "schema" &&
  SchemaAST.isObjects(target.ast) &&
  target.ast.propertySignatures.length === 0 &&
  target.ast.indexSignatures.length === 0

/** Whether a value has no fields but those that are known. */
const isClosed = (part: Shape): boolean =>
  part.tag === "object" ||
  (part.tag === "schema" && SchemaAST.isObjects(part.ast) && part.ast.indexSignatures.length === 0)

type Kind = "undefined" | "null" | "string" | "number" | "boolean" | "array" | "object" | "other"

const kindOf = (shape: Shape): Kind => {
  switch (shape.tag) {
    case "undefined":
    case "null":
    case "object":
    case "array":
      return shape.tag
    case "tuple":
      return "array"
    case "literal":
      return kindOfLiteral(shape.value)
    case "schema":
      return kinds[shape.ast._tag] ?? "other"
    default:
      return "other"
  }
}

const kindOfLiteral = (value: string | number | boolean): Kind =>
  typeof value === "string" ? "string" : typeof value === "number" ? "number" : "boolean"

const kinds: { readonly [tag: string]: Kind } = {
  String: "string",
  TemplateLiteral: "string",
  Number: "number",
  Boolean: "boolean",
  Arrays: "array",
  Objects: "object"
}

const describe = (shape: Shape): string => {
  if (shape.tag === "undefined") return "nothing"
  return shape.tag === "literal" ? JSON.stringify(shape.value) : kindOf(shape)
}

const describeAll = (shapes: ReadonlyArray<Shape>): string => [...new Set(shapes.map(describe))].join(" or ")
