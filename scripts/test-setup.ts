/** Before the tests: `dist` is what the examples, the CLI and the workers run, so it is built if a source is newer. */
export { buildIfStale as setup } from "./build.ts"
