import type { Lexer } from "./Lexer.ts"
import type { Expression, Local } from "./Syntax.ts"

const MOST_LOCALS = 200
const MOST_UPVALUES = 60

/** A function while it is parsed: its variables, and those it takes from the functions around it. */
export class FunctionScope {
  readonly outer: FunctionScope | undefined
  readonly isVararg: boolean
  readonly line: number
  usesVarargs = false
  /** Loops around the current statement. */
  loops = 0
  private readonly active: Array<Local> = []
  /** Variables that Lua has for itself: three in every loop that counts or iterates. */
  private hidden = 0
  private readonly upvalues = new Set<Local>()

  constructor(outer: FunctionScope | undefined, isVararg: boolean, line: number) {
    this.outer = outer
    this.isVararg = isVararg
    this.line = line
  }

  get mark(): number {
    return this.active.length
  }

  /** Makes variables visible. */
  declare(locals: ReadonlyArray<Local>): void {
    this.active.push(...locals)
  }

  /** Ends the block that began at a mark. */
  leave(mark: number): void {
    this.active.length = mark
  }

  hide(count: number): void {
    this.hidden += count
  }

  /** Fails if there are too many variables with some more. */
  checkLocals(lexer: Lexer, more: number): void {
    if (this.active.length + this.hidden + more > MOST_LOCALS)
      this.limit(lexer, MOST_LOCALS, "local variables")
  }

  private limit(lexer: Lexer, most: number, what: string): never {
    const where = this.line === 0 ? "main function" : `function at line ${this.line}`
    return lexer.failHere(`${where} has more than ${most} ${what}`)
  }

  /** What a name stands for; `undefined` for a global. */
  resolve(lexer: Lexer, name: string): Extract<Expression, { type: "local" }> | undefined {
    for (let at = this.active.length - 1; at >= 0; at--) {
      const local = this.active[at]
      if (local?.name === name) return { type: "local", local, isUpvalue: false }
    }
    const found = this.outer?.resolve(lexer, name)
    if (found === undefined) return undefined
    this.upvalues.add(found.local)
    if (this.upvalues.size > MOST_UPVALUES) this.limit(lexer, MOST_UPVALUES, "upvalues")
    return { ...found, isUpvalue: true }
  }
}
