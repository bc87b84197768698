import { describe, expect, it } from "vitest"
import { makeHostGuard } from "../../../src/runtime/http/HostGuard.ts"

const local = makeHostGuard({ host: "127.0.0.1", publicUrl: undefined, origins: [] })
const none = { origin: undefined, fetchSite: undefined }

describe("a server on loopback", () => {
  it.each(["127.0.0.1:5001", "localhost:5001", "LOCALHOST", "[::1]:80"])("answers to %s", (host) => {
    expect(local({ ...none, host })).toBeUndefined()
  })

  it.each([
    "evil.example:5001",
    "127.0.0.1.evil.example",
    "192.168.1.7:5001",
    "",
    "localhost@evil.example",
    "localhost:5001/x"
  ])("refuses the host name %j, to which another site's name may have been rebound", (host) => {
    expect(local({ ...none, host })?.code).toBe("COMPOZY_HOST_REFUSED")
  })

  it("refuses a request without a host name", () => {
    expect(local({ ...none, host: undefined })?.code).toBe("COMPOZY_HOST_REFUSED")
  })

  it.each(["https://evil.example", "http://localhost:3000", "null", "http://127.0.0.1:5001"])(
    "refuses pages of %s",
    (origin) => {
      expect(local({ host: "localhost:5001", origin, fetchSite: undefined })?.code).toBe(
        "COMPOZY_ORIGIN_REFUSED"
      )
    }
  )

  it("lets its own pages pass", () => {
    expect(
      local({ host: "localhost:5001", origin: "http://localhost:5001", fetchSite: "same-origin" })
    ).toBeUndefined()
  })

  it.each(["cross-site", "same-site"])(
    "refuses %s requests that carry no origin, such as images",
    (fetchSite) => {
      expect(local({ host: "localhost:5001", origin: undefined, fetchSite })?.code).toBe(
        "COMPOZY_ORIGIN_REFUSED"
      )
    }
  )

  it("lets a person open it in a browser", () => {
    expect(local({ host: "localhost:5001", origin: undefined, fetchSite: "none" })).toBeUndefined()
  })
})

describe("a server that is exposed", () => {
  const exposed = makeHostGuard({
    host: "0.0.0.0",
    publicUrl: "https://compozy.example",
    origins: ["https://app.example"]
  })

  it("answers to its addresses and its public name, and to no other name", () => {
    expect(exposed({ ...none, host: "192.168.1.7:5001" })).toBeUndefined()
    expect(exposed({ ...none, host: "compozy.example" })).toBeUndefined()
    expect(exposed({ ...none, host: "evil.example" })?.code).toBe("COMPOZY_HOST_REFUSED")
  })

  it("lets pages of the listed origins and of its public name call it", () => {
    expect(
      exposed({ host: "compozy.example", origin: "https://app.example", fetchSite: "cross-site" })
    ).toBeUndefined()
    expect(
      exposed({ host: "10.0.0.1", origin: "https://compozy.example", fetchSite: undefined })
    ).toBeUndefined()
  })
})
