import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "examples/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/*.services.test.ts"],
    testTimeout: 20_000,
    hookTimeout: 20_000
  }
})
