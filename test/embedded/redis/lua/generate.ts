/** Random scripts: whatever they do, they end soon, and what they answer depends on nothing but them. */
import type { Random } from "../../random.ts"

const NUMBERS = [
  "0",
  "1",
  "2",
  "3",
  "7",
  "10",
  "-1",
  "-5",
  "0.5",
  "1.5",
  "2.25",
  "1e3",
  "100",
  "0x1f",
  "1/0",
  "2^31",
  "1e15",
  "123456.789"
]
const STRINGS = [
  "''",
  "'a'",
  "'b'",
  "'abc'",
  "'10'",
  "'0x10'",
  "' 7 '",
  "'hello world'",
  "'key=value, x=1'",
  "'a\\nb'",
  "'A-b_C'",
  "'%d'",
  "'[x]'",
  "'1.5'"
]
const NAMES = ["a", "b", "c", "d"]
const FIELDS = ["x", "y", "n", "list"]
const PATTERNS = [
  "'%w+'",
  "'%d'",
  "'(%w+)=(%w+)'",
  "'.'",
  "'[a-c]'",
  "'[^a-c]+'",
  "'l+'",
  "'^a'",
  "'b$'",
  "'()'",
  "'%s*'",
  "'(.)(.)'",
  "'a-b'",
  "'%b[]'",
  "'%f[%w]%w+'",
  "'x?'",
  "'.-='",
  "'[%a_]'",
  "'%u'",
  "'('",
  "'[a'",
  "'%'"
]
const REPLACEMENTS = [
  "'<%0>'",
  "'%1'",
  "'-'",
  "'%2%1'",
  "{a = 'X', b = false}",
  "function(s) return s .. '!' end",
  "string.upper",
  "'%%'"
]
const FORMATS = [
  "'%d'",
  "'%5.2f'",
  "'%s'",
  "'%x'",
  "'%q'",
  "'%g'",
  "'%e'",
  "'%05d'",
  "'%-6s|'",
  "'%c'",
  "'%+d'",
  "'%.3s'",
  "'%i %s'",
  "'%10.4f'",
  "'%G'",
  "'%o'",
  "'%u'",
  "'%#x'",
  "'%.0f'"
]
const JSONS = [
  `'{"a":1,"b":[1,2],"c":null}'`,
  `'[1,2.5,"x",true]'`,
  `'{"k":{"x":{"y":[]}}}'`,
  `'"\\\\u00e4\\\\n"'`,
  `'[1,]'`,
  `'{"a":}'`,
  `'1e5 '`,
  `'-0x1F'`,
  `'[[[[]]]]'`,
  `'{"z":1,"y":2,"x":3,"w":4,"v":5,"u":6}'`
]
const LAYOUTS = [
  "'i'",
  "'>I2'",
  "'<i4'",
  "'b'",
  "'BHL'",
  "'d'",
  "'f'",
  "'s'",
  "'c3'",
  "'!4bi'",
  "'>i8'",
  "'I3'",
  "'xi'",
  "'c0'",
  "'!8bd'"
]
const BYTES = [
  "'\\1\\2\\3\\4'",
  "'\\255\\255'",
  "'\\147\\1\\2\\3'",
  "'\\129\\161a\\1'",
  "'\\202\\63\\128\\0\\0'",
  "'\\193'",
  "'\\220\\0\\1\\5'",
  "'abc\\0def'",
  "'\\3abcdef'",
  "'\\208\\128\\209\\128\\0'"
]
const BINARY = ["+", "-", "*", "/", "%", "^", "..", "==", "~=", "<", "<=", ">", ">=", "and", "or"]

class Writer {
  private readonly random: Random
  private depth = 0

  constructor(random: Random) {
    this.random = random
  }

  private pick<A>(items: ReadonlyArray<A>): A {
    return this.random.pick(items)
  }

  expression(): string {
    this.depth++
    const written = this.depth > 4 ? this.leaf() : this.composed()
    this.depth--
    return written
  }

  private leaf(): string {
    const { random } = this
    switch (random.below(9)) {
      case 0:
      case 1:
        return this.pick(NUMBERS)
      case 2:
      case 3:
        return this.pick(STRINGS)
      case 4:
        return this.pick(["nil", "true", "false"])
      case 5:
        return this.pick(["{}", "{1, 2, 3}", "{x = 1}", "KEYS[1]", "ARGV[1]", "KEYS", "up", "up.x"])
      default:
        return this.pick(NAMES)
    }
  }

