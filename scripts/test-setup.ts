/** Before the tests: `dist` is what the examples, the CLI and the workers run, so it is built if a source is newer. */
import { buildIfStale } from "./build.ts"

export const setup = async (): Promise<void> => {
  await buildIfStale().catch((error: unknown) => console.error(error))
}
