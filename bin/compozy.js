#!/usr/bin/env node
// Plain JavaScript without any import, so that an old Node gets as far as saying that it is too old.
var minimum = [22, 19]

function isOld(version) {
  var parts = version.split(".").map(Number)
  return parts[0] < minimum[0] || (parts[0] === minimum[0] && parts[1] < minimum[1])
}

// Node calls these modules experimental; the user of a CLI can do nothing about it.
function silenceExperimentalWarnings() {
  var emit = process.emitWarning
  process.emitWarning = function (warning, options) {
    var type = typeof options === "string" ? options : options && options.type
    if (!type && warning && typeof warning === "object") type = warning.name
    var quiet = type === "ExperimentalWarning" && /SQLite|[Ss]trip|registerHooks/.test(String(warning))
    if (!quiet) emit.apply(process, arguments)
  }
}

function configArgument(args) {
  for (var i = 0; i < args.length; i++) {
    if (args[i] === "--") return undefined
    if (args[i] === "--config" || args[i] === "-c") return args[i + 1]
    if (args[i].indexOf("--config=") === 0) return args[i].slice("--config=".length)
  }
  return undefined
}

function configFolder(fs, path, args) {
  var given = configArgument(args)
  if (given !== undefined) {
    var place = path.resolve(given)
    return fs.existsSync(place) && fs.statSync(place).isDirectory() ? place : path.dirname(place)
  }
  var folder = process.cwd()
  for (;;) {
    for (var extension of ["ts", "mts", "js", "mjs"]) {
      if (fs.existsSync(path.join(folder, "compozy.config." + extension))) return folder
    }
    var parent = path.dirname(folder)
    if (parent === folder) return undefined
    folder = parent
  }
}

// The config imports the project's own copy of compozy: the CLI must be that one too.
function projectCopy(module, fs, path, here, args) {
  if (process.env.COMPOZY_NO_HANDOVER === "1") return undefined
  var folder = configFolder(fs, path, args)
  if (folder === undefined) return undefined
  try {
    var found = module.createRequire(path.join(folder, "compozy.config.js")).resolve("compozy/package.json")
    var root = fs.realpathSync(path.dirname(found))
    return root === here ? undefined : root
  } catch {
    return undefined
  }
}

function start(modules) {
  var module = modules[0]
  var fs = modules[1]
  var path = modules[2]
  var url = modules[3]
  var os = modules[4]
  if (process.env.NODE_DISABLE_COMPILE_CACHE !== "1") {
    var cache = process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache")
    module.enableCompileCache(process.env.NODE_COMPILE_CACHE || path.join(cache, "compozy", "compile-cache"))
  }
  var args = process.argv.slice(2)
  var here = fs.realpathSync(path.dirname(path.dirname(url.fileURLToPath(import.meta.url))))
  var root = projectCopy(module, fs, path, here, args) || here
  var built = path.join(root, "dist", "cli", "main.js")
  var entry = fs.existsSync(built) ? built : path.join(root, "src", "cli", "main.ts")
  return import("./resolution.js")
    .then(function (resolution) {
      if (entry === built) resolution.resolveQuickly(root)
      return import(url.pathToFileURL(entry).href)
    })
    .then(function (cli) {
      return cli.main(args)
    })
}

if (isOld(process.versions.node)) {
  console.error("compozy needs Node.js 22.19 or newer; this is " + process.versions.node + ".")
  process.exitCode = 1
} else {
  silenceExperimentalWarnings()
  Promise.all([
    import("node:module"),
    import("node:fs"),
    import("node:path"),
    import("node:url"),
    import("node:os")
  ])
    .then(start)
    .catch(function (error) {
      console.error(error)
      process.exitCode = 1
    })
}
