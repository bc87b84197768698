import { describe, expect, it } from "vitest"
import { withoutBarrel } from "../../src/config/Barrel.ts"

const rewrite = (source: string) => withoutBarrel(source, import.meta.url)

describe("imports of effect in a config", () => {
  it("load only the modules that they name", () => {
    expect(rewrite('import { Effect, Schema as S } from "effect"')).toBe(
      'import * as Effect from "effect/Effect"; import * as S from "effect/Schema";'
    )
  })

  it("keep types apart and every line at its number", () => {
    expect(rewrite("import {\n  type Layer,\n  Schema\n} from 'effect'\nexport {}")).toBe(
      'import * as Schema from "effect/Schema"; import type { Layer as Layer } from "effect";\n\n\n\nexport {}'
    )
  })

  it.each([
    'import { Schema, pipe } from "effect"',
    'import * as E from "effect"',
    'import type { Schema } from "effect"',
    'import { Nothing } from "effect"',
    'import { Command } from "effect/cli"',
    'const text = "import { Schema } from effect"',
    'import { Schema /* why */ } from "effect"',
    'const text = `\nimport { Schema } from "effect"\n`'
  ])("are left as they are: %s", (source) => {
    expect(rewrite(source)).toBe(source)
  })

  it("are found behind comments and other imports", () => {
    const head = "// `a`\n/** `b` */\nimport fs from 'node:fs'\n"
    expect(rewrite(`${head}import { Effect } from "effect"`)).toBe(
      `${head}import * as Effect from "effect/Effect";`
    )
  })

  it("mean the same objects", async () => {
    const [barrel, module] = await Promise.all([import("effect"), import("effect/Schema")])
    expect(barrel.Schema).toBe(module)
  })
})
