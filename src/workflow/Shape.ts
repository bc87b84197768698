/**
 * What is known of a value at definition time: the encoded side of a schema, or a structure put together from
 * such by a block. References answer field reads from it, and a workflow's output schema is derived from it.
 */
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"

/** What is known of a value. */
export type Shape =
  | { readonly tag: "unknown" }
  | { readonly tag: "null" }
  | { readonly tag: "undefined" }
  /** A literal; `given` is one of the code, whose type may allow other ones. */
  | { readonly tag: "literal"; readonly value: string | number | boolean; readonly given?: true }
  /** The encoded side of a schema. */
  | { readonly tag: "schema"; readonly ast: SchemaAST.AST }
  | { readonly tag: "object"; readonly fields: ReadonlyMap<string, Shape> }
  | { readonly tag: "array"; readonly item: Shape }
  | { readonly tag: "tuple"; readonly items: ReadonlyArray<Shape> }
  | { readonly tag: "union"; readonly members: ReadonlyArray<Shape> }

/** Nothing is known. */
export const unknownShape: Shape = { tag: "unknown" }
/** An explicit null. */
export const nullShape: Shape = { tag: "null" }
/** A field that is not there. */
export const undefinedShape: Shape = { tag: "undefined" }
/** A text. */
export const stringShape: Shape = { tag: "schema", ast: SchemaAST.string }
/** A finite number. */
export const numberShape: Shape = { tag: "schema", ast: Schema.Finite.ast }
/** A boolean. */
export const booleanShape: Shape = { tag: "schema", ast: SchemaAST.boolean }

/** The shape of the JSON side of a schema. */
export const shapeOf = (schema: { readonly ast: SchemaAST.AST }): Shape => ({
  tag: "schema",
  ast: SchemaAST.toEncoded(schema.ast)
})

/** One of several shapes; the same one twice is one. */
export const unionOf = (members: ReadonlyArray<Shape>): Shape => {
  const distinct = new Map<unknown, Shape>()
  for (const member of members) {
    for (const shape of member.tag === "union" ? member.members : [member])
      distinct.set(identityOf(shape), shape)
  }
  const shapes = [...distinct.values()]
  const [only] = shapes
  return shapes.length === 1 && only !== undefined ? only : { tag: "union", members: shapes }
}

const identityOf = (shape: Shape): unknown => {
  switch (shape.tag) {
    case "unknown":
    case "null":
    case "undefined":
      return shape.tag
    case "literal":
      return `${typeof shape.value} ${shape.given === true} ${shape.value}`
    case "schema":
      return shape.ast
    default:
      return shape
  }
}

/** A literal as any value of its type: what is said of an item of a long list. */
export const widened = (shape: Shape): Shape =>
  shape.tag !== "literal"
    ? shape
    : typeof shape.value === "string"
      ? stringShape
      : typeof shape.value === "number"
        ? numberShape
        : booleanShape

/** A value that stands alone: one that is not there is null. */
export const wholeOf = (shape: Shape): Shape =>
  unionOf(alternativesOf(shape).map((part) => (isAbsence(part) ? nullShape : part)))

/** What a value is without absence. */
export const presentOf = (shape: Shape): Shape =>
  unionOf(alternativesOf(shape).filter((part) => !isAbsence(part)))

const isAbsence = (shape: Shape): boolean => shape.tag === "null" || shape.tag === "undefined"

/** The ways a value may look, unions and suspensions opened. */
export const alternativesOf = (shape: Shape): ReadonlyArray<Shape> => {
  if (shape.tag === "union") return shape.members.flatMap(alternativesOf)
  return shape.tag === "schema" ? alternativesOfAst(shape.ast) : [shape]
}

const alternativesOfAst = (ast: SchemaAST.AST): ReadonlyArray<Shape> => {
  switch (ast._tag) {
    case "Suspend":
      return alternativesOfAst(SchemaAST.toEncoded(ast.thunk()))
    case "Union":
      return ast.types.flatMap(alternativesOfAst)
    case "Null":
      return [nullShape]
    case "Undefined":
    case "Void":
      return [undefinedShape]
    case "Literal":
      return typeof ast.literal === "bigint" ? [] : [{ tag: "literal", value: ast.literal }]
    case "Enum":
      return ast.enums.map(([, value]) => ({ tag: "literal", value }))
    case "Unknown":
    case "Any":
    case "Declaration":
    case "ObjectKeyword":
      return [unknownShape]
    default:
      return [{ tag: "schema", ast }]
  }
}