  private composed(): string {
    const { random } = this
    switch (random.below(16)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return `(${this.expression()} ${this.pick(BINARY)} ${this.expression()})`
      case 4:
        return `${this.pick(["-", "not ", "#"])}${this.expression()}`
      case 5:
        return `${this.pick(NAMES)}.${this.pick(FIELDS)}`
      case 6:
        return `${this.pick(NAMES)}[${this.expression()}]`
      case 7:
        return this.table()
      case 8:
        return this.stringCall()
      case 9:
        return this.random.chance(0.5) ? this.tableCall() : this.packedCall()
      case 10:
        return this.mathCall()
      case 11:
        return `(function(${this.pick(["", "a", "a, b", "..."])}) ${this.returned()} end)(${this.expressions(3)})`
      case 12:
        return `tostring(${this.plain()})`
      case 13:
        return this.pick([
          `tonumber(${this.expression()})`,
          `type(${this.expression()})`,
          `select('#', ${this.expressions(3)})`,
          `(select(${this.pick(["1", "2", "-1"])}, ${this.expressions(3)}))`,
          `rawequal(${this.expression()}, ${this.expression()})`,
          `#${this.table()}`,
          `pcall(${this.pick(NAMES)}, ${this.expression()})`,
          `cjson.encode(${this.expression()})`,
          `unpack(${this.expression()})`
        ])
      default:
        return this.leaf()
    }
  }

  /** What `tostring` writes the same everywhere, and what no table can contain itself by: no table, no function. */
  private plain(): string {
    return this.pick([
      `(${this.pick(NUMBERS)} ${this.pick(["+", "*", "-", "/"])} ${this.pick(NUMBERS)})`,
      this.pick(NUMBERS),
      "nil",
      "true",
      this.pick(STRINGS)
    ])
  }

  private expressions(most: number): string {
    return Array.from({ length: this.random.below(most + 1) }, () => this.expression()).join(", ") || "nil"
  }

  private returned(): string {
    return this.pick([
      `return ${this.expressions(3)}`,
      "",
      "return ...",
      `local a = ${this.expression()} return a, b`
    ]).replace(/\.\.\.$/, () => "a")
  }

  private table(): string {
    const parts = Array.from({ length: this.random.below(5) }, () =>
      this.pick([
        () => this.expression(),
        () => `${this.pick(FIELDS)} = ${this.expression()}`,
        () => `[${this.pick([...NUMBERS, ...STRINGS])}] = ${this.expression()}`
      ])()
    )
    return `{${parts.join(", ")}}`
  }

  private stringCall(): string {
    const subject = this.random.chance(0.8) ? this.pick(STRINGS) : this.expression()
    const call = this.pick([
      () => `find(%, ${this.pick(PATTERNS)})`,
      () => `match(%, ${this.pick(PATTERNS)}${this.pick(["", ", 2", ", -2"])})`,
      () => `gsub(%, ${this.pick(PATTERNS)}, ${this.pick(REPLACEMENTS)})`,
      () => `gsub(%, ${this.pick(PATTERNS)}, ${this.expression()})`,
      () => `sub(%, ${this.pick(NUMBERS)}, ${this.pick(NUMBERS)})`,
      () => `sub(%, ${this.expression()})`,
      () => `rep(%, ${this.pick(["0", "1", "3", "-1", "nil", "'2'"])})`,
      () => `byte(%, ${this.pick(["1", "2", "-1", "1, 3"])})`,
      () => "upper(%)",
      () => "reverse(%)",
      () => "len(%)"
    ])()
    if (this.random.chance(0.3)) return `string.format(${this.pick(FORMATS)}, ${this.expressions(2)})`
    return `string.${call.replace("%", () => subject)}`
  }

  private tableCall(): string {
    return this.pick([
      () => `table.concat(${this.expression()}, ${this.pick(STRINGS)})`,
      () => `table.concat({${this.expressions(4)}})`,
      () => `table.getn(${this.expression()})`,
      () => `table.maxn(${this.expression()})`,
      () => `table.remove(${this.expression()})`,
      () => `next(${this.table()})`,
      () => `rawget(${this.expression()}, ${this.expression()})`
    ])()
  }

  private packedCall(): string {
    return this.pick([
      () => `cjson.decode(${this.pick(JSONS)})`,
      () => `cjson.encode(cjson.decode(${this.pick(JSONS)}))`,
      () => `cjson.encode(${this.table()})`,
      () => `cmsgpack.pack(${this.expressions(3)})`,
      () => `cmsgpack.unpack(cmsgpack.pack(${this.expressions(3)}))`,
      () => `cmsgpack.${this.pick(["unpack", "unpack_one"])}(${this.pick(BYTES)})`,
      () => `struct.pack(${this.pick(LAYOUTS)}, ${this.expressions(2)})`,
      () => `struct.unpack(${this.pick(LAYOUTS)}, ${this.pick(BYTES)}${this.pick(["", ", 2"])})`,
      () => `struct.unpack(${this.pick(LAYOUTS)}, struct.pack(${this.pick(LAYOUTS)}, ${this.pick(NUMBERS)}))`,
      () => `struct.size(${this.pick(LAYOUTS)})`,
      () => `redis.sha1hex(${this.expression()})`,
      () => `redis.pcall('SET', 'k', ${this.expression()})`,
      () => `redis.call('RPUSH', 'l', ${this.pick(NUMBERS)}, ${this.expression()})`
    ])()
  }

