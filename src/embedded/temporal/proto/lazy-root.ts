import { createRequire } from "node:module"

import type { MessageType, ReflectionMethod, ReflectionRoot } from "./reflection.ts"
import { newReflection, readDescriptors } from "./sources.ts"
import type { Node, Reflected, Reflection } from "./sources.ts"

/**
 * The protocol, built type by type as it is used: what `@temporalio/proto` builds of all of it at once takes longer
 * to load than the service takes to start. Both are made from the same descriptors, in the package's file.
 */
class LazyRoot implements ReflectionRoot {
  readonly #descriptors: Node
  readonly #reflection: Reflection
  readonly #added = new Set<string>()

  constructor(descriptors: Node, reflection: Reflection) {
    this.#descriptors = descriptors
    this.#reflection = reflection
  }

  #find(path: readonly string[]): Node | undefined {
    let node: Node | undefined = this.#descriptors
    for (const name of path) node = node?.nested?.[name]
    return node
  }

  /** The full path of a name that is used in a scope: protobuf looks from the inside out. */
  #resolve(scope: readonly string[], name: string): string[] | undefined {
    const relative = name.split(".")
    if (relative[0] === "") return relative.slice(1)
    for (let depth = scope.length; depth >= 0; depth--) {
      const path = [...scope.slice(0, depth), ...relative]
      if (this.#find(path) !== undefined) return path
    }
    // A scalar.
    return undefined
  }

  /** Adds a top-level type with everything that it refers to. */
  #add(path: readonly string[]): void {
    const packageDepth = path.findIndex((_, index) => {
      const node = this.#find(path.slice(0, index + 1))
      return node?.fields !== undefined || node?.nested === undefined
    })
    const top = path.slice(0, packageDepth + 1)
    const key = top.join(".")
    if (this.#added.has(key)) return
    this.#added.add(key)
    const node = this.#find(top)
    if (node === undefined) throw new Error(`the protocol has no ${path.join(".")}`)
    let parent: Reflected = this.#reflection
    for (let depth = 1; depth < top.length; depth++) {
      const name = top[depth - 1] ?? ""
      const known = parent.get(name)
      if (known === null) parent.addJSON({ [name]: { ...this.#find(top.slice(0, depth)), nested: {} } })
      const next = known ?? parent.get(name)
      if (next === null) throw new Error(`the protocol has no ${path.join(".")}`)
      parent = next
    }
    parent.addJSON({ [top[top.length - 1] ?? ""]: node })
    this.#addReferred(top, node)
  }

  #addReferred(scope: readonly string[], node: Node): void {
    for (const { type } of Object.values(node.fields ?? {})) {
      const path = this.#resolve(scope, type)
      if (path !== undefined) this.#add(path)
    }
    for (const [name, nested] of Object.entries(node.nested ?? {}))
      this.#addReferred([...scope, name], nested)
  }

  lookupType(path: string): MessageType<unknown> {
    this.#add(path.split("."))
    return this.#reflection.lookupType(path)
  }

  lookupService(path: string): { readonly methodsArray: ReflectionMethod[] } {
    const scope = path.split(".")
    const type = (name: string): MessageType<unknown> =>
      this.lookupType((this.#resolve(scope, name) ?? [name]).join("."))
    return {
      methodsArray: Object.entries(this.#find(scope)?.methods ?? {}).map(
        ([name, { requestType, responseType }]) => ({
          name,
          resolve: () => ({
            resolvedRequestType: type(requestType),
            resolvedResponseType: type(responseType)
          })
        })
      )
    }
  }
}

const require = createRequire(import.meta.url)

/** A root that is built of these descriptors as it is used. */
export const lazyRoot = (descriptors: Node): ReflectionRoot => new LazyRoot(descriptors, newReflection())

/** The whole root of the package. */
export const fullRoot = (): ReflectionRoot =>
  // The package's declarations describe generated static classes, but what it exports at run time is a protobufjs
  // reflection root. This is the one place that knows.
  require("@temporalio/proto") as ReflectionRoot

/**
 * The root of the protocol: the one of `@temporalio/proto` if this thread has loaded that already (its SDK does), else
 * one that is built as it is used.
 */
export const loadRoot = (): ReflectionRoot => {
  const isLoaded = require.cache[require.resolve("@temporalio/proto")] !== undefined
  const descriptors = isLoaded ? undefined : readDescriptors()
  return descriptors === undefined ? fullRoot() : lazyRoot(descriptors)
}
