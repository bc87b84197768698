import { ExpressionParser } from "./ExpressionParser.ts"
import { FunctionScope } from "./Scope.ts"
import type {
  Block,
  CallExpression,
  Expression,
  FunctionBody,
  Local,
  MethodExpression,
  Statement,
  Target
} from "./Syntax.ts"

const BLOCK_ENDS: ReadonlySet<string> = new Set(["else", "elseif", "end", "until", "<eof>"])

/** Reads the statements of Lua 5.1. */
class Parser extends ExpressionParser {
  main(): FunctionBody {
    this.lexer.next()
    const body = this.block()
    if (this.kind !== "<eof>") this.expected("<eof>")
    return { parameters: [], isVararg: true, argTable: undefined, makesArgTable: false, body, line: 0 }
  }

  protected block(): Block {
    const { scope } = this
    const mark = scope.mark
    const statements = this.statements()
    scope.leave(mark)
    return statements
  }

  private statements(): Block {
    this.enter()
    const statements: Array<Statement> = []
    while (!BLOCK_ENDS.has(this.kind)) {
      const statement = this.statement()
      statements.push(statement)
      this.accept(";")
      if (statement.type === "return" || statement.type === "break") break
    }
    this.leave()
    return statements
  }

  private loopBody(): Block {
    this.scope.loops++
    const body = this.block()
    this.scope.loops--
    return body
  }

  private statement(): Statement {
    const { line } = this.lexer
    switch (this.kind) {
      case "if":
        return this.ifStatement(line)
      case "while":
        return this.whileStatement(line)
      case "do": {
        this.lexer.next()
        const body = this.block()
        this.match("end", "do", line)
        return { type: "do", body }
      }
      case "for":
        return this.forStatement(line)
      case "repeat":
        return this.repeatStatement(line)
      case "function":
        return this.functionStatement(line)
      case "local":
        this.lexer.next()
        return this.accept("function") ? this.localFunction() : this.localStatement()
      case "return":
        return this.returnStatement()
      case "break":
        this.lexer.next()
        if (this.scope.loops === 0) this.lexer.fail("no loop to break")
        return { type: "break" }
      default:
        return this.expressionStatement()
    }
  }

  private ifStatement(line: number): Statement {
    const branches: Array<{ readonly condition: Expression; readonly body: Block }> = []
    let otherwise: Block | undefined
    do {
      this.lexer.next()
      const condition = this.expression()
      this.expect("then")
      branches.push({ condition, body: this.block() })
    } while (this.kind === "elseif")
    if (this.accept("else")) otherwise = this.block()
    this.match("end", "if", line)
    return { type: "if", branches, otherwise }
  }

  private whileStatement(line: number): Statement {
    this.lexer.next()
    const condition = this.expression()
    this.expect("do")
    const body = this.loopBody()
    this.match("end", "while", line)
    return { type: "while", condition, body }
  }

  private repeatStatement(line: number): Statement {
    const { scope } = this
    this.lexer.next()
    const mark = scope.mark
    scope.loops++
    const body = this.statements()
    scope.loops--
    this.match("until", "repeat", line)
    const condition = this.expression()
    scope.leave(mark)
    return { type: "repeat", body, condition }
  }

  private forStatement(line: number): Statement {
    this.lexer.next()
    const name = this.name()
    if (this.kind === "=") return this.countStatement(name, line)
    if (this.kind === "," || this.kind === "in") return this.eachStatement(name, line)
    return this.lexer.fail("'=' or 'in' expected")
  }

  private countStatement(name: string, line: number): Statement {
    this.lexer.next()
    const from = this.expression()
    this.expect(",")
    const to = this.expression()
    const step = this.accept(",") ? this.expression() : undefined
    const local = this.newLocal(name, 3)
    const bodyLine = this.lexer.line
    const body = this.forBody([local], line)
    return { type: "count", local, from, to, step, body, line: bodyLine }
  }

