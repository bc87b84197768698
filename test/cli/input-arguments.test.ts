import { describe, expect, it } from "vitest"
import { readInputArguments } from "../../src/cli/InputArguments.ts"

const schema = {
  type: "object",
  properties: {
    name: { type: "string" },
    // As Effect writes Schema.Number.
    age: { anyOf: [{ type: "number" }, { type: "string", enum: ["NaN", "Infinity", "-Infinity"] }] },
    count: { type: "integer" },
    cities: { type: "array", items: { type: "string" } },
    mood: { type: "string", enum: ["happy", "sad"] },
    address: { $ref: "#/$defs/Address" },
    either: { anyOf: [{ type: "string" }, { type: "number" }] },
    free: {}
  },
  required: ["name"],
  additionalProperties: false,
  $defs: {
    Address: {
      type: "object",
      properties: { street: { type: ["string", "null"] }, number: { type: "integer" } },
      additionalProperties: false
    }
  }
}

const input = (...args: ReadonlyArray<string>) => {
  const read = readInputArguments(args, schema)
  return read._tag === "Input" ? read.input : read.issues
}

const problem = (...args: ReadonlyArray<string>) => {
  const read = readInputArguments(args, schema)
  return read._tag === "Invalid"
    ? read.issues.map(({ path, message }) => `${path.join(".")} ${message}`)
    : read
}

describe("key=value arguments", () => {
  it("give a text field the text as it is", () => {
    expect(input("name=42", "either=7", "address.street=a=b: c")).toEqual({
      name: "42",
      either: "7",
      address: { street: "a=b: c" }
    })
  })

  it("read every other field as JSON", () => {
    expect(input("age=3.5", "count=2", 'cities=["Rome"]', "mood=sad")).toEqual({
      age: 3.5,
      count: 2,
      cities: ["Rome"],
      mood: "sad"
    })
  })

  it("set nested fields by dots", () => {
    expect(input("address.number=1", "address.street=Main")).toEqual({
      address: { number: 1, street: "Main" }
    })
  })

  it("force JSON by :=", () => {
    expect(input("name:=42", "address.street:=null")).toEqual({ name: 42, address: { street: null } })
  })

  it("read a field of any type as JSON where it is JSON, and as text otherwise", () => {
    expect(input("free=[1]")).toEqual({ free: [1] })
    expect(input("free=[1")).toEqual({ free: "[1" })
  })

  it("name the field and what it expects", () => {
    expect(problem("age=ten", "count=1.5", "cities=Rome", "mood=angry", "name:=x")).toMatchInlineSnapshot(`
      [
        "age expects a number, not "ten"",
        "count expects a whole number, not "1.5"",
        "cities expects a JSON array, not "Rome"",
        "mood expects "happy" or "sad", not "angry"",
        "name := expects JSON, not x",
      ]
    `)
  })

  it("suggest the field that was probably meant", () => {
    expect(problem("nmae=Ada", "address.nubmer=1")).toMatchInlineSnapshot(`
      [
        "nmae is no field of the input; did you mean "name"?",
        "address.nubmer is no field of the input; did you mean "number"?",
      ]
    `)
  })

  it("refuse what is no assignment, what is given twice, and what stands inside a value", () => {
    expect(problem("Ada", "name=a", "name=b", "a..b=1", "cities=[]", "cities.0=x")).toMatchInlineSnapshot(`
      [
        " "Ada" is no argument; write key=value, or key:=json",
        "name is given twice",
        "a..b has an empty part in its name",
      ]
    `)
  })

  it("cannot reach a prototype", () => {
    const read = readInputArguments(["__proto__.polluted=1"], {})
    expect(read._tag).toBe("Input")
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false)
  })
})
