import { ErrorReply } from "../resp/Reply.ts"
import { splitInline } from "../resp/Inline.ts"
import { globMatch } from "../format/Glob.ts"
import type { LibrarySource, LuaRuntime, RegisteredFunction } from "./LuaRuntime.ts"

/** A library of functions. */
export interface FunctionLibrary extends LibrarySource {
  readonly name: string
  /** The code as it was given, with its first line. */
  readonly source: string
  /** Empty until the runtime has loaded a library that came from a file. */
  readonly functions: ReadonlyArray<RegisteredFunction>
}

/** A function with the library it belongs to. */
export interface LibraryFunction {
  readonly library: FunctionLibrary
  readonly definition: RegisteredFunction
}

/** How RESTORE treats libraries that are there. */
export type RestorePolicy = "flush" | "append" | "replace"

const LOAD_MILLIS = 500
const BAD_NAME =
  "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"

const error = (text: string): ErrorReply => new ErrorReply(`ERR ${text}`)

/** Reads `#!lua name=mylib`, the first line of a library. */
const readMetadata = (source: string): { readonly name: string; readonly code: string } => {
  if (!source.startsWith("#!")) throw error("Missing library metadata")
  const end = source.indexOf("\n")
  const parts = end === -1 ? undefined : splitInline(source.slice(0, end))
  if (parts === undefined || parts.length === 0) throw error("Invalid library metadata")
  let name: string | undefined
  for (const part of parts.slice(1)) {
    if (!part.toLowerCase().startsWith("name=")) throw error(`Invalid metadata value given: ${part}`)
    if (name !== undefined) throw error("Invalid metadata value, name argument was given multiple times")
    name = part.slice(5)
  }
  if (name === undefined) throw error("Library name was not given")
  if (!/^\w+$/.test(name)) throw error(BAD_NAME)
  const engine = (parts[0] ?? "").slice(2)
  if (engine.toLowerCase() !== "lua") throw error(`Engine '${engine}' not found`)
  return { name, code: source.slice(end) }
}

/** The libraries and their functions. Names of functions ignore case, names of libraries do not. */
export class FunctionLibraries {
  private libraries = new Map<string, FunctionLibrary>()
  private functions = new Map<string, LibraryFunction>()
  private readonly runtime: () => LuaRuntime | undefined
  /** Libraries from files, which are loaded when there is a runtime. */
  private unread: Array<FunctionLibrary> = []

  constructor(runtime: () => LuaRuntime | undefined) {
    this.runtime = runtime
  }

  get size(): number {
    return this.libraries.size
  }

  get functionCount(): number {
    return this.functions.size
  }

  /** Whether libraries came from files that no runtime has seen. */
  get hasUnread(): boolean {
    return this.unread.length > 0
  }

  find(name: string): LibraryFunction | undefined {
    return this.functions.get(name.toLowerCase())
  }

  /** The libraries whose names match, in the order in which they were loaded. */
  list(pattern?: string): ReadonlyArray<FunctionLibrary> {
    const all = [...this.libraries.values()]
    return pattern === undefined ? all : all.filter((library) => globMatch(pattern, library.name, true))
  }

  /** The codes of all libraries, for files. */
  sources(): ReadonlyArray<string> {
    return [...this.libraries.values()].map((library) => library.source)
  }

  /** Loads a library; returns its name. */
  load(source: string, replace: boolean): string {
    const { name, code } = readMetadata(source)
    const old = this.libraries.get(name)
    if (old !== undefined && !replace) throw error(`Library '${name}' already exists`)
    const library = this.read(name, code, source)
    for (const { name: own } of library.functions) {
      const existing = this.find(own)
      if (existing === undefined || existing.library === old) continue
      this.runtime()?.unload(library)
      throw error(`Function ${own} already exists`)
    }
    if (old !== undefined) this.remove(old)
    this.add(library)
    return name
  }

  private read(name: string, code: string, source: string): FunctionLibrary {
    const runtime = this.runtime()
    if (runtime === undefined) {
      const library = { name, code, source, functions: [] }
      this.unread.push(library)
      return library
    }
    const functions: Array<RegisteredFunction> = []
    const library = { name, code, source, functions }
    const outcome = runtime.load(library, LOAD_MILLIS)
    if ("syntax" in outcome) throw error(`Error compiling function: ${outcome.syntax}`)
    if ("failure" in outcome) {
      const { kind, code: problem, message } = outcome.failure
      const text = kind === "limit" ? "FUNCTION LOAD timeout" : message
      throw error(`Error registering functions: ${problem} ${text}`)
    }
    if (outcome.functions.length === 0) {
      runtime.unload(library)
      throw error("No functions registered")
    }
    functions.push(...outcome.functions)
    return library
  }

  private add(library: FunctionLibrary): void {
    this.libraries.set(library.name, library)
    for (const definition of library.functions) {
      this.functions.set(definition.name.toLowerCase(), { library, definition })
    }
  }

  private remove(library: FunctionLibrary): void {
    this.libraries.delete(library.name)
    for (const { name } of library.functions) this.functions.delete(name.toLowerCase())
    this.unread = this.unread.filter((other) => other !== library)
    this.runtime()?.unload(library)
  }

  /** Loads what came from files; called when a runtime has started. Returns what is wrong with which library. */
  readFiles(): ReadonlyArray<string> {
    const problems: Array<string> = []
    const { unread } = this
    this.unread = []
    for (const old of unread) {
      this.libraries.delete(old.name)
      try {
        this.add(this.read(old.name, old.code, old.source))
      } catch (problem) {
        if (!(problem instanceof ErrorReply)) throw problem
        problems.push(`The library '${old.name}' could not be loaded: ${problem.text}`)
      }
    }
    return problems
  }

  delete(name: string): void {
    const library = this.libraries.get(name)
    if (library === undefined) throw error("Library not found")
    this.remove(library)
  }

  flush(): void {
    for (const library of this.list()) this.remove(library)
  }

  /** Takes over libraries from a dump: all of them, or none. */
  restore(sources: ReadonlyArray<string>, policy: RestorePolicy): void {
    const before = { libraries: this.libraries, functions: this.functions, unread: this.unread }
    const added: Array<FunctionLibrary> = []
    this.libraries = policy === "flush" ? new Map() : new Map(before.libraries)
    this.functions = policy === "flush" ? new Map() : new Map(before.functions)
    this.unread = policy === "flush" ? [] : [...before.unread]
    try {
      for (const source of sources) {
        const { name, code } = readMetadata(source)
        const old = this.libraries.get(name)
        if (old !== undefined && policy !== "replace") throw error(`Library ${name} already exists`)
        if (old !== undefined) {
          this.libraries.delete(name)
          for (const own of old.functions) this.functions.delete(own.name.toLowerCase())
        }
        added.push(this.read(name, code, source))
      }
      for (const library of added) {
        for (const { name } of library.functions) {
          if (this.find(name) !== undefined) throw error(`Function ${name} already exists`)
        }
        this.add(library)
      }
    } catch (problem) {
      for (const library of added) this.runtime()?.unload(library)
      Object.assign(this, before)
      throw problem
    }
  }
}
