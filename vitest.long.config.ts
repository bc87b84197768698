/** The tests that take long: those with processes, threads and workers of their own, and those of large things. */
import { defineConfig } from "vitest/config"
import tests from "./vitest.config.ts"

export default defineConfig({
  ...tests,
  test: { ...tests.test, include: ["test/**/*.long.test.ts"], exclude: ["**/node_modules/**"] }
})
