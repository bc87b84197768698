/**
 * The types of references: what a build function is given in place of values that exist only when the workflow
 * runs. This file holds types only; the proxies behind them are made by `ReferenceProxy.ts`.
 */

declare const RefType: unique symbol

/**
 * The brand of every reference to a `T`. An accessor of a class, because TypeScript leaves those out of an
 * object spread: `{ ...ref }` is then an object of the reference's fields, not a reference itself.
 */
declare class ReferenceBrand<out T> {
  private constructor()
  get [RefType](): T
}

/** Any reference to a `T`, without its fields: what functions take. */
export interface RefBase<out T> extends ReferenceBrand<T> {}

/** What an absent value is: an explicit null, or a field that is not there. */
export type Absent = null | undefined

type IsRecord<T> = string extends keyof T ? true : false

type Member<T, K> = T extends unknown ? (K extends keyof T ? T[K] : undefined) : never

type KeyOf<T> = T extends unknown ? keyof T : never

/** The fields of every member of a union; absent where a member does not have them. */
type Fields<T, N> = { readonly [K in KeyOf<T>]-?: Ref<Member<T, K> | N> }

/**
 * A reference to a `T` on its JSON side. Its fields are references again; the absence of a value travels: a
 * field of a `Ref<T | null>` is a `Ref<F | null>`, an optional field is `| undefined`, and `coalesce` ends it.
 * Arrays are read with `.at(i)` and `.length`, records with `.get(key)`.
 */
export type Ref<T> = RefBase<T> & RefShape<Exclude<T, Absent>, Extract<T, Absent>>

type RefShape<T, N> = [T] extends [never]
  ? unknown
  : [T] extends [ReadonlyArray<infer E>]
    ? {
        /** How many items there are. */
        readonly length: Ref<number | N>
        /** The item at `i`; a negative `i` counts from the end. Absent beyond the ends only at run time. */
        at(i: number | RefBase<number>): Ref<E | N>
      }
    : [T] extends [object]
      ? IsRecord<T> extends true
        ? {
            /** The value under `key`, absent where there is none. */
            get(key: string | RefBase<string>): Ref<T[keyof T] | undefined | N>
          }
        : Fields<T, N>
      : // A condition on a reference would always hold: a call signature makes TypeScript say so (TS2774).
        [T] extends [boolean]
        ? { (never: never): never }
        : unknown

/**
 * Where a `T` is expected: a literal, a reference, or a structure of both, each part separately. An optional
 * field takes a reference that may be absent; the field is then left out.
 */
export type Val<T> =
  | T
  | RefBase<T>
  | (T extends ReadonlyArray<infer E>
      ? ReadonlyArray<Val<E>>
      : T extends object
        ? { readonly [K in keyof T]: Val<T[K]> | Optional<T, K> }
        : never)

type Optional<T, K extends keyof T> = {} extends Pick<T, K> ? RefBase<T[K] | undefined> : never

type Primitive = string | number | boolean | null | undefined | void

type NotData =
  | bigint
  | symbol
  | Date
  | Uint8Array
  | PromiseLike<unknown>
  | ((...args: never) => unknown)
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>

/** `T` itself where it is JSON, `never` where it is not: mapped lazily, so that recursive types work. */
type JsonLike<T> = unknown extends T
  ? T
  : T extends Primitive | RefBase<unknown>
    ? T
    : T extends NotData
      ? never
      : T extends ReadonlyArray<infer E>
        ? ReadonlyArray<JsonLike<E>>
        : { [K in keyof T]: JsonLike<T[K]> }

/** The message that a value without a JSON form gets from the compiler. */
interface NotJson<T> {
  readonly "this has no JSON form": T
}

/** Adds nothing to a type that is JSON, and makes one that is not impossible to give. */
export type Checked<T> = [T] extends [JsonLike<T>] ? unknown : NotJson<T>

/** The value that stands behind a structure of literals and references once the workflow runs. */
export type Deref<V> =
  V extends RefBase<infer T>
    ? T
    : V extends Primitive
      ? V
      : V extends ReadonlyArray<unknown>
        ? { readonly [K in keyof V]: Outcome<V[K]> }
        : V extends object
          ? { readonly [K in keyof V]: Deref<V[K]> }
          : V

/** What a block gives: the value behind what it returns, where nothing is null. */
export type Outcome<V> = Whole<Deref<V>>

type Whole<T> = unknown extends T ? T : T extends undefined | void ? null : T
