import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

import type { MessageType } from "./reflection.ts"

/** A namespace, message, enumeration or service as protobufjs writes it down. */
export interface Node {
  readonly nested?: Readonly<Record<string, Node>>
  readonly fields?: Readonly<Record<string, { readonly type: string }>>
  readonly methods?: Readonly<Record<string, { readonly requestType: string; readonly responseType: string }>>
}

export interface Reflected {
  get(name: string): Reflected | null
  addJSON(nested: Readonly<Record<string, Node>>): unknown
}

/** An empty root of protobufjs. */
export interface Reflection extends Reflected {
  lookupType(path: string): MessageType<unknown>
}

// The build replaces this module by one of the same two functions (`scripts/lib/protocol.ts`): the library in one
// file, and the descriptors without what the service has no use for.

const require = createRequire(import.meta.url)
const openers = ".addJSON("

/** A new root of the protobufjs that `@temporalio/proto` has. */
export const newReflection = (): Reflection => {
  const { Root } = createRequire(require.resolve("@temporalio/proto"))("protobufjs/light") as {
    readonly Root: new () => Reflection
  }
  return new Root()
}

/** The descriptors of the protocol; undefined if the package's file is not as expected. */
export const readDescriptors = (): Node | undefined => {
  const source = readFileSync(join(dirname(require.resolve("@temporalio/proto")), "json-module.js"), "utf8")
  const begin = source.indexOf(openers)
  const end = source.lastIndexOf(");\n\n/**")
  if (begin < 0 || end < begin) return undefined
  return { nested: JSON.parse(source.slice(begin + openers.length, end)) as Record<string, Node> }
}
