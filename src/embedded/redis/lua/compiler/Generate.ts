import type { Site } from "../machine/Positions.ts"
import { ExpressionGenerator } from "./GenerateExpressions.ts"
import { operandOf, Sites } from "./Sites.ts"
import type { Block, Expression, FunctionBody, Statement, Target } from "./Syntax.ts"

/** What ends a script that takes too long. */
const STEP = "if (--budget.steps < 0) budget.look();"

/** What the generated code needs, by its names there. */
export const NEEDS = [
  "LuaTable",
  "NOTHING",
  "add",
  "all",
  "argTable",
  "budget",
  "callable",
  "concatenate",
  "divide",
  "each",
  "first",
  "getField",
  "getGlobal",
  "getIndex",
  "invoke",
  "isAtMost",
  "isEqual",
  "isLess",
  "lengthOf",
  "loopNumber",
  "modulo",
  "multiply",
  "negate",
  "newList",
  "power",
  "setGlobal",
  "setIndex",
  "stepped",
  "subtract"
] as const

type Assign = Extract<Statement, { type: "assign" }>
type Count = Extract<Statement, { type: "count" }>
type Each = Extract<Statement, { type: "each" }>
type LocalStatement = Extract<Statement, { type: "local" }>

/** JavaScript for a script, and where in the script its lines are. */
export interface Generated {
  readonly code: string
  readonly sites: ReadonlyArray<Site>
  readonly siteOfLine: ReadonlyArray<number>
}

class Generator extends ExpressionGenerator {
  private loops = 0

  protected functionOf(body: FunctionBody): string {
    const { temporaries, mostTemporaries } = this
    this.temporaries = 0
    this.mostTemporaries = 0
    const statements = this.block(body.body)
    const declared = Array.from({ length: this.mostTemporaries }, (_, at) => `t${at + 1}`)
    this.temporaries = temporaries
    this.mostTemporaries = mostTemporaries
    const parameters = body.parameters.map((local) => local.id)
    if (body.isVararg) parameters.push("...rest")
    const lines = [STEP]
    if (declared.length > 0) lines.push(`let ${declared.join(", ")};`)
    if (body.argTable !== undefined) {
      lines.push(`let ${body.argTable.id}${body.makesArgTable ? " = argTable(rest)" : ""};`)
    }
    const last = body.body[body.body.length - 1]
    const end = last?.type === "return" ? "" : " return NOTHING;"
    const inner = `(${parameters.join(", ")})${this.isStepped ? "" : " =>"} { ${lines.join(" ")} ${statements}${end} }`
    return this.isStepped ? `stepped(function* ${inner})` : `(${inner})`
  }

  main(body: FunctionBody): string {
    return this.functionOf(body)
  }

  private block(statements: Block): string {
    return statements
      .map((statement) => {
        this.temporaries = 0
        return this.statement(statement)
      })
      .join(" ")
  }

  private braces(statements: Block): string {
    return `{ ${this.block(statements)} }`
  }

  private statement(statement: Statement): string {
    switch (statement.type) {
      case "local":
        return this.local(statement)
      case "assign":
        return this.assign(statement)
      case "call":
        return `${this.call(statement.call)};`
      case "do":
        return this.braces(statement.body)
      case "while": {
        const condition = this.condition(statement.condition)
        return `while (${condition}) { ${STEP} ${this.block(statement.body)} }`
      }
      case "repeat": {
        const body = this.block(statement.body)
        this.temporaries = 0
        return `while (true) { ${STEP} ${body} if (${this.condition(statement.condition)}) break; }`
      }
      case "if":
        return this.branches(statement)
      case "count":
        return this.count(statement)
      case "each":
        return this.each(statement)
      case "function":
        return `let ${statement.local.id}; ${statement.local.id} = ${this.functionOf(statement.body)};`
      case "return":
        return `return (${this.result(statement.values)});`
      case "break":
        return "break;"
    }
  }

  private branches({ branches, otherwise }: Extract<Statement, { type: "if" }>): string {
    const parts = branches.map(({ condition, body }) => {
      this.temporaries = 0
      const test = this.condition(condition)
      return `if (${test}) ${this.braces(body)}`
    })
    if (otherwise !== undefined) parts.push(this.braces(otherwise))
    return parts.join(" else ")
  }

  /** As many values as there are takers, each as code; what must be read before comes first. */
  private spread(
    count: number,
    values: ReadonlyArray<Expression>
  ): { readonly before: string; readonly codes: ReadonlyArray<string> } {
    const last = values[values.length - 1]
    const isOpen =
      last !== undefined && (last.type === "call" || last.type === "method" || last.type === "varargs")
    if (!isOpen || values.length >= count) {
      const codes = values.map((value) => this.value(value))
      while (codes.length < count) codes.push("undefined")
      return { before: "", codes }
    }
    const list = this.temporary()
    const steps: Array<string> = []
    const codes: Array<string> = []
    for (const value of values.slice(0, -1)) {
      const name = this.temporary()
      steps.push(`${name} = ${this.value(value)};`)
      codes.push(name)
    }
    steps.push(`${list} = [${this.values([last])}];`)
    for (let at = 0; codes.length < count; at++) codes.push(`${list}[${at}]`)
    return { before: steps.join(" "), codes }
  }

