import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A folder that is gone at the end of the block. */
export interface Folder extends Disposable {
  readonly path: string
}

/** Makes a folder of its own for a test. */
export const folder = (): Folder => {
  const path = mkdtempSync(join(tmpdir(), "embedded-redis-"))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}
