import { ErrorReply } from "../resp/Reply.ts"
import { compile, type Environment } from "./compiler/Compile.ts"
import { SyntaxProblem } from "./compiler/Lexer.ts"
import { errorText, fromLua } from "./Conversions.ts"
import { makeGlobals, protect, readGlobal, refuseGlobal } from "./Globals.ts"
import { Random } from "./library/Maths.ts"
import { apiError, loadingApi, type Protocol, redisApi } from "./library/Redis.ts"
import { readRegistration, type Registration } from "./library/Register.ts"
import type {
  LibraryOutcome,
  LibrarySource,
  LuaHost,
  LuaRuntime,
  LuaRuntimeFactory,
  ScriptFailure,
  ScriptOutcome
} from "./LuaRuntime.ts"
import { budget } from "./machine/Budget.ts"
import { caught } from "./machine/Caught.ts"
import { LuaTable } from "./machine/LuaTable.ts"
import { plainText, toText } from "./machine/Types.ts"
import { first, type LuaError, type LuaFunction, type LuaValue, Stopped } from "./machine/Values.ts"

/** Compiled scripts are kept until their sources have this many bytes. */
const CACHE_BYTES = 16 * 1024 * 1024
/** What a compiled script takes beside its source. */
const SCRIPT_BYTES = 512
/** What the libraries take. */
const BASE_BYTES = 48 * 1024
const BAD_NAME =
  "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"
/** What a script mentions whose functions coroutines may leave. */
const MENTIONS_COROUTINES = /coroutine/

const stopped = (kind: Stopped["kind"]): ScriptFailure => ({
  message: kind,
  code: "ERR",
  line: 1,
  kind
})

/** An error that nobody caught, as Redis explains it. */
const failureOf = (error: LuaError): ScriptFailure => {
  const { value } = error
  const given = value instanceof LuaTable ? toText(value.get("err")) : `ERR ${plainText(value)}`
  const text = errorText(given ?? "ERR unknown error")
  const space = text.indexOf(" ")
  return {
    code: space === -1 ? text : text.slice(0, space),
    message: space === -1 ? "" : text.slice(space + 1),
    source: error.source,
    line: error.line,
    kind: "error"
  }
}

class CompiledLuaRuntime implements LuaRuntime {
  private readonly protocol: Protocol = { resp3: false }
  private readonly globals: LuaTable
  private readonly scriptEnvironment: Environment
  private readonly functionEnvironment: Environment
  private readonly scripts = new Map<string, LuaFunction>()
  private scriptBytes = 0
  private readonly libraries = new Map<LibrarySource, ReadonlyMap<string, Registration>>()
  /** The functions of the library that is being loaded. */
  private loading: Map<string, Registration> | undefined
  /** Whether any code may have made coroutines: code that it compiles may run in them. */
  private hasCoroutines = false

  constructor(host: LuaHost) {
    const random = new Random()
    const ofScripts = redisApi(host, this.protocol, true)
    this.globals = makeGlobals(
      ofScripts,
      random,
      this.compiler(() => this.scriptEnvironment),
      true
    )
    this.scriptEnvironment = {
      getGlobal: (name) => readGlobal(this.globals, name),
      setGlobal: () => {
        throw refuseGlobal()
      }
    }
    const ofFunctions = redisApi(host, this.protocol, false)
    const inFunctions = makeGlobals(
      ofFunctions,
      random,
      this.compiler(() => this.functionEnvironment),
      false
    )
    const whileLoading = new LuaTable()
    whileLoading.set("redis", protect(loadingApi(host, (...args) => this.register(args))))
    protect(whileLoading)
    this.functionEnvironment = {
      getGlobal: (name) => readGlobal(this.loading === undefined ? inFunctions : whileLoading, name),
      setGlobal: () => {
        throw refuseGlobal()
      }
    }
  }

  private compiler(environment: () => Environment) {
    return (source: string, name: string): LuaFunction | string => {
      try {
        return compile(source, name, environment(), this.hasCoroutines || MENTIONS_COROUTINES.test(source))
      } catch (problem) {
        if (problem instanceof SyntaxProblem) return problem.message
        throw problem
      }
    }
  }

