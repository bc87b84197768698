/** Reads settings from the environment and from the `.env` file beside the config. */
import { readFileSync, statSync } from "node:fs"
import { isAbsolute, resolve } from "node:path"
import { parseEnv } from "node:util"
import type { Key } from "./Key.ts"
import { isSecret } from "./Key.ts"
import type { Environment } from "./ModeConfig.ts"
import type { Origin } from "./Origin.ts"
import type { Found } from "./Found.ts"
import { parseAddress } from "./Value.ts"

const maximumEnvFile = 1_048_576
const maximumSecretFile = 65_536

/** The variables of a process, over those of a `.env` file. */
export interface Variables {
  readonly process: Environment
  readonly dotenv: Environment
  /** Both, merged. */
  readonly merged: Environment
  /** The folder that paths in variables start from. */
  readonly root: string
}

/** Text of a file of bounded size, or why there is none. */
export const readBounded = (
  path: string,
  maximum: number
):
  | { readonly text: string }
  | { readonly reason: "missing" | "too large" | "not a file" | "not readable" } => {
  try {
    const stat = statSync(path)
    if (!stat.isFile() && !stat.isFIFO()) return { reason: "not a file" }
    if (stat.size > maximum) return { reason: "too large" }
    const text = readFileSync(path, "utf8")
    return text.length > maximum ? { reason: "too large" } : { text }
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT"
    return { reason: missing ? "missing" : "not readable" }
  }
}

/** Reads the `.env` file and puts the process's variables over it. An empty variable counts as not set. */
export const readVariables = (
  root: string,
  environment: Environment,
  envFile: string | undefined
): { readonly variables: Variables; readonly unreadable: string | undefined } => {
  const path = resolve(root, envFile ?? ".env")
  const file = readBounded(path, maximumEnvFile)
  const present = "text" in file
  const dotenv: Environment = present ? parseEnv(file.text) : {}
  const missing = !present && file.reason === "missing" && envFile === undefined
  const process = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== "")
  )
  return {
    variables: { process, dotenv, merged: { ...dotenv, ...process }, root },
    unreadable: present || missing ? undefined : `${path} is ${file.reason}`
  }
}

/** What a service named `redis` in Kubernetes puts into `REDIS_PORT`: an address of its own, never a setting. */
const serviceLink = /^(?:tcp|udp):\/\/[\d.:a-f[\]]+$/iu

/** Stands in where `host:port` has no port; never used as one. */
const unnamedPort = 1

const fromFile = (
  root: string,
  name: string,
  path: string
): { readonly text: string; readonly file: string } | { readonly wants: string; readonly file: string } => {
  const file = isAbsolute(path) ? path : resolve(root, path)
  const content = readBounded(file, maximumSecretFile)
  return "text" in content
    ? { text: content.text.replace(/\r?\n$/u, ""), file }
    : { wants: `${name} names ${file}, which is ${content.reason}`, file }
}

const readLevel = (key: Key, variables: Variables, level: "environment" | "dotenv"): Found | undefined => {
  const record = level === "environment" ? variables.process : variables.dotenv
  const port = key.type.kind === "integer"
  for (const variable of key.env) {
    const { name } = variable
    const raw = record[name]
    const origin: Origin = { kind: level, name }
    if (raw !== undefined && raw !== "") {
      if (port && serviceLink.test(raw))
        return { kind: "ignored", origin, reason: "it is a Kubernetes service link" }
      if (variable.part !== undefined) {
        const address = parseAddress(raw, unnamedPort)
        if (address === undefined) return { kind: "invalid", origin, wants: `${name} must be host:port` }
        if (variable.part === "port" && parseAddress(raw, 0) === undefined) continue
        return {
          kind: "value",
          origin,
          value: variable.part === "host" ? address.host : String(address.port)
        }
      }
      if (isSecret(key) && (record[`${name}_FILE`] ?? "") !== "") {
        return {
          kind: "invalid",
          origin,
          wants: `${name} and ${name}_FILE are both set; one of them is needed`
        }
      }
      return { kind: "value", origin, value: raw }
    }
    const file = isSecret(key) ? record[`${name}_FILE`] : undefined
    if (file !== undefined && file !== "") {
      const content = fromFile(variables.root, `${name}_FILE`, file)
      const fileOrigin: Origin = { kind: level, name: `${name}_FILE`, file: content.file }
      return "text" in content
        ? { kind: "value", origin: fileOrigin, value: content.text }
        : { kind: "unreadable", origin: fileOrigin, wants: content.wants }
    }
  }
  return undefined
}

/** The value of a key in the environment, else in `.env`. A service link of Kubernetes is reported, and looked past. */
export const readEnvironment = (key: Key, variables: Variables): ReadonlyArray<Found> => {
  const found = [readLevel(key, variables, "environment"), readLevel(key, variables, "dotenv")]
  return found.filter((candidate) => candidate !== undefined)
}
