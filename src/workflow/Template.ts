/**
 * Turns what a user gives as a value (a literal, a reference, or a structure of both) into an expression, and
 * into what is known of its value.
 */
import type { Origin } from "./Block.ts"
import type { Expression } from "./Definition.ts"
import { definitionError } from "./DefinitionError.ts"
import { nodeOf } from "./ReferenceProxy.ts"
import { nullShape, type Shape, undefinedShape, unionOf, unknownShape, wholeOf, widened } from "./Shape.ts"

/** A value as data. */
export interface Template {
  readonly expression: Expression
  readonly shape: Shape
  readonly origins: ReadonlyArray<Origin>
}

/**
 * Turns a value into a template; refuses what has no JSON form.
 *
 * @param value a literal, a reference, or a structure of both
 * @param what names it in messages: `the input of "greet"`
 * @param at where it was given
 */
export const templateOf = (value: unknown, what: string, at: string | undefined): Template => {
  const origins: Array<Origin> = []
  const visit = new Visit(what, at, origins)
  const { expression, shape } = visit.value(value, "") ?? { expression: null, shape: nullShape }
  return { expression, shape: wholeOf(shape), origins }
}

interface Part {
  readonly expression: Expression
  readonly shape: Shape
}

/** Of a list that is longer, not every item is described on its own. */
const longest = 50

/** The keys that mark an object as an expression. */
const computedKeys = ["$ref", "$get", "$op", "$object"]

class Visit {
  readonly #what: string
  readonly #at: string | undefined
  readonly #origins: Array<Origin>
  readonly #open = new Set<object>()

  constructor(what: string, at: string | undefined, origins: Array<Origin>) {
    this.#what = what
    this.#at = at
    this.#origins = origins
  }

  /** Undefined for a value that is not there. */
  value(value: unknown, path: string): Part | undefined {
    const node = nodeOf(value)
    if (node !== undefined) {
      this.#origins.push(...node.origins)
      return node
    }
    switch (typeof value) {
      case "undefined":
        return undefined
      case "boolean":
      case "string":
        return { expression: value, shape: { tag: "literal", value, given: true } }
      case "number":
        if (!Number.isFinite(value)) throw this.#refuse(path, String(value), "use a finite number, or null")
        return { expression: value, shape: { tag: "literal", value, given: true } }
      case "object":
        return value === null ? { expression: null, shape: nullShape } : this.#object(value, path)
      case "function":
        throw this.#refuse(
          path,
          "a function",
          "call it, or use fn(name, [references], f) to compute when it runs"
        )
      default:
        throw this.#refuse(path, `a ${typeof value}`, "give it as a text or a number")
    }
  }

  #object(value: object, path: string): Part {
    if (this.#open.has(value))
      throw this.#refuse(path, "a structure that contains itself", "give it without the cycle")
    this.#open.add(value)
    const part = Array.isArray(value) ? this.#array(value, path) : this.#fields(value, path)
    this.#open.delete(value)
    return part
  }

  #array(value: ReadonlyArray<unknown>, path: string): Part {
    // Array.from visits holes too.
    const parts = Array.from(value, (item, index) => {
      const part = this.value(item, `${path}[${index}]`)
      if (part === undefined) throw this.#refuse(`${path}[${index}]`, "undefined", "use null")
      return part
    })
    return {
      expression: parts.map(({ expression }) => expression),
      // The type of an empty list says what it may hold, its value does not.
      shape:
        parts.length === 0
          ? { tag: "array", item: unknownShape }
          : parts.length > longest
            ? { tag: "array", item: unionOf(parts.map(({ shape }) => widened(shape))) }
            : { tag: "tuple", items: parts.map(({ shape }) => wholeOf(shape)) }
    }
  }

  #fields(value: object, path: string): Part {
    if (isThenable(value)) {
      // It is refused: a rejection of it must not end the process beside that.
      Promise.resolve(value).catch(() => undefined)
      throw this.#refuse(
        path,
        "a Promise",
        "do not use async here: tasks run in the order written, and what they give needs no await"
      )
    }
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      throw this.#refuse(path, `an instance of ${classOf(value)}`, "give its JSON form")
    }
    const entries: Array<[string, Expression]> = []
    const fields = new Map<string, Shape>()
    for (const [key, item] of Object.entries(value)) {
      const part = this.value(item, path === "" ? key : `${path}.${key}`)
      fields.set(key, part?.shape ?? undefinedShape)
      if (part !== undefined) entries.push([key, part.expression])
    }
    const expression = Object.fromEntries(entries)
    return {
      expression: computedKeys.some((key) => Object.hasOwn(expression, key))
        ? { $object: expression }
        : expression,
      shape: { tag: "object", fields }
    }
  }

  #refuse(path: string, found: string, fix: string): Error {
    const place = path === "" ? "" : ` at "${path.replace(/^\./, "")}"`
    return definitionError({
      code: found === "a Promise" ? "COMPOZY_DEFINITION_ASYNC" : "COMPOZY_DEFINITION_NOT_JSON",
      problem: `${this.#what} is not JSON${place}: it is ${found}`,
      fix,
      places: [{ what: "given at", at: this.#at }]
    })
  }
}

/** Whether something is a Promise or the like; a reference is not. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" &&
  value !== null &&
  nodeOf(value) === undefined &&
  "then" in value &&
  typeof value.then === "function"

const classOf = (value: object): string => {
  const { constructor } = value
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "a class"
}
