/** A Lua runtime without a server: commands are answered by what they are. */
import { makeCompiledLuaRuntime } from "../../../../src/embedded/redis/lua/CompiledLuaRuntime.ts"
import type { LuaRuntime } from "../../../../src/embedded/redis/lua/LuaRuntime.ts"
import { ErrorReply, type Reply } from "../../../../src/embedded/redis/resp/Reply.ts"

/** Makes a runtime; the command FAIL fails, others are answered by their arguments. */
export const runtime = (): LuaRuntime =>
  makeCompiledLuaRuntime({
    call: (args) => (args[0] === "FAIL" ? new ErrorReply("ERR it failed") : [...args]),
    log: () => undefined,
    setProtocol: () => undefined
  })

/** What a script returns, or the text of its error. */
export const result = (script: string, millis = 10_000, lua = runtime()): Reply => {
  const outcome = lua.run(script, ["key"], ["argument"], millis)
  if ("reply" in outcome) return outcome.reply
  return "syntax" in outcome ? outcome.syntax : `${outcome.failure.kind}: ${outcome.failure.message}`
}
