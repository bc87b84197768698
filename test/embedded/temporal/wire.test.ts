/** What goes over the wire, before and after the handlers: messages of gRPC, and the types of the protocol. */
import { randomBytes } from "node:crypto"
import { gzipSync } from "node:zlib"

import { describe, expect, it } from "vitest"

import { builtDescriptors } from "../../../scripts/lib/protocol.ts"
import { fullRoot, lazyRoot } from "../../../src/embedded/temporal/proto/lazy-root.ts"
import { readDescriptors } from "../../../src/embedded/temporal/proto/sources.ts"
import {
  Body,
  deadlineOf,
  encodeMessage,
  frame,
  maxMessageBytes,
  readMessage
} from "../../../src/embedded/temporal/rpc/frames.ts"

const compressed = (message: Buffer): Buffer => {
  const framed = frame(gzipSync(message))
  framed[0] = 1
  return framed
}

describe("a message of gRPC", () => {
  const message = Buffer.from("a message")

  it("is read as it was framed, compressed or not", async () => {
    expect(readMessage(frame(message), "")).toEqual(message)
    expect(readMessage(compressed(message), "gzip")).toEqual(message)
    // So large that another thread unpacks it.
    const large = randomBytes(300_000)
    expect(large.equals(await readMessage(compressed(large), "gzip"))).toBe(true)
  })

  it.each([
    ["that is cut off", () => readMessage(frame(message).subarray(0, 7), ""), 13],
    ["that is no message", () => readMessage(Buffer.from("no"), ""), 13],
    ["in an unknown compression", () => readMessage(compressed(message), "br"), 12],
    [
      "that says it is too large",
      () => {
        const framed = frame(message)
        framed.writeUInt32BE(maxMessageBytes + 1, 1)
        return readMessage(framed, "")
      },
      8
    ]
  ])("is refused with a status: one %s", (_, read, code) => {
    expect(read).toThrow(expect.objectContaining({ code }))
  })

  it("is collected from its chunks, up to a limit", () => {
    const body = new Body()
    const framed = frame(message)
    for (const byte of framed) body.push(Buffer.of(byte))
    expect(body.finish()).toEqual(framed)
    const chunk = Buffer.allocUnsafe(maxMessageBytes / 2)
    const large = new Body()
    large.push(chunk)
    large.push(chunk)
    expect(() => large.push(chunk)).toThrow(/larger than max/)
  })
})

describe("a status message", () => {
  it("goes into its header in percent-encoding", () => {
    expect(encodeMessage("plain text")).toBe("plain text")
    expect(encodeMessage("100 %, größer\n")).toBe("100 %25, gr%C3%B6%C3%9Fer%0A")
  })
})

describe("a deadline", () => {
  it.each([
    ["2S", 2000],
    ["1500m", 1500],
    ["1M", 60_000]
  ])("is read from %s", (header, ms) => {
    const before = Date.now() + ms
    expect(deadlineOf(header)).toBeGreaterThanOrEqual(before)
  })

  it("is not there without its header, or with one that is not understood", () => {
    expect([deadlineOf(undefined), deadlineOf("soon")]).toEqual([Infinity, Infinity])
  })
})

interface Field {
  readonly name: string
  readonly id: number
  readonly type: string
  readonly repeated: boolean
  readonly resolvedType: Type | null
  resolve(): Field
}
interface Type {
  readonly fullName: string
  readonly fieldsArray?: readonly Field[]
}

/** Every type that a message can hold, with its fields. */
const shapeOf = (type: Type, shapes = new Map<string, unknown>()): Map<string, unknown> => {
  if (shapes.has(type.fullName)) return shapes
  const fields = (type.fieldsArray ?? []).map((field) => field.resolve())
  shapes.set(
    type.fullName,
    fields.map(({ id, name, repeated, type: of }) => [id, name, of, repeated])
  )
  for (const { resolvedType } of fields) if (resolvedType !== null) shapeOf(resolvedType, shapes)
  return shapes
}

describe.each([
  { root: "the protocol that is built as it is used", descriptors: readDescriptors },
  { root: "the same from what the built package has of it", descriptors: builtDescriptors }
])("$root", ({ descriptors }) => {
  const full = fullRoot()

  it.each([
    "temporal.api.workflowservice.v1.WorkflowService",
    "temporal.api.operatorservice.v1.OperatorService",
    "temporal.api.testservice.v1.TestService",
    "grpc.health.v1.Health"
  ])("has the methods of %s, with the package's types", async (service) => {
    const node = await descriptors()
    const lazy = node && lazyRoot(node)
    const methods = new Map(lazy?.lookupService(service).methodsArray.map((method) => [method.name, method]))
    const expected = full.lookupService(service).methodsArray
    expect([...methods.keys()]).toEqual(expected.map(({ name }) => name))
    for (const method of expected) {
      const { resolvedRequestType: request, resolvedResponseType: response } = method.resolve()
      const own = methods.get(method.name)?.resolve()
      // Reflection types of protobufjs, of which only what is compared is declared here.
      expect(shapeOf(own?.resolvedRequestType as unknown as Type)).toEqual(
        shapeOf(request as unknown as Type)
      )
      expect(shapeOf(own?.resolvedResponseType as unknown as Type)).toEqual(
        shapeOf(response as unknown as Type)
      )
    }
  })
})
