import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "examples/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/*.services.test.ts"],
    globalSetup: ["scripts/test-setup.ts"],
    // One process after another for all files would import everything again for each: a third of the whole time.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      // The interpreter runs in Temporal's sandbox, as the bundle: what it does there is tested, but not counted.
      exclude: ["src/workflow/interpreter/**"],
      reporter: ["text-summary", "json-summary"],
      thresholds: { lines: 85 }
    }
  }
})
