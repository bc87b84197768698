#!/usr/bin/env node
// Stands in for the Temporal CLI and for the test server where a test suite takes an executable of its own.
import { existsSync } from "node:fs"

const emitWarning = process.emitWarning
process.emitWarning = (warning, ...rest) => {
  if (!/SQLite|[Ss]trip/.test(String(warning))) emitWarning.call(process, warning, ...rest)
}

const built = new URL("../dist/embedded/temporal/executable.js", import.meta.url)
const { main } = await import(
  existsSync(built) ? built.href : new URL("../src/embedded/temporal/executable.ts", import.meta.url).href
)
await main(process.argv.slice(2))
