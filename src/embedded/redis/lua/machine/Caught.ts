import { levelOf } from "./Positions.ts"
import { LuaError } from "./Values.ts"

/** What was thrown as an error of Lua. Throws again what no script can catch. */
export const caught = (problem: unknown): LuaError => {
  if (problem instanceof LuaError) return problem
  if (problem instanceof RangeError) {
    if (!problem.message.includes("call stack")) return new LuaError("not enough memory", undefined, -1)
    const level = levelOf(problem)
    const place = level === undefined ? "" : `${level.chunk.name}:${level.site.line}: `
    return new LuaError(`${place}stack overflow`, level?.chunk.source, level?.site.line ?? -1)
  }
  throw problem
}
