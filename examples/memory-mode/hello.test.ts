import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { expect, test } from "vitest"
import { TestCompozy } from "compozy/testing"
import config from "./compozy.config.ts"

test("hello greets, and tells the weather of each city in order", async () => {
  await using compozy = await TestCompozy.make(config)
  expect(await compozy.run("hello", { name: "Ada", cities: ["Rome", "Lima"] })).toEqual({
    greeting: "Hello, Ada",
    weather: [
      { city: "Rome", celsius: 19 },
      { city: "Lima", celsius: 19 }
    ],
    farewell: "Have a good trip, Ada!"
  })
})

test("npm start prints the result", async () => {
  const { stdout } = await promisify(execFile)("npm", ["start", "--silent"], {
    cwd: new URL("../..", import.meta.url),
    env: { ...process.env, NO_COLOR: "1" }
  })
  expect(stdout).toContain("Hello, Ada")
})