  private local({ locals, values }: LocalStatement): string {
    const { before, codes } = this.spread(locals.length, values)
    const names = locals.map((local, at) => `${local.id} = ${codes[at] ?? "undefined"}`)
    const extra = codes.slice(locals.length).map((code) => `${code};`)
    return `${before} let ${names.join(", ")}; ${extra.join(" ")}`
  }

  private store(target: Target, object: string, key: string, value: string, line: number): string {
    switch (target.type) {
      case "local":
        return `${target.local.id} = ${value};`
      case "global":
        return `${this.sites.add(line)}setGlobal(${JSON.stringify(target.name)}, ${value});`
      case "index":
        return `${this.sites.add(line, operandOf(target.object))}setIndex(${object}, ${key}, ${value});`
    }
  }

  private assign({ targets, values, line }: Assign): string {
    const [only] = targets
    const [value] = values
    if (targets.length === 1 && values.length === 1 && only !== undefined && value !== undefined) {
      if (only.type !== "index") return this.store(only, "", "", this.value(value), line)
      const object = this.value(only.object)
      const key = this.value(only.key)
      return this.store(only, object, key, this.value(value), line)
    }
    const steps: Array<string> = []
    const kept = (expression: Expression): string => {
      const name = this.temporary()
      steps.push(`${name} = ${this.value(expression)};`)
      return name
    }
    const places = targets.map((target) =>
      target.type === "index"
        ? { object: kept(target.object), key: kept(target.key) }
        : { object: "", key: "" }
    )
    const { before, codes } = this.spread(targets.length, values)
    steps.push(before)
    const names = codes.map((code) => {
      const name = this.temporary()
      steps.push(`${name} = ${code};`)
      return name
    })
    for (let at = targets.length - 1; at >= 0; at--) {
      const target = targets[at]
      const place = places[at]
      if (target === undefined || place === undefined) continue
      steps.push(this.store(target, place.object, place.key, names[at] ?? "undefined", line))
    }
    return steps.join(" ")
  }

  private count({ local, from, to, step, body, line }: Count): string {
    const loop = ++this.loops
    const parts: ReadonlyArray<readonly [name: string, what: string, value: Expression]> = [
      [`a${loop}`, "initial value", from],
      [`b${loop}`, "limit", to],
      [`c${loop}`, "step", step ?? { type: "number", value: 1 }]
    ]
    const declared = parts.map(([name, , value]) => `${name} = ${this.value(value)}`)
    const checks = parts
      .filter(([, , value]) => !this.isNumber(value))
      .map(
        ([name, what]) =>
          `if (typeof ${name} !== "number") ${name} = ${this.sites.add(line)}loopNumber(${name}, "${what}");`
      )
    const fixed = step === undefined ? 1 : constantOf(step)
    const goesOn = (name: string): string => {
      if (fixed !== undefined) return fixed > 0 ? `${name} <= b${loop}` : `${name} >= b${loop}`
      return `(c${loop} > 0 ? ${name} <= b${loop} : ${name} >= b${loop})`
    }
    const isWhole = Number.isInteger(constantOf(from)) && Number.isInteger(fixed)
    const start = isWhole ? `a${loop}` : `a${loop} - c${loop} + c${loop}`
    const name = local.isAssigned ? `i${loop}` : local.id
    const inner = local.isAssigned ? `let ${local.id} = ${name};` : ""
    if (!local.isAssigned) this.numbers.add(local.id)
    return (
      `{ let ${declared.join(", ")}; ${checks.join(" ")} ` +
      `for (let ${name} = ${start}; ${goesOn(name)}; ${name} += c${loop}) { ${STEP} ${inner} ${this.block(body)} } }`
    )
  }

  private each({ locals, values, body, line }: Each): string {
    const loop = ++this.loops
    const { before, codes } = this.spread(3, values)
    const extra = codes.slice(3).map((code) => `${code};`)
    const place = this.sites.add(line, { kind: "local", name: "(for generator)" })
    const names = locals.map((local, at) => {
      const value = at === 0 ? "key" : at === 1 ? "value" : `more(${at})`
      return `${local.id} = e${loop}.${value}`
    })
    return (
      `{ ${before} const e${loop} = each(${codes.slice(0, 3).join(", ")}); ${extra.join(" ")} ` +
      `while (${place}e${loop}.next()) { ${STEP} let ${names.join(", ")}; ${this.block(body)} } }`
    )
  }
}

const constantOf = (expression: Expression): number | undefined => {
  if (expression.type === "number") return expression.value
  if (expression.type !== "unary" || expression.operator !== "-") return undefined
  return expression.operand.type === "number" ? -expression.operand.value : undefined
}

/** Generates the code of a script: a function that takes what it needs and returns the script as a function. */
export const generate = (body: FunctionBody, isStepped: boolean): Generated => {
  const sites = new Sites()
  const main = new Generator(sites, isStepped).main(body)
  const code = `"use strict"; (function ({ ${NEEDS.join(", ")} }, chunk) { const keep = () => chunk; return ${main.trimStart()}; })`
  return { code, sites: sites.list, siteOfLine: sites.linesOf(code) }
}