  private mathCall(): string {
    const name = this.pick(["floor", "ceil", "abs", "max", "min", "fmod", "modf", "sqrt", "frexp"])
    return this.pick([
      () => `math.${name}(${this.expressions(2)})`,
      () => `math.${name}(${this.pick(NUMBERS)}, ${this.pick(NUMBERS)})`,
      () =>
        `bit.${this.pick(["band", "bor", "bxor", "lshift", "rshift", "arshift", "rol", "ror"])}(${this.pick(NUMBERS)}, ${this.expression()})`
    ])()
  }

  private block(): string {
    return Array.from({ length: 1 + this.random.below(2) }, () => this.statement()).join(
      this.pick([" ", "\n"])
    )
  }

  statement(): string {
    this.depth++
    const written = this.depth > 4 ? this.assignment() : this.composedStatement()
    this.depth--
    return written
  }

  private assignment(): string {
    return this.pick([
      () => `${this.pick(NAMES)} = ${this.expression()}`,
      () => `local ${this.pick(NAMES)} = ${this.expression()}`,
      () => `local ${this.pick(NAMES)}, ${this.pick(NAMES)} = ${this.expressions(3)}`,
      () => `${this.pick(NAMES)}, ${this.pick(NAMES)} = ${this.expression()}, ${this.expression()}`,
      () => `${this.pick(NAMES)}.${this.pick(FIELDS)} = ${this.plain()}`,
      () => `${this.pick(NAMES)}[${this.expression()}] = ${this.plain()}`,
      () => `out[#out + 1] = ${this.expression()}`,
      () => `out[#out + 1] = ${this.expression()}`
    ])()
  }

  private composedStatement(): string {
    return this.pick([
      () => this.assignment(),
      () => this.assignment(),
      () => `if ${this.expression()} then ${this.block()} else ${this.block()} end`,
      () =>
        `for i = ${this.pick(["1", "3", "0.5", this.leaf()])}, ${this.pick(["3", "1", "'2'", this.plainNumber()])} do ${this.loop()} end`,
      () => `for k, v in pairs(${this.expression()}) do out[#out + 1] = v ${this.loop()} end`,
      () => `for i, v in ipairs(${this.expression()}) do ${this.loop()} end`,
      () =>
        `local function f(a, ...) ${this.block()} return a, ... end out[#out + 1] = f(${this.expressions(3)})`,
      () =>
        `out[#out + 1] = {pcall(function(...) ${this.block()} ${this.pick(["", `return ${this.expressions(2)}`])} end, ${this.expressions(2)})}`,
      () =>
        `${this.pick(NAMES)} = setmetatable({${this.expressions(2)}}, {__index = function(t, k) return k end, __add = function(x, y) return 1 end, __concat = function() return 'cc' end, __lt = function() return true end, __call = function(self, x) return x end})`,
      () => `table.sort({${this.expressions(5)}})`,
      () => `do local a = ${this.expression()} ${this.block()} end`,
      () => `local n = 0 while n < 3 do n = n + 1 ${this.loop()} end`,
      () => `local n = 0 repeat local m = n n = n + 1 ${this.loop()} until m >= 2`,
      () => `error(${this.pick([this.plain(), "{err = 'MY err'}", "'x', 2", "'x', 0"])})`,
      () =>
        `fs[#fs + 1] = function(...) a = ${this.expression()} return a end if fs[2] then out[#out + 1] = fs[1](b) end`
    ])()
  }

  private plainNumber(): string {
    return this.pick(["2", "4", "nil", "{}"])
  }

  private loop(): string {
    return `steps = steps + 1 if steps > 30 then break end ${this.block()}`
  }

  script(): string {
    // What fails is caught, so that the rest goes on.
    const statements = Array.from({ length: 3 + this.random.below(6) }, () => {
      const statement = this.statement()
      if (this.random.chance(0.1)) return statement
      return `out[#out + 1] = {pcall(function() ${statement} ${this.random.chance(0.5) ? `return ${this.expressions(3)}` : ""} end)}`
    })
    return `local steps, out, fs, up = 0, {}, {}, {x = 1}\nlocal a, b, c, d = 1, 'text', {1, 2, x = 'field', list = {5, 6}}\n${statements.join("\n")}\nreturn {out, ${this.pick(["a", "b", "c", "d"])}, type(a)}`
  }
}

/** A script. */
export const script = (random: Random): string => new Writer(random).script()
