/**
 * Temporal's protocol as the built package has it: protobufjs, which is 40 files, in the file of the service, and the
 * descriptors without comments and without what the service never uses. Both come from `@temporalio/proto` at the
 * version that package.json pins.
 */
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import type { Plugin } from "rolldown"
import type { Node } from "../../src/embedded/temporal/proto/sources.ts"
import { record, root } from "./project.ts"

const entry = createRequire(join(root, "package.json")).resolve("@temporalio/proto")
const descriptors = join(dirname(entry), "json-module.js")
const library = createRequire(entry).resolve("protobufjs/light")
const source = join(root, "src/embedded/temporal/proto/sources.ts")

/** The protocol between the SDK and its core, and the one of Temporal's cloud. */
const unused: ReadonlyArray<string> = ["coresdk", "temporal.api.cloud"]

/** Of what describes a type, what changes nothing of how it is written or read. */
const silent = new Set(["comment", "protoName"])

const shortened = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(shortened)
    : typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value).flatMap(([key, entry]) => {
            // A map of fields or of types may hold one of such a name, which is no text.
            const isSilent = silent.has(key) && (typeof entry === "string" || entry === null)
            return isSilent ? [] : [[key, shortened(entry)]]
          })
        )
      : value

const without = (nested: unknown, path: ReadonlyArray<string>): unknown => {
  const [name = "", ...rest] = path
  const { [name]: node, ...others } = record(nested)
  return rest.length === 0
    ? others
    : { ...others, [name]: { ...record(node), nested: without(record(node)["nested"], rest) } }
}

/** The descriptors that are built in: the package's file defines a module that adds one JSON object to a root. */
export const builtDescriptors = async (): Promise<Node> => {
  const code = await readFile(descriptors, "utf8")
  const begin = code.indexOf(".addJSON(") + ".addJSON(".length
  const all: unknown = JSON.parse(code.slice(begin, code.lastIndexOf(");\n\n/**")))
  const nested = shortened(unused.reduce((rest, path) => without(rest, path.split(".")), all))
  // What the package's file holds, with fewer entries.
  return { nested: nested as Record<string, Node> }
}

// Names in the place of paths: source maps hold the code that imports them.
const DESCRIPTORS = "temporal-protocol:descriptors"
const REFLECTION = "temporal-protocol:reflection"

/** Puts the protocol in the place of `proto/sources.ts`. */
export const protocol = (): Plugin => ({
  name: "temporal-protocol",
  resolveId: (id) => (id === DESCRIPTORS ? descriptors : id === REFLECTION ? library : null),
  load: async (id) => {
    if (id === source)
      return `
import { text } from "${DESCRIPTORS}"
export const newReflection = () => new (require("${REFLECTION}").Root)()
export const readDescriptors = () => ({ nested: JSON.parse(text()) })
`
    if (id !== descriptors) return null
    const text = JSON.stringify((await builtDescriptors()).nested)
    // In a function: it is neither kept nor parsed where it is not used.
    return { code: `export const text = () => ${JSON.stringify(text)}`, moduleType: "js" }
  }
})