  private compile(source: string, origin: string, environment: Environment): LuaFunction {
    const isStepped = MENTIONS_COROUTINES.test(source)
    if (isStepped) this.hasCoroutines = true
    return compile(source, origin, environment, isStepped)
  }

  private script(body: string): LuaFunction {
    const known = this.scripts.get(body)
    if (known !== undefined) return known
    if (this.scriptBytes > CACHE_BYTES) this.flush()
    const script = this.compile(body, "@user_script", this.scriptEnvironment)
    this.scripts.set(body, script)
    this.scriptBytes += body.length + SCRIPT_BYTES
    return script
  }

  flush(): void {
    this.scripts.clear()
    this.scriptBytes = 0
  }

  check(body: string): string | undefined {
    try {
      this.script(body)
      return undefined
    } catch (problem) {
      if (problem instanceof SyntaxProblem) return problem.message
      throw problem
    }
  }

  run(body: string, keys: ReadonlyArray<string>, args: ReadonlyArray<string>, millis: number): ScriptOutcome {
    let script: LuaFunction
    try {
      script = this.script(body)
    } catch (problem) {
      if (problem instanceof SyntaxProblem) return { syntax: problem.message }
      throw problem
    }
    this.globals.set("KEYS", LuaTable.grown([...keys]))
    this.globals.set("ARGV", LuaTable.grown([...args]))
    return this.reply(millis, () => first(script()))
  }

  /** Runs something to its end and makes a reply of what it returns. */
  private reply(millis: number, run: () => LuaValue): ScriptOutcome {
    // `redis.setresp` counts for the script that calls it only.
    const { protocol } = this
    protocol.resp3 = false
    try {
      return budget.during(millis, () => ({ reply: fromLua(run(), protocol.resp3) }))
    } catch (problem) {
      if (problem instanceof ErrorReply) return { reply: problem }
      if (problem instanceof Stopped) return { failure: stopped(problem.kind) }
      return { failure: failureOf(caught(problem)) }
    }
  }

  private register(args: ReadonlyArray<LuaValue>): ReadonlyArray<LuaValue> {
    const { loading } = this
    if (loading === undefined) {
      throw apiError("redis.register_function can only be called on FUNCTION LOAD command")
    }
    const registration = readRegistration(args)
    if (!/^\w+$/.test(registration.name)) throw apiError(BAD_NAME)
    if (loading.has(registration.name)) throw apiError("Function already exists in the library")
    loading.set(registration.name, registration)
    return []
  }

  load(library: LibrarySource, millis: number): LibraryOutcome {
    const functions = new Map<string, Registration>()
    this.loading = functions
    try {
      const main = this.compile(library.code, "@user_function", this.functionEnvironment)
      const outcome = this.reply(millis, () => {
        main()
        return undefined
      })
      if ("failure" in outcome) return outcome
    } catch (problem) {
      if (problem instanceof SyntaxProblem) return { syntax: problem.message }
      throw problem
    } finally {
      this.loading = undefined
    }
    this.libraries.set(library, functions)
    return {
      functions: [...functions.values()].map(({ name, description, flags }) => ({ name, description, flags }))
    }
  }

  unload(library: LibrarySource): void {
    this.libraries.delete(library)
  }

  call(
    library: LibrarySource,
    name: string,
    keys: ReadonlyArray<string>,
    args: ReadonlyArray<string>,
    millis: number
  ): ScriptOutcome {
    if (!this.libraries.has(library)) {
      const loaded = this.load(library, millis)
      if (!("functions" in loaded)) return loaded
    }
    const callback = this.libraries.get(library)?.get(name)?.callback
    if (callback === undefined) throw new Error(`The library has no function ${name}.`)
    return this.reply(millis, () => first(callback(LuaTable.grown([...keys]), LuaTable.grown([...args]))))
  }

  get usedBytes(): number {
    return BASE_BYTES + this.scriptBytes
  }
}

/** Lua 5.1 compiled to JavaScript. */
export const makeCompiledLuaRuntime: LuaRuntimeFactory = (host: LuaHost) => new CompiledLuaRuntime(host)