/** What reading a field gives, or undefined where no alternative has it. */
export const fieldOf = (shape: Shape, name: string): Shape | undefined => {
  let known = false
  const parts = alternativesOf(shape).map((part): Shape => {
    if (isAbsence(part)) return part
    const field = ownField(part, name)
    if (field === undefined) return undefinedShape
    known = true
    return field
  })
  return known ? unionOf(parts) : undefined
}

const ownField = (part: Shape, name: string): Shape | undefined => {
  if (part.tag === "unknown") return unknownShape
  if (part.tag === "object") return part.fields.get(name)
  if (part.tag !== "schema" || !SchemaAST.isObjects(part.ast)) return undefined
  const signature = part.ast.propertySignatures.find((property) => property.name === name)
  if (signature === undefined) return undefined
  const field: Shape = { tag: "schema", ast: signature.type }
  return SchemaAST.isOptional(signature.type) ? unionOf([field, undefinedShape]) : field
}

/** The names of the fields of every alternative, or undefined where the keys are not known before the run. */
export const fieldNamesOf = (shape: Shape): ReadonlyArray<string> | undefined => {
  const names = new Set<string>()
  for (const part of alternativesOf(shape)) {
    if (isAbsence(part)) continue
    if (part.tag === "object") {
      for (const name of part.fields.keys()) names.add(name)
    } else if (
      part.tag === "schema" &&
      SchemaAST.isObjects(part.ast) &&
      part.ast.indexSignatures.length === 0
    ) {
      for (const { name } of part.ast.propertySignatures) if (typeof name === "string") names.add(name)
    } else return undefined
  }
  return [...names]
}

/** What an item of an array is (at `index`, where that is known), or undefined where the value is no array. */
export const itemOf = (shape: Shape, index?: number): Shape | undefined => {
  let known = false
  const parts = alternativesOf(shape).flatMap((part): ReadonlyArray<Shape> => {
    if (isAbsence(part)) return [part]
    const items = itemsOf(part, index)
    if (items !== undefined) known = true
    return items ?? [undefinedShape]
  })
  return known ? unionOf(parts) : undefined
}

const itemsOf = (part: Shape, index: number | undefined): ReadonlyArray<Shape> | undefined => {
  if (part.tag === "unknown") return [unknownShape]
  if (part.tag === "array") return [part.item]
  if (part.tag === "tuple") {
    const item = index === undefined ? undefined : part.items.at(index)
    return item === undefined ? [unionOf([...part.items, undefinedShape])] : [item]
  }
  if (part.tag !== "schema" || !SchemaAST.isArrays(part.ast)) return undefined
  const { elements, rest } = part.ast
  const element = index !== undefined && index >= 0 ? elements[index] : undefined
  const all = element === undefined ? [...elements, ...rest] : [element]
  return all.length === 0 ? [undefinedShape] : all.map((ast): Shape => ({ tag: "schema", ast }))
}

/** What any item of a list is, or undefined where the value is no list. */
export const elementOf = (shape: Shape): Shape | undefined => {
  const lists = alternativesOf(presentOf(shape)).map((part) =>
    part.tag === "tuple" ? part.items : itemsOf(part, undefined)
  )
  return lists.includes(undefined) ? undefined : wholeOf(unionOf(lists.flatMap((items) => items ?? [])))
}

/** What a record has under a key, or undefined where the value is no record. */
export const valueOf = (shape: Shape): Shape | undefined => {
  let known = false
  const parts = alternativesOf(shape).flatMap((part): ReadonlyArray<Shape> => {
    if (isAbsence(part)) return [part]
    if (part.tag === "unknown") {
      known = true
      return [part]
    }
    if (part.tag !== "schema" || !SchemaAST.isObjects(part.ast) || part.ast.indexSignatures.length === 0) {
      return [undefinedShape]
    }
    known = true
    return part.ast.indexSignatures.map(({ type }): Shape => ({ tag: "schema", ast: type }))
  })
  return known ? unionOf([...parts, undefinedShape]) : undefined
}

/** The literals that a text may be, and whether it may be others too; undefined where it may be any text. */
export const literalsOf = (
  shape: Shape
): { readonly literals: ReadonlyArray<string>; readonly open: boolean } | undefined => {
  const literals = new Set<string>()
  let open = false
  for (const part of alternativesOf(shape)) {
    if (part.tag !== "literal" || typeof part.value !== "string") return undefined
    literals.add(part.value)
    if (part.given === true) open = true
  }
  return { literals: [...literals], open }
}

/** Whether a value may be missing altogether. */
export const mayBeUndefined = (shape: Shape): boolean =>
  alternativesOf(shape).some((part) => part.tag === "undefined")
