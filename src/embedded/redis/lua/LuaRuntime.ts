import type { RespVersion } from "../resp/Encoder.ts"
import type { Reply } from "../resp/Reply.ts"

/** What a script reaches outside of Lua. */
export interface LuaHost {
  /** `redis.call` and `redis.pcall`; an ErrorReply raises, or is returned by `pcall`. */
  readonly call: (args: ReadonlyArray<string>) => Reply
  /** `redis.log`. */
  readonly log: (level: number, message: string) => void
  /** `redis.setresp`. */
  readonly setProtocol: (version: RespVersion) => void
}

/** Why a script ended with an error that it did not return as a value. */
export interface ScriptFailure {
  readonly message: string
  /** First word of the error, such as ERR or WRONGTYPE. */
  readonly code: string
  /** Where it arose, such as `@user_script`; `undefined` if nobody knows, and if it is the script itself. */
  readonly source?: string | undefined
  /** Line of the script. */
  readonly line: number
  /** Whether it used up the memory or its time, and so was stopped. */
  readonly kind: "error" | "out-of-memory" | "limit"
}

/** What a script ended with. */
export type ScriptOutcome =
  | { readonly reply: Reply }
  | { readonly failure: ScriptFailure }
  /** It is no Lua. */
  | { readonly syntax: string }

/** The code of a library of functions. */
export interface LibrarySource {
  readonly code: string
}

/** A function that a library has registered. */
export interface RegisteredFunction {
  readonly name: string
  readonly description: string | undefined
  readonly flags: ReadonlyArray<string>
}

/** What loading a library ended with. */
export type LibraryOutcome =
  | { readonly functions: ReadonlyArray<RegisteredFunction> }
  | { readonly failure: ScriptFailure }
  | { readonly syntax: string }

/** Runs Lua. It runs to the end in one step, so that a script is atomic. */
export interface LuaRuntime {
  /** The error of a script that is no Lua; `undefined` if it compiles. */
  readonly check: (body: string) => string | undefined
  /** Runs a script for at most about `millis`. */
  readonly run: (
    body: string,
    keys: ReadonlyArray<string>,
    args: ReadonlyArray<string>,
    millis: number
  ) => ScriptOutcome
  /** Runs the code of a library, which registers its functions. */
  readonly load: (library: LibrarySource, millis: number) => LibraryOutcome
  /** Forgets a library. */
  readonly unload: (library: LibrarySource) => void
  /** Calls a function of a library for at most about `millis`; loads the library if this runtime has not. */
  readonly call: (
    library: LibrarySource,
    name: string,
    keys: ReadonlyArray<string>,
    args: ReadonlyArray<string>,
    millis: number
  ) => ScriptOutcome
  /** Bytes that Lua uses. */
  readonly usedBytes: number
  /** Forgets compiled scripts. */
  readonly flush: () => void
}

/** Makes a runtime. */
export type LuaRuntimeFactory = (host: LuaHost) => LuaRuntime
