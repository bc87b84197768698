/** The tests against real services; scripts/services.ts starts those and runs this. */
import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.services.test.ts", "examples/**/*.services.test.ts"],
    exclude: ["**/node_modules/**"],
    globalSetup: ["scripts/test-setup.ts"],
    setupFiles: ["test/quietTemporal.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000
  }
})
