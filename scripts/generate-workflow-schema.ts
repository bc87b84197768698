/**
 * Writes schemas/workflow.json: the JSON Schema of recorded definitions.
 *
 * Usage: node scripts/generate-workflow-schema.ts
 */
import { mkdir, writeFile } from "node:fs/promises"
import { jsonSchemaOf } from "../src/workflow/SchemaJson.ts"
import { WorkflowDefinitionSchema } from "../src/workflow/DefinitionSchema.ts"

const folder = new URL("../schemas/", import.meta.url)
const schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  ...Object(jsonSchemaOf(WorkflowDefinitionSchema))
}
await mkdir(folder, { recursive: true })
await writeFile(new URL("workflow.json", folder), `${JSON.stringify(schema, null, 2)}\n`)
