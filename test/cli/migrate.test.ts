/** `compozy migrate` on the file of persistent mode. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { commandLine, makeProject, type TestProject } from "./support.ts"

let project: TestProject
beforeAll(async () => {
  project = await makeProject({})
})
afterAll(() => project.remove())

const migrate = async (...args: ReadonlyArray<string>) => {
  const result = await commandLine(project, "migrate", ...args)
  return { ...result, stdout: result.stdout.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<date>") }
}

describe("compozy migrate", () => {
  it("has nothing to do in memory mode, and says which modes have", async () => {
    expect(await migrate("status")).toMatchInlineSnapshot(`
      {
        "code": 2,
        "stderr": "error: In memory mode the database begins empty with the newest schema at every start; there is nothing to migrate. Add --mode persistent or --mode distributed.
      ",
        "stdout": "",
      }
    `)
  })

  it("applies what is pending, once, and undoes the newest", async () => {
    const persistent = ["--mode", "persistent"]
    expect((await migrate("status", ...persistent)).stdout).toMatchInlineSnapshot(`
      "ID  NAME        APPLIED
      1   foundation  pending
      "
    `)
    expect((await migrate("up", ...persistent)).stdout).toMatchInlineSnapshot(`
      "ID  NAME        APPLIED
      1   foundation  <date>
      "
    `)
    expect(await migrate("up", ...persistent)).toMatchInlineSnapshot(`
      {
        "code": 0,
        "stderr": "The schema is up to date.
      ",
        "stdout": "",
      }
    `)
    expect((await migrate("status", ...persistent, "--json")).stdout).toMatchInlineSnapshot(`
      "{
        "action": "status",
        "migrations": [
          {
            "id": 1,
            "name": "foundation",
            "appliedAt": "<date>"
          }
        ]
      }
      "
    `)
    expect((await migrate("down", ...persistent)).stdout).toMatchInlineSnapshot(`
      "ID  NAME        APPLIED
      1   foundation  undone
      "
    `)
    let last = await migrate("down", ...persistent)
    while (last.stdout !== "") last = await migrate("down", ...persistent)
    expect(last).toMatchInlineSnapshot(`
      {
        "code": 0,
        "stderr": "There is nothing to undo.
      ",
        "stdout": "",
      }
    `)
  })
})
