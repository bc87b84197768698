/** `compozy schema export`: the published JSON Schemas. */
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import { type ExitCode, ExitCode as Code } from "../ExitCode.ts"
import { packageRoot } from "../PackageRoot.ts"
import { UsageError } from "../Report.ts"
import type { CommandContext } from "../Terminal.ts"

const names = ["config", "compozy", "workflow"] as const

/** A published schema. */
export type SchemaName = (typeof names)[number]

const read = (name: SchemaName) =>
  Effect.tryPromise({
    try: () => readFile(join(packageRoot(), "schemas", `${name}.json`), "utf8"),
    catch: (cause) =>
      new UsageError({
        message: `schemas/${name}.json is missing from the package (${cause instanceof Error ? cause.message : String(cause)}).`
      })
  })

const write = (folder: string, name: SchemaName, text: string) =>
  Effect.tryPromise({
    try: async () => {
      await mkdir(folder, { recursive: true })
      await writeFile(join(folder, `${name}.json`), text)
    },
    catch: (cause) =>
      new UsageError({
        message: `${folder} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`
      })
  })

/**
 * Prints schemas, or writes them into a folder. Without a name it is all of them: on stdout as one object by name.
 *
 * @param context where to print
 * @param name which one
 * @param output the folder, from the current one
 */
export const exportSchemas = Effect.fnUntraced(function* (
  context: CommandContext,
  name: SchemaName | undefined,
  output: string | undefined
): Effect.fn.Return<ExitCode, unknown> {
  const { terminal } = context
  const wanted = name === undefined ? names : [name]
  const texts = yield* Effect.forEach(wanted, read)
  if (output !== undefined) {
    const folder = resolve(terminal.cwd, output)
    for (const [i, schema] of wanted.entries()) yield* write(folder, schema, texts[i] ?? "")
    terminal.err(`Wrote ${wanted.map((schema) => `${schema}.json`).join(", ")} into ${folder}\n`)
    return Code.ok
  }
  if (name !== undefined) terminal.out(texts[0] ?? "")
  else {
    const entries = wanted.map((schema, i): readonly [string, unknown] => [
      schema,
      JSON.parse(texts[i] ?? "null")
    ])
    terminal.out(`${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`)
  }
  return Code.ok
})
