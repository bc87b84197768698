import { expect, test } from "vitest"
import { TestCompozy } from "compozy/testing"
import config from "./compozy.config.ts"

test("squares numbers, many at once, on real services", async () => {
  await using compozy = await TestCompozy.make(config, { mode: "distributed" })
  const numbers = Array.from({ length: 100 }, (_, n) => n)
  expect(await compozy.run("squares", { numbers })).toEqual({ squares: numbers.map((n) => n * n) })
})
