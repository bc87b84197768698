/**
 * Checks the package as its users get it: the packed tarball is linted, installed into an empty folder, its CLI run on
 * the newest and the oldest Node that it supports and refused on an older one, and its declarations compiled by a
 * strict consumer with TypeScript 7 and 5.9.
 */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { existsSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterPack, beforePack } from "./pack.ts"
import { type Ran, root, run, type RunOptions } from "./lib/project.ts"

const oldestNode = "22.19.0"
const tooOldNode = "20.19.0"
const cache = join(root, "node_modules/.cache/compozy-check")
const problems: Array<string> = []

const problem = (what: string, ran?: Ran): void => {
  problems.push(ran === undefined ? what : `${what} (exit code ${ran.code})\n${ran.stdout}${ran.stderr}`)
}

/** Said by npm about its user's own settings, not about a package. */
const ofThisMachine = /Unknown (user|env|project|global) config/

const npm = async (args: ReadonlyArray<string>, cwd: string): Promise<Ran> => {
  const ran = await run("npm", [...args, "--no-audit", "--no-fund", "--prefer-offline"], { cwd })
  const stderr = ran.stderr
    .split("\n")
    .filter((line) => !ofThisMachine.test(line))
    .join("\n")
  return { ...ran, stderr }
}

/** A Node of that version, from the package registry, kept between runs. */
const nodeOf = async (version: string): Promise<string> => {
  const folder = join(cache, `node-${version}`)
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`
  const binary = join(folder, "node_modules", name, "bin/node")
  if (!existsSync(binary)) {
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, "package.json"), "{}")
    const ran = await npm(["install", `${name}@${version}`], folder)
    if (ran.code !== 0) throw new Error(`cannot install ${name}@${version}\n${ran.stderr}`)
  }
  return binary
}

const temporary = await mkdtemp(join(tmpdir(), "compozy-check-"))

const pack = async (): Promise<string> => {
  // Without the scripts, because the build has run: they are called here.
  await beforePack()
  const ran = await npm(["pack", "--ignore-scripts", "--pack-destination", temporary], root).finally(
    afterPack
  )
  if (ran.code !== 0) throw new Error(`npm pack failed\n${ran.stderr}`)
  const name = (await readdir(temporary)).find((file) => file.endsWith(".tgz"))
  if (name === undefined) throw new Error("npm pack wrote no tarball")
  return join(temporary, name)
}

const lintTarball = async (tarball: string): Promise<void> => {
  const [publint, attw] = await Promise.all([
    run("publint", ["run", tarball, "--strict"]),
    run("attw", [tarball, "--profile", "esm-only", "--no-emoji", "--format", "ascii"])
  ])
  if (publint.code !== 0) problem("publint", publint)
  if (attw.code !== 0) problem("are-the-types-wrong", attw)
}

/** What is published names no folder of this machine, and no type of a driver. */
const readPublished = async (folder: string): Promise<void> => {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((file) =>
    file.isFile()
  )
  for (const file of files) {
    if (file.parentPath.includes(join(folder, "node_modules"))) continue
    const path = join(file.parentPath, file.name)
    const text = await readFile(path, "utf8")
    if (text.includes(root)) problem(`${path} names the folder ${root}`)
    const code = text.replaceAll(/\/\*[^]*?\*\//g, "")
    const driver = /["'](@temporalio\/[^"']*|@grpc\/[^"']*|@effect\/[^"']*)["']/.exec(code)
    if (path.endsWith(".d.ts") && driver !== null) problem(`${path} names a driver's types: ${driver[1]}`)
  }
}

const expectRun = async (
  what: string,
  command: ReadonlyArray<string>,
  options: RunOptions,
  accept: (ran: Ran) => string | undefined
): Promise<void> => {
  const [program = "", ...args] = command
  const ran = await run(program, args, { timeout: 60_000, ...options })
  const wrong = accept(ran)
  if (wrong !== undefined) problem(`${what}: ${wrong}`, ran)
}

const expectQuiet = (ran: Ran): string | undefined =>
  ran.code !== 0 ? "failed" : ran.stderr !== "" ? "wrote to stderr" : undefined

const isHello = (text: string): boolean => {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== "object" || value === null || !("output" in value)) return false
    return JSON.stringify(value.output) === JSON.stringify({ first: "Hello, Rome", reply: "Hello, Ada!" })
  } catch {
    return false
  }
}

const runCli = async (folder: string): Promise<void> => {
  const cli = join(folder, "node_modules/compozy/bin/compozy.js")
  const env = { NO_COLOR: "1" }
  for (const [name, node] of [
    ["Node 24", join(root, "node_modules/.bin/node")],
    [`Node ${oldestNode}`, await nodeOf(oldestNode)]
  ] as const) {
    for (const args of [["--version"], ["--help"], ["config", "show"], ["workflow", "list"]]) {
      await expectRun(
        `${name}: compozy ${args.join(" ")}`,
        [node, cli, ...args],
        { cwd: folder, env },
        expectQuiet
      )
    }
    await expectRun(
      `${name}: compozy run hello`,
      [node, cli, "run", "hello", "name=Ada", 'cities=["Rome"]', "--json"],
      { cwd: folder, env },
      (ran) =>
        ran.code !== 0
          ? "failed"
          : !isHello(ran.stdout)
            ? "printed something else than the result"
            : /warning|deprecat|experimental/i.test(ran.stderr)
              ? "warns on stderr"
              : undefined
    )
  }
  await expectRun(
    "Node 20: compozy --version",
    [await nodeOf(tooOldNode), cli, "--version"],
    { cwd: folder },
    (ran) =>
      ran.code === 1 && ran.stdout === "" && /^[^\n]*22\.19[^\n]*\n$/.test(ran.stderr)
        ? undefined
        : "should say in one line which Node it needs, and exit with 1"
  )
}

const compileConsumer = async (folder: string): Promise<void> => {
  for (const compiler of ["typescript", "typescript5"]) {
    const tsc = join(folder, "node_modules", compiler, "bin/tsc")
    const ran = await run("node", [tsc, "-p", "."], { cwd: folder })
    if (ran.code !== 0) problem(`a strict consumer does not compile with ${compiler}`, ran)
  }
}

try {
  const tarball = await pack()
  const folder = join(temporary, "consumer")
  await cp(join(root, "test/package/consumer"), folder, { recursive: true })
  await npm(["init", "-y"], folder)
  const installed = await npm(
    [
      "install",
      tarball,
      "effect@4.1.0",
      "typescript@7.0.2",
      "typescript5@npm:typescript@5.9.3",
      "@types/node@24.19.2"
    ],
    folder
  )
  if (installed.code !== 0) throw new Error(`npm install of the tarball failed\n${installed.stderr}`)
  if (/deprecated|ERESOLVE|peer|compozy@/.test(installed.stderr)) problem("npm install warns", installed)
  await lintTarball(tarball)
  await readPublished(join(folder, "node_modules/compozy"))
  await Promise.all([compileConsumer(folder), runCli(folder)])
} finally {
  await rm(temporary, { recursive: true, force: true })
}

for (const one of problems) console.error(one)
process.exitCode = problems.length === 0 ? 0 : 1
