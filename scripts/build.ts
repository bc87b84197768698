/**
 * Builds `dist`: the library and the CLI (rolldown), their declarations (tsc), and the workflow bundle.
 * `node scripts/build.ts [--if-stale]`; `--if-stale` builds only the JavaScript, and only if a source is newer.
 */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises"
import { dirname, join, relative } from "node:path"
import { builtinModules } from "node:module"
import { pathToFileURL } from "node:url"
import { rolldown } from "rolldown"
import { withoutBarrel } from "../src/config/Barrel.ts"
import { bundle, bundleFile, bundleIsStale } from "./bundle.ts"
import { protocol } from "./lib/protocol.ts"
import { isMain, manifest, record, root, run, sourcesUnder } from "./lib/project.ts"

const dist = join(root, "dist")
const packageJson = await manifest()

/** Of the entries those without declarations. */
const programs: ReadonlyArray<string> = [
  "cli/main",
  "embedded/temporal/thread",
  "embedded/temporal/executable"
]

/** `dist/x/y.js` of every entry that package.json exports, as `x/y`, and the programs'. */
const entries: ReadonlyArray<string> = [
  ...Object.values(record(packageJson["exports"]))
    .map((target) => record(target)["default"])
    .filter((target) => typeof target === "string")
    .map((target) => target.replace(/^\.\/dist\/(.*)\.js$/, "$1")),
  ...programs
]

/**
 * Packages that are built in, at the version that package.json pins: ioredis and what it needs are 52 files, which takes
 * twice as long to load as one. It stays a dependency for its types.
 */
const builtIn = new Set(["ioredis"])

const packages = Object.keys({
  ...record(packageJson["dependencies"]),
  ...record(packageJson["peerDependencies"])
}).filter((name) => !builtIn.has(name))

const isExternal = (id: string): boolean =>
  id.startsWith("node:") ||
  builtinModules.includes(id) ||
  packages.some((name) => id === name || id.startsWith(`${name}/`))

/** Bundles the entries into ES modules: what is imported dynamically stays a file of its own, loaded when needed. */
const buildScripts = async (folder: string): Promise<void> => {
  const build = await rolldown({
    cwd: root,
    input: Object.fromEntries(entries.map((name) => [name, join(root, "src", `${name}.ts`)])),
    external: isExternal,
    platform: "node",
    treeshake: true,
    plugins: [
      protocol(),
      {
        name: "effect-modules",
        // `import { Effect } from "effect"` would load all of Effect wherever a chunk of dist is loaded.
        transform: (code, id) =>
          id.startsWith(join(root, "src"))
            ? { code: withoutBarrel(code, pathToFileURL(id).href), map: null }
            : null
      }
    ],
    // Warnings are errors here, and how long a plugin takes depends on the machine.
    checks: { bundlerTimings: false },
    logLevel: "warn",
    onLog: (level, log, handler) => {
      // A module that one entry loads with its chunk may be loaded later by another.
      if (log.code !== "INEFFECTIVE_DYNAMIC_IMPORT") handler(level === "warn" ? "error" : level, log)
    }
  })
  const { output } = await build.write({
    dir: folder,
    format: "esm",
    sourcemap: true,
    // They are in the declarations, and in the sources that the maps hold.
    comments: false,
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name]-[hash].js"
  })
  await build.close()
  const modules = output.flatMap((part) => (part.type === "chunk" ? part.moduleIds : []))
  await writeFile(join(folder, "THIRD-PARTY-LICENSES.txt"), await licensesOf(modules))
}

/** The licenses of the packages that modules belong to, as those ask for. */
const licensesOf = async (modules: ReadonlyArray<string>): Promise<string> => {
  const folders = new Set(
    modules.flatMap((id) => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/u.exec(id)?.[0] ?? [])
  )
  const texts = [...folders].toSorted().map(async (folder) => {
    const { license, name, version } = record(
      JSON.parse(await readFile(join(folder, "package.json"), "utf8"))
    )
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/iu.test(entry))
    const text = file === undefined ? String(license) : (await readFile(join(folder, file), "utf8")).trim()
    return `${String(name)} ${String(version)}\n\n${text}\n`
  })
  return (await Promise.all(texts)).join(`\n${"-".repeat(80)}\n\n`)
}

const specifier = /(\bfrom\s*|\bimport\s*\(\s*|\bimport\s+)(["'])(\.{1,2}\/[^"']+)\.ts\2/g

/**
 * Keeps the declarations that the entries reach, with `.js` in their imports: every compiler finds the file then, and
 * what is internal is not published.
 */
const buildDeclarations = async (folder: string): Promise<void> => {
  const all = join(folder, ".declarations")
  const tsc = await run("tsc", ["-p", "tsconfig.build.json", "--outDir", all])
  if (tsc.code !== 0) throw new Error(`tsc failed\n${tsc.stdout}${tsc.stderr}`)
  const waiting = entries.filter((name) => !programs.includes(name)).map((name) => join(all, `${name}.d.ts`))
  const reached = new Set<string>()
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file)) continue
    reached.add(file)
    const text = await readFile(file, "utf8")
    for (const match of text.matchAll(specifier)) waiting.push(join(dirname(file), `${match[3]}.d.ts`))
    const target = join(folder, relative(all, file))
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, text.replaceAll(specifier, "$1$2$3.js$2"))
  }
  await rm(all, { recursive: true })
}

/** Builds everything into a folder beside `dist`, then puts it in its place. */
export const buildAll = async (): Promise<void> => {
  const folder = `${dist}.${process.pid}`
  try {
    const parts = await Promise.allSettled([
      buildScripts(folder),
      buildDeclarations(folder),
      bundle(join(folder, "workflow-bundle.js"))
    ])
    for (const part of parts) if (part.status === "rejected") throw part.reason
    const old = `${dist}.${process.pid}.old`
    await rename(dist, old).catch(() => undefined)
    await rename(folder, dist)
    await rm(old, { recursive: true, force: true })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Moves files one by one, entries last: a process that runs may still load a chunk of the build before. */
const moveInto = async (from: string, to: string): Promise<void> => {
  const files = (await readdir(from, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(from, join(entry.parentPath, entry.name)))
  for (const file of files.toSorted(
    (a, b) => Number(b.startsWith("chunks")) - Number(a.startsWith("chunks"))
  )) {
    await mkdir(dirname(join(to, file)), { recursive: true })
    await rename(join(from, file), join(to, file))
  }
}

const newest = async (files: ReadonlyArray<string>): Promise<number> =>
  Math.max(...(await Promise.all(files.map(async (file) => (await stat(file)).mtimeMs))))

/** Rebuilds the JavaScript and the workflow bundle where a source is newer: what tests need before they start. */
export const buildIfStale = async (): Promise<void> => {
  const built = await stat(join(dist, "index.js")).catch(() => undefined)
  const sources = [...(await sourcesUnder("src")), join(root, "package.json")]
  if (built === undefined || (await newest(sources)) > built.mtimeMs) {
    const folder = `${dist}.${process.pid}`
    try {
      await buildScripts(folder)
      await moveInto(folder, dist)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
  if (await bundleIsStale()) await bundle(bundleFile)
}

if (isMain(import.meta.url)) {
  await (process.argv.includes("--if-stale") ? buildIfStale() : buildAll())
}
