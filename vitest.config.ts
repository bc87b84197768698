import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "examples/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/*.services.test.ts", "**/*.long.test.ts"],
    globalSetup: ["scripts/test-setup.ts"],
    setupFiles: ["test/quietTemporal.ts"],
    // One process after another for all files would import everything again for each: a third of the whole time.
    isolate: false,
    // By default one core is left idle.
    maxWorkers: "100%",
    // The projects of tests are loaded by Node, as a user's are: its errors and our hooks are part of what is tested.
    server: { deps: { external: [/\/compozy-(?:config|cli)-\w+\//] } },
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
