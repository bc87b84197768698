/** The bundle of the contract suite's workflows. */
import { bundleWorkflowCode } from "@temporalio/worker"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const source = fileURLToPath(new URL("./TemporalWorkflows.ts", import.meta.url))
const cache = fileURLToPath(new URL("../../node_modules/.cache/compozy-tests", import.meta.url))

/** Building takes seconds, so the bundle is kept until the source or the SDK changes. */
export const workflowBundle = async (): Promise<{ readonly codePath: string }> => {
  const hash = createHash("sha256")
  hash.update(readFileSync(source))
  hash.update(readFileSync(new URL("../../package.json", import.meta.url)))
  const codePath = join(cache, `contract-workflows-${hash.digest("hex").slice(0, 16)}.js`)
  if (!existsSync(codePath)) {
    const quiet = () => undefined
    const { code } = await bundleWorkflowCode({
      workflowsPath: source,
      logger: { log: quiet, trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet }
    })
    mkdirSync(dirname(codePath), { recursive: true })
    const unfinished = `${codePath}.${process.pid}`
    writeFileSync(unfinished, code)
    renameSync(unfinished, codePath)
  }
  return { codePath }
}