  private eachStatement(firstName: string, line: number): Statement {
    const locals = [this.newLocal(firstName, 3)]
    while (this.accept(",")) locals.push(this.newLocal(this.name(), 3 + locals.length))
    this.expect("in")
    const values = this.expressions()
    return { type: "each", locals, values, body: this.forBody(locals, line), line }
  }

  private forBody(locals: ReadonlyArray<Local>, line: number): Block {
    const { scope } = this
    this.expect("do")
    const mark = scope.mark
    scope.hide(3)
    scope.declare(locals)
    const body = this.loopBody()
    scope.leave(mark)
    scope.hide(-3)
    this.match("end", "for", line)
    return body
  }

  private functionStatement(line: number): Statement {
    this.lexer.next()
    let target: Target = this.variable(this.name())
    let isMethod = false
    while (this.kind === "." || this.kind === ":") {
      isMethod = this.kind === ":"
      this.lexer.next()
      const key: Expression = { type: "string", value: this.name() }
      target = { type: "index", object: target, key, line: this.lexer.lastLine }
      if (isMethod) break
    }
    const body = this.functionBody(isMethod, line)
    this.assigned(target)
    return { type: "assign", targets: [target], values: [{ type: "function", body }], line }
  }

  private localFunction(): Statement {
    const local = this.newLocal(this.name())
    this.scope.declare([local])
    const body = this.functionBody(false, this.lexer.line)
    return { type: "function", local, body }
  }

  private localStatement(): Statement {
    const locals: Array<Local> = []
    do locals.push(this.newLocal(this.name(), locals.length))
    while (this.accept(","))
    const values = this.accept("=") ? this.expressions() : []
    this.scope.declare(locals)
    return { type: "local", locals, values }
  }

  private returnStatement(): Statement {
    this.lexer.next()
    const isEmpty = BLOCK_ENDS.has(this.kind) || this.kind === ";"
    return { type: "return", values: isEmpty ? [] : this.expressions() }
  }

  private expressionStatement(): Statement {
    const start = this.primary()
    const call = this.asCall(start)
    if (call !== undefined) return { type: "call", call }
    const targets = [this.target(start)]
    while (this.accept(",")) targets.push(this.target(this.primary()))
    this.expect("=")
    const values = this.expressions()
    for (const target of targets) this.assigned(target)
    return { type: "assign", targets, values, line: this.lexer.lastLine }
  }

  private asCall(expression: Expression): CallExpression | MethodExpression | undefined {
    return expression.type === "call" || expression.type === "method" ? expression : undefined
  }

  private target(expression: Expression): Target {
    const { type } = expression
    if ((type === "local" || type === "global" || type === "index") && !this.isEnclosed(expression))
      return expression
    return this.lexer.fail("syntax error")
  }

  private assigned(target: Target): void {
    if (target.type === "local") target.local.isAssigned = true
  }

  protected functionBody(isMethod: boolean, line: number): FunctionBody {
    this.expect("(")
    const names = isMethod ? ["self"] : []
    let isVararg = false
    if (this.kind !== ")") {
      do {
        if (this.kind === "<name>") names.push(this.name())
        else if (this.accept("...")) isVararg = true
        else this.lexer.fail("<name> or '...' expected")
      } while (!isVararg && this.accept(","))
    }
    const outer = this.scope
    const scope = new FunctionScope(outer, isVararg, line)
    this.scope = scope
    const parameters = names.map((name, at) => this.newLocal(name, at))
    scope.declare(parameters)
    const argTable = isVararg ? this.newLocal("arg") : undefined
    if (argTable !== undefined) scope.declare([argTable])
    this.expect(")")
    const body = this.block()
    this.match("end", "function", line)
    this.scope = outer
    const needsArg = argTable?.isUsed === true && !scope.usesVarargs
    // Where `...` is mentioned `arg` is a variable without a value.
    return {
      parameters,
      isVararg,
      argTable: argTable?.isUsed === true ? argTable : undefined,
      makesArgTable: needsArg,
      body,
      line
    }
  }
}

/** Parses a script; throws a SyntaxProblem. */
export const parse = (source: string, chunk: string): FunctionBody => new Parser(source, chunk).main()
