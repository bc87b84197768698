import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { apiPrefix, endpoints } from "../../../src/runtime/http/Api.ts"
import { openApiDocument } from "../../../src/runtime/http/OpenApi.ts"
import { makeRouter, type Route } from "../../../src/runtime/http/Router.ts"

const route = (method: Route["method"], path: string): Route => ({
  method,
  path,
  handle: () => Effect.succeed({ status: 200 })
})

describe("the router", () => {
  const find = makeRouter([route("GET", "/a/:id"), route("GET", "/a/list"), route("POST", "/a/:id")])
  const pathOf = (method: string, path: string) => {
    const found = find(method, path)
    return found !== undefined && "route" in found ? { path: found.route.path, params: found.params } : found
  }

  it("prefers what is written literally", () => {
    expect(pathOf("GET", "/a/list")).toEqual({ path: "/a/list", params: {} })
  })

  it("decodes parameters", () => {
    expect(pathOf("GET", "/a/x%2Fy%20z")).toEqual({ path: "/a/:id", params: { id: "x/y z" } })
  })

  it("answers HEAD where there is GET", () => {
    expect(pathOf("HEAD", "/a/1")).toEqual({ path: "/a/:id", params: { id: "1" } })
  })

  it("tells the methods that a path has", () => {
    expect(pathOf("DELETE", "/a/1")).toEqual({ allow: ["GET", "HEAD", "POST"] })
  })

  it.each(["/a", "/a/", "/a/b/c", "/a/%E0%A4%A", "//a/1"])("finds nothing at %s", (path) => {
    expect(find("GET", path)).toBeUndefined()
  })
})

describe("the OpenAPI document", () => {
  const document = openApiDocument("1.2.3")

  it("has every endpoint that is served, and no other", () => {
    const declared = Object.values(endpoints)
      .map((e) => `${e.method.toLowerCase()} ${apiPrefix}${e.path.replaceAll(/:(\w+)/g, "{$1}")}`)
      .toSorted()
    const written = Object.entries(document.paths)
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`))
      .toSorted()
    expect(written).toEqual(declared)
  })

  it("says what can go wrong, as problem+json with the stable codes", () => {
    const responses = document.paths["/api/v0/workflows/{workflow_id}/executions"]?.post?.responses ?? {}
    expect(Object.keys(responses)).toEqual([
      "200",
      "202",
      "400",
      "404",
      "409",
      "413",
      "415",
      "500",
      "503",
      "504"
    ])
    expect(JSON.stringify(responses[413])).toContain("COMPOZY_BODY_TOO_LARGE")
  })

  it("names the version it was made for", () => {
    expect(document.info).toMatchObject({ title: "Compozy", version: "1.2.3" })
  })
})
