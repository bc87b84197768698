import { argument, type Arguments } from "../exec/Arguments.ts"
import type { Client } from "../exec/Context.ts"
import { SYNTAX } from "../exec/Errors.ts"
import { positiveDeadline } from "./Expiry.ts"

/** How an expiry is given: in seconds or milliseconds, from now or since the epoch. */
export type ExpiryOption = "EX" | "PX" | "EXAT" | "PXAT"

/** An expiry that was asked for; the text is not checked yet. */
export interface ExpiryRequest {
  readonly option: ExpiryOption
  readonly text: string
}

/** The options of SET and GETEX. */
export interface StringOptions {
  condition: "NX" | "XX" | undefined
  get: boolean
  keepTtl: boolean
  persist: boolean
  expiry: ExpiryRequest | undefined
}

/** The option of a name, if it is an expiry. */
export const expiryOption = (name: string): ExpiryOption | undefined =>
  name === "EX" || name === "PX" || name === "EXAT" || name === "PXAT" ? name : undefined

/** When a requested expiry is, in milliseconds since the epoch; throws if it is none or not positive. */
export const deadlineFor = (
  client: Client,
  request: ExpiryRequest | undefined,
  command: string
): number | undefined => {
  if (request === undefined) return undefined
  const { option, text } = request
  const unit = option === "EX" || option === "EXAT" ? "s" : "ms"
  return positiveDeadline(client, text, unit, option.endsWith("AT"), command)
}

/** Reads the options from an argument on. Options may be repeated; the last expiry counts. */
export const stringOptions = (args: Arguments, start: number, command: "set" | "getex"): StringOptions => {
  const options: StringOptions = {
    condition: undefined,
    get: false,
    keepTtl: false,
    persist: false,
    expiry: undefined
  }
  const sets = command === "set"
  for (let at = start; at < args.length; at++) {
    const name = argument(args, at).toUpperCase()
    const expiry = expiryOption(name)
    if (sets && (name === "NX" || name === "XX") && (options.condition ?? name) === name) {
      options.condition = name
    } else if (sets && name === "GET") options.get = true
    else if (sets && name === "KEEPTTL" && options.expiry === undefined) options.keepTtl = true
    else if (!sets && name === "PERSIST" && options.expiry === undefined) options.persist = true
    else if (
      expiry !== undefined &&
      at + 1 < args.length &&
      !options.keepTtl &&
      !options.persist &&
      (options.expiry?.option ?? expiry) === expiry
    ) {
      options.expiry = { option: expiry, text: argument(args, ++at) }
    } else throw SYNTAX
  }
  return options
}
