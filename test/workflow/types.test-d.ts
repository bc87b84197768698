/**
 * What compiles and what does not, checked by `tsc --noEmit`: each `@ts-expect-error` is a mistake that users make
 * and the compiler tells them about.
 */
import { Context, Effect, Schema } from "effect"
import {
  Activity,
  add,
  and,
  type AnyWorkflow,
  coalesce,
  concat,
  decode,
  defineSignal,
  defineTool,
  defineWorkflow,
  eq,
  fn,
  gt,
  includes,
  json,
  length,
  not,
  type Ref,
  text,
  type Workflow
} from "../../src/workflow/index.ts"

/** Compiles only where both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare const same: <A, B>(...different: Same<A, B> extends true ? [] : [expected: A, found: B]) => void
declare const typeOf: <T>(reference: Ref<T>) => T

type OutputOf<W> = W extends Workflow<never, infer O, unknown> ? O : never

// --- tools to refer to

const Shape = Schema.Union([
  Schema.Struct({ k: Schema.Literal("x"), x: Schema.Number }),
  Schema.Struct({ k: Schema.Literal("y"), y: Schema.String })
])
const wide = defineTool({
  id: "wide",
  input: Schema.Struct({
    s: Schema.String,
    o: Schema.NullOr(Schema.Struct({ a: Schema.String })),
    u: Shape,
    dt: Schema.DateFromString,
    op: Schema.optionalKey(Schema.String)
  }),
  output: Schema.Struct({
    opt: Schema.optionalKey(Schema.String),
    n: Schema.NullOr(Schema.Struct({ a: Schema.String })),
    rec: Schema.Record(Schema.String, Schema.Struct({ z: Schema.Number })),
    u: Shape,
    flag: Schema.Boolean,
    at: Schema.String,
    list: Schema.Array(Schema.String),
    mood: Schema.Literals(["happy", "sad"])
  }),
  run: () => Promise.reject(new Error("never run"))
})
const small = defineTool({
  id: "small",
  input: Schema.Struct({ s: Schema.String }),
  output: Schema.Struct({ m: Schema.String }),
  run: () => ({ m: "" })
})
interface Tree {
  readonly v: string
  readonly kids: ReadonlyArray<Tree>
}
const Tree: Schema.Codec<Tree> = Schema.Struct({
  v: Schema.String,
  kids: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree))
})
const grow = defineTool({ id: "grow", input: Tree, output: Tree, run: (tree) => tree })
const anything = defineTool({
  id: "anything",
  input: Schema.Struct({ a: Schema.Json }),
  output: Schema.Struct({ a: Schema.Json, b: Schema.Unknown }),
  run: ({ a }) => ({ a, b: 1 })
})

// --- references, and the results of tasks

const Input = Schema.Struct({
  s: Schema.String,
  opt: Schema.optionalKey(Schema.String),
  cities: Schema.Array(Schema.String),
  n: Schema.Number
})
const w = defineWorkflow({ id: "w", input: Input }, ({ input, task }) => {
  // @ts-expect-error an optional field where one is required
  task.tool("a", small, { s: input.opt })
  task.tool("a2", small, { s: coalesce(input.opt, "x") })
  // @ts-expect-error the value that takes the place of an absent one has another type
  coalesce(input.opt, 1)
  const t = task.tool("b", wide, {
    s: "x",
    o: { a: input.s },
    u: { k: "y", y: input.s },
    dt: "2020",
    op: input.s
  })
  // An optional field takes what may be absent.
  task.tool("b0", wide, { s: "x", o: null, u: { k: "y", y: input.s }, dt: "2020", op: input.opt })
  // @ts-expect-error a Date where its JSON side is expected
  task.tool("b1", wide, { s: "x", o: null, u: { k: "y", y: input.s }, dt: new Date() })
  // @ts-expect-error the wrong member of the union
  task.tool("b2", wide, { s: "x", o: null, u: { k: "y", x: 1 }, dt: "" })
  // @ts-expect-error a field is missing
  task.tool("b3", small, {})
  // @ts-expect-error a field that does not exist
  task.tool("b4", small, { s: "x", extra: 1 })
  // @ts-expect-error TS2774: a reference is always true
  if (t.flag) void 0
  // @ts-expect-error TS2774
  const ternary = t.flag ? 1 : 2
  // @ts-expect-error TS2774
  const both = t.flag && t.list
  // @ts-expect-error a reference is never a literal
  if (t.at === "x") void 0
  switch (t.mood) {
    // @ts-expect-error a reference is never a literal
    case "happy":
  }
  // @ts-expect-error a reference is no list
  for (const item of t.list) void item
  // @ts-expect-error nor has it the methods of one
  t.list.map((item) => item)
  // JavaScript cannot detect these: a reference is an object.
  const negated = !t.flag
  if (t.at) void 0
  // @ts-expect-error no such field
  const none = t.nothing
  // @ts-expect-error the absence travels into the field
  task.tool("c", small, { s: t.n.a })
  same<string | null, ReturnType<typeof typeOf<string | null>>>()
  const a: string | null = typeOf(t.n.a)
  // @ts-expect-error ... and the type says so
  const b: string = typeOf(t.n.a)
  // @ts-expect-error a record may not have the key
  const z: number = typeOf(t.rec.get("foo").z)
  const z2: number | undefined = typeOf(t.rec.get(input.s).z)
  // @ts-expect-error a record has no fields
  const z3 = t.rec.foo
  // @ts-expect-error not every member of the union has it
  const ux: number = typeOf(t.u.x)
  const uk: "x" | "y" = typeOf(t.u.k)
  const count: number = typeOf(t.list.length)
  const last: string = typeOf(t.list.at(-1))
  const at: string = typeOf(t.at)

  const skipped = task.tool("d", small, { s: "x" }, { when: t.flag })
  // @ts-expect-error it may not have run
  task.tool("e", small, { s: skipped.m })
  // @ts-expect-error not a condition
  task.tool("e1", small, { s: "x" }, { when: t.at })
  task.tool(
    "e2",
    small,
    { s: "x" },
    { retry: { maximumAttempts: 3, initialInterval: "200 millis" }, timeout: "5 seconds", heartbeat: 100 }
  )
  // @ts-expect-error not a duration
  task.tool("e3", small, { s: "x" }, { timeout: "5 parsecs" })
  // @ts-expect-error no such option
  task.tool("e4", small, { s: "x" }, { retries: 3 })

  // @ts-expect-error a route is missing
  task.router("r0", t.mood, { happy: () => 1 })
  // @ts-expect-error no such literal
  task.router("r1", t.mood, { happy: () => 1, sad: () => 2, angry: () => 3 })
  const r2 = task.router("r2", t.mood, { happy: () => t.at, default: () => 3 })
  const r3 = task.router("r3", t.mood, { happy: () => t.at, sad: () => "none" })
  // @ts-expect-error a text without literals needs a default
  task.router("r4", t.at, { happy: () => 1 })
  task.router("r5", t.at, { happy: () => 1, default: () => 2 })
  // @ts-expect-error an absent value has no route
  task.router("r6", input.opt, { a: () => 1, default: () => 2 })
  // @ts-expect-error an async route
  task.router("r7", t.mood, { happy: async () => 1, sad: () => 2 })
  // @ts-expect-error a Date from a route
  task.router("r8", t.mood, { happy: () => new Date(), sad: () => 2 })

  const p = task.parallel("p", { l: () => input.s, r: () => 1 }, { strategy: "bestEffort" })
  // @ts-expect-error the branch may have failed
  task.tool("f", small, { s: p.l })
  const race = task.parallel("p2", { l: () => input.s, r: () => 1 }, { strategy: "race" })
  const winner: "l" | "r" = typeOf(race.winner)
  const all = task.parallel("p3", { l: () => input.s, r: () => 1 })
  // @ts-expect-error no such strategy
  task.parallel("p4", { l: () => 1 }, { strategy: "some" })
  // @ts-expect-error an async branch
  task.parallel("p5", { l: async () => 1 })

  const c = task.collection("k", {
    items: ["a", "b"],
    each: ({ item }) => task.tool("l", small, { s: item })
  })
  const c2 = task.collection("k2", {
    items: input.cities,
    filter: ({ item, index }) => and(eq(item, "Rome"), gt(index, 1)),
    each: ({ item }) => task.tool("l2", small, { s: item }),
    mode: "sequential",
    batch: 10,
    maxWorkers: 2
  })
  const mixed = task.collection("k3", {
    items: ["a", input.s],
    each: ({ item }) => task.tool("l3", small, { s: item }).m,
    strategy: "bestEffort"
  })
  // @ts-expect-error not a list
  task.collection("k4", { items: input.s, each: () => 1 })
  // @ts-expect-error a collection has no race
  task.collection("k5", { items: input.cities, each: () => 1, strategy: "race" })
  // @ts-expect-error an async body
  task.collection("k6", { items: input.cities, each: async () => 1 })
  // @ts-expect-error the items are texts
  task.collection("k7", { items: input.cities, each: ({ item }) => add(item, 1) })

  task.sleep("s1", "200 millis")
  task.sleep("s2", input.n)
  task.sleep("s3", input.s)
  // @ts-expect-error not a duration
  task.sleep("s4", t.flag)

  const yes = task.when("y", t.flag, () => 1)
  const yesNull: number | null = typeOf(yes)
  // @ts-expect-error without an otherwise there may be no result
  const yesOne: number = typeOf(yes)
  const either: 1 | "no" = typeOf(
    task.when(
      "y2",
      not(t.flag),
      () => 1,
      () => "no"
    )
  )

  const grouped: string = typeOf(task.group("g", () => task.tool("m", small, { s: "x" })).m)
  // @ts-expect-error an async block
  task.group("g2", async () => 1)
  const tried = task.attempt("t", () => task.tool("m", small, { s: "x" }).m, {
    onError: ({ error }) => ({ failed: error.path, why: error.message })
  })
  const triedValue: string | { readonly failed: string; readonly why: string } = typeOf(tried)
  const again: string = typeOf(
    task.attempt("t2", () => task.tool("m", small, { s: "x" }).m, {
      onError: ({ error }) => task.fail("no", text`again: ${error.message}`)
    })
  )

  void [
    ternary,
    both,
    negated,
    none,
    a,
    b,
    z,
    z2,
    z3,
    ux,
    uk,
    count,
    last,
    at,
    winner,
    yesNull,
    yesOne,
    either
  ]
  void [grouped, triedValue, again]
  return {
    status: "ok",
    c,
    c2: c2.at(0).m,
    mixed,
    r2,
    r3,
    race,
    q: all.l,
    spread: { ...input, n: "another" },
    nothing: task.group("g3", () => undefined)
  }
})
const output: {
  readonly status: "ok"
  readonly c: ReadonlyArray<{ readonly m: string }>
  readonly c2: string
  readonly mixed: ReadonlyArray<string | null>
  readonly r2: string | number
  readonly r3: string
  readonly q: string
  readonly race:
    | { readonly winner: "l"; readonly output: string }
    | { readonly winner: "r"; readonly output: number }
  readonly spread: { readonly s: string; readonly n: "another"; readonly cities: ReadonlyArray<string> }
  readonly nothing: null
} = {} as OutputOf<typeof w>
void output

// --- what a block cannot return

// @ts-expect-error async
defineWorkflow({ id: "w2", input: Schema.Struct({}) }, async () => ({ a: 1 }))
// @ts-expect-error a Date
defineWorkflow({ id: "w2", input: Schema.Struct({}) }, () => ({ a: new Date() }))
// @ts-expect-error a function
defineWorkflow({ id: "w2", input: Schema.Struct({}) }, () => ({ a: () => 1 }))
// @ts-expect-error a Map
defineWorkflow({ id: "w2", input: Schema.Struct({}) }, () => new Map([["a", 1]]))
// Nothing is null.
same<OutputOf<typeof nothing>, null>()
const nothing = defineWorkflow({ id: "w3", input: Schema.Struct({}) }, ({ task }) => {
  task.sleep("s", 1)
})

// --- schemas

// @ts-expect-error a Date on the JSON side
defineTool({ id: "x", input: Schema.Struct({ d: Schema.Date }), output: Schema.Struct({}), run: () => ({}) })
// @ts-expect-error a bigint
defineTool({ id: "x", input: Schema.Struct({ d: Schema.BigInt }), output: Schema.Null, run: () => null })
// @ts-expect-error bytes
defineTool({ id: "x", input: Schema.Struct({}), output: Schema.Uint8Array, run: () => new Uint8Array() })
// @ts-expect-error not what the output says
defineTool({ id: "x", input: Schema.Struct({}), output: Schema.String, run: () => 1 })
// A tool's function gets and gives the decoded side, its references carry the JSON side.
const later = defineTool({
  id: "later",
  input: Schema.Struct({ at: Schema.DateFromString }),
  output: Schema.Struct({ at: Schema.DateFromString }),
  run: async ({ at }) => ({ at: new Date(at.getTime() + 1) })
})
defineWorkflow({ id: "w4", input: Schema.Struct({ at: Schema.DateFromString }) }, ({ input, task }) => {
  const moved: string = typeOf(task.tool("x", later, { at: input.at }).at)
  return moved
})
defineWorkflow({ id: "w9", input: Tree }, ({ input, task }) => {
  const grown = task.tool("x", grow, { v: input.kids.at(0).v, kids: input.kids })
  return grown.kids.at(1).kids.at(2).v
})
defineWorkflow({ id: "w10", input: Schema.Struct({ s: Schema.String }) }, ({ input, task }) => {
  const r = task.tool("x", anything, { a: { b: input.s } })
  // @ts-expect-error nothing is known of it
  const x = r.b.x
  void x
  return { a: r.a, city: decode(Schema.Struct({ city: Schema.String }), r.b).city }
})

// --- an output schema

const Out = Schema.Struct({
  a: Schema.String,
  at: Schema.DateFromString,
  o: Schema.optionalKey(Schema.Number)
})
const fitted = defineWorkflow({ id: "o1", input: Input, output: Out }, ({ input }) => ({
  a: input.s,
  at: "2020-01-01"
}))
same<OutputOf<typeof fitted>, (typeof Out)["Encoded"]>()
// @ts-expect-error a field is missing
defineWorkflow({ id: "o2", input: Input, output: Out }, ({ input }) => ({ a: input.s }))
// @ts-expect-error a field of another type
defineWorkflow({ id: "o3", input: Input, output: Out }, ({ input }) => ({ a: input.n, at: "" }))
// @ts-expect-error it may be absent
defineWorkflow({ id: "o4", input: Input, output: Out }, ({ input }) => ({ a: input.opt, at: "" }))
// @ts-expect-error the output has no JSON form
defineWorkflow({ id: "o5", input: Input, output: Schema.Date }, () => "x")

// --- signals and children

const approval = defineSignal({
  id: "approval",
  payload: Schema.Struct({ approved: Schema.Boolean, by: Schema.String })
})
defineWorkflow({ id: "s1", input: Input }, ({ input, task }) => {
  const given = task.wait("x", {
    signal: approval,
    until: ({ signal }) => eq(signal.by, input.s),
    timeout: "1 hour"
  })
  const by: string = typeOf(given.by)
  const late = task.wait("x2", { signal: approval, timeout: input.n, onTimeout: () => "nobody" })
  const value: "nobody" | { readonly approved: boolean; readonly by: string } = typeOf(late)
  task.signal("y", { execution: input.s, signal: approval, payload: { approved: true, by: input.s } })
  // @ts-expect-error not the payload of the signal
  task.signal("y2", { execution: input.s, signal: approval, payload: { approved: "yes", by: input.s } })
  // @ts-expect-error not a condition
  task.wait("x3", { signal: approval, until: ({ signal }) => signal.by })
  const child = task.workflow("z", w, { s: "x", cities: [input.s], n: 1 })
  const q: string = typeOf(child.q)
  const id: string = typeOf(task.workflow("z2", w, { s: "x", cities: [], n: 1 }, { mode: "start" }))
  // @ts-expect-error not the input of the child
  task.workflow("z3", w, { s: 1 })
  void [by, value, q, id]
  return null
})

// --- operators

defineWorkflow({ id: "op", input: Input }, ({ input, task }) => {
  const t = task.tool("b", wide, { s: "x", o: null, u: { k: "x", x: input.n }, dt: "" })
  // @ts-expect-error never equal
  eq(t.mood, "angry")
  eq(t.mood, "happy")
  eq("happy", t.mood)
  eq(input.opt, null)
  // @ts-expect-error a number and a text have no order
  gt(input.n, "x")
  // @ts-expect-error not a number
  add(input.s, 1)
  // @ts-expect-error not a condition
  and(input.s)
  const joined: string = typeOf(concat(input.s, "x"))
  const list: ReadonlyArray<string | number> = typeOf(concat(input.cities, [1, 2]))
  const size: number = typeOf(length(input.cities))
  includes(input.cities, "Rome")
  includes(input.s, "x")
  includes(["a", "b"], input.s)
  // @ts-expect-error the items are texts
  includes(input.cities, 1)
  // @ts-expect-error a structure has no text
  void text`${t.n}`
  // @ts-expect-error it may be absent
  void text`${input.opt}`
  const shown: string = typeOf(json(t.n))
  const computed: { readonly m: number } = typeOf(
    fn("f", [input.n, { s: input.s }], (n, { s }) => Promise.resolve({ m: n + s.length }))
  )
  // @ts-expect-error the argument is a number
  fn("f2", [input.n], (n: string) => n)
  // @ts-expect-error a Date
  fn("f3", [], () => new Date())
  void [joined, list, size, shown, computed]
  return null
})

// --- services

class Mailer extends Context.Service<Mailer, { readonly n: number }>()("Mailer") {}
class Db extends Context.Service<Db, { readonly q: Effect.Effect<number> }>()("Db") {}
const mail = defineTool({
  id: "mail",
  input: Schema.Struct({ to: Schema.String }),
  output: Schema.Struct({ n: Schema.Number }),
  run: Effect.fn("mail")(function* () {
    const mailer = yield* Mailer
    const activity = yield* Activity
    yield* Effect.acquireRelease(Effect.succeed(1), () => Effect.void)
    return { n: mailer.n + activity.attempt }
  })
})
const usesDb = defineTool({
  id: "db",
  input: Schema.Struct({}),
  output: Schema.Struct({ n: Schema.Number }),
  run: () =>
    Effect.gen(function* () {
      const db = yield* Db
      return { n: yield* db.q }
    })
})
const beat = defineTool({
  id: "beat",
  input: Schema.Struct({ n: Schema.Number }),
  output: Schema.Struct({ n: Schema.Number }),
  run: async ({ n }, { signal, heartbeat }) => {
    heartbeat({ n })
    signal.throwIfAborted()
    return { n }
  }
})
const withMailer = defineWorkflow(
  { id: "w1", input: Schema.Struct({}), services: [Mailer] },
  ({ task }) => task.tool("m", mail, { to: "x" }).n
)
const withNone = defineWorkflow({ id: "w0", input: Schema.Struct({}) }, ({ task }) => ({
  n: task.tool("b", beat, { n: 1 }).n
}))
defineWorkflow({ id: "wx", input: Schema.Struct({}), services: [Mailer] }, ({ task }) => {
  // @ts-expect-error Db is not among the workflow's services
  task.tool("d", usesDb, {})
})
// @ts-expect-error nor among those of a workflow that runs another one
defineWorkflow({ id: "wy", input: Schema.Struct({}) }, ({ task }) => task.workflow("d", withMailer, {}))
const needs: Workflow<{}, number, Mailer> = withMailer
// @ts-expect-error it needs a Mailer
const needsNone: Workflow<{}, number> = withMailer
const any: ReadonlyArray<AnyWorkflow> = [withMailer, withNone, w]
void [needs, needsNone, any]
