/**
 * Puts a connection's URL and its parts together. The URL counts for what it says, unless a part comes from a
 * stronger source (`DB_HOST` over a `database.url` in the config file).
 */
import * as Redacted from "effect/Redacted"
import type { EffectiveModes } from "./EffectiveMode.ts"
import { keyByPath } from "./Keys.ts"
import type { Origin } from "./Origin.ts"
import { rank } from "./Origin.ts"
import type { ConfigProblem } from "./Problem.ts"
import { type Gathered, type ResolvedValue, finding } from "./Reading.ts"
import type { Value } from "./Value.ts"
import { badValue } from "./Wording.ts"

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

const unbracket = (host: string): string => host.replace(/^\[|\]$/gu, "")
const bracket = (host: string): string =>
  host.startsWith("/") ? encodeURIComponent(host) : host.includes(":") ? `[${host}]` : host

const text = (value: Value | undefined): string | undefined =>
  Redacted.isRedacted(value)
    ? Redacted.value(value)
    : typeof value === "string" || typeof value === "number"
      ? String(value)
      : undefined

/** Sets a value that follows from another. */
const put = (into: Gathered, path: string, value: Value, origin: Origin): void => {
  const key = keyByPath.get(path)
  if (key !== undefined) into.values.set(path, { key, value, origin })
}

const secretPaths = new Set(["database.password", "redis.password"])

/** Merges what the URL says with the parts; gives the parts' final texts. */
const merge = (
  into: Gathered,
  url: ResolvedValue,
  said: { readonly [path: string]: string | undefined }
): void => {
  for (const [path, value] of Object.entries(said)) {
    const own = into.values.get(path)
    if (own !== undefined && rank(own.origin) > rank(url.origin)) continue
    if (value === undefined || value === "") continue
    if (own !== undefined && rank(own.origin) >= 2) {
      into.setAside.push({ key: own.key, origin: own.origin, reason: `${url.key.path} says it` })
    }
    const key = keyByPath.get(path)
    const typed: Value = secretPaths.has(path)
      ? Redacted.make(value, { label: path })
      : key?.type.kind === "integer"
        ? Number(value)
        : value
    put(into, path, typed, { kind: "derived", from: url.key.path })
  }
}

const missing = (key: string, message: string, fix: string): ConfigProblem => ({
  code: "COMPOZY_CONFIG_MISSING_CONNECTION",
  key,
  message,
  fix
})

const badUrl = (into: Gathered, url: ResolvedValue, wants: string, fix?: string): void => {
  into.findings.push(finding(badValue(url.key, undefined, wants, fix), url.origin, "value"))
}

/** Query parameters of libpq that say what `database.ssl` says. */
const sslFiles = ["sslrootcert", "sslcert", "sslkey"]

const readSslMode = (into: Gathered, url: ResolvedValue, parsed: URL): string | undefined => {
  const mode = parsed.searchParams.get("sslmode")
  for (const name of sslFiles) {
    if (parsed.searchParams.has(name)) {
      badUrl(
        into,
        url,
        `a URL without ${name}`,
        `set database.ssl.${name === "sslrootcert" ? "ca" : name.slice(3)} instead`
      )
    }
  }
  if (mode === null) return undefined
  if (["disable", "require", "verify-ca", "verify-full"].includes(mode)) return mode
  badUrl(
    into,
    url,
    "a URL whose sslmode is disable, require, verify-ca or verify-full",
    "correct sslmode, or leave it out and set database.ssl.mode"
  )
  return undefined
}

const databaseUrl = (into: Gathered, url: ResolvedValue): URLSearchParams | undefined => {
  const parsed = new URL(text(url.value) ?? "")
  const [user, password, name] = [parsed.username, parsed.password, parsed.pathname.slice(1)].map(decode)
  const host = parsed.searchParams.get("host") ?? decode(parsed.hostname)
  if (user === undefined || password === undefined || name === undefined || host === undefined) {
    badUrl(
      into,
      url,
      "a URL with a % only before two hexadecimal digits",
      "write special characters of a password as %40, %2F ..."
    )
    return undefined
  }
  merge(into, url, {
    "database.host": unbracket(host),
    "database.port": parsed.port,
    "database.user": user,
    "database.password": password,
    "database.name": name,
    "database.ssl.mode": readSslMode(into, url, parsed)
  })
  for (const parameter of ["host", "sslmode", ...sslFiles]) parsed.searchParams.delete(parameter)
  return parsed.searchParams
}

/** Completes the PostgreSQL connection. */
export const connectDatabase = (into: Gathered, modes: EffectiveModes): void => {
  if (modes.database.mode !== "distributed") return
  const failed = into.findings.some(
    ({ problem }) => problem.key === "database.url" || problem.key === "database.host"
  )
  const url = into.values.get("database.url")
  const parameters = url === undefined ? new URLSearchParams() : databaseUrl(into, url)
  const value = (path: string): string => text(into.values.get(path)?.value) ?? ""
  if (value("database.host") === "") {
    if (failed || parameters === undefined) return
    const mode = modes.database.inherited ? "Distributed mode" : `database.driver "postgres"`
    into.findings.push({
      problem: missing(
        "database.url",
        `${mode} requires a PostgreSQL connection.`,
        "set COMPOZY_DATABASE_URL or database.url (or DB_HOST or database.host)"
      ),
      at: ["database", "url"],
      target: "missing"
    })
    return
  }
  const password = value("database.password")
  const credentials = `${encodeURIComponent(value("database.user"))}${password === "" ? "" : `:${encodeURIComponent(password)}`}`
  const query = parameters === undefined || parameters.size === 0 ? "" : `?${parameters.toString()}`
  const final = `postgresql://${credentials}@${bracket(value("database.host"))}:${value("database.port")}/${encodeURIComponent(value("database.name"))}${query}`
  put(
    into,
    "database.url",
    Redacted.make(final, { label: "database.url" }),
    url?.origin ?? { kind: "derived", from: "database.host" }
  )
}

const redisUrl = (into: Gathered, url: ResolvedValue): void => {
  const parsed = new URL(text(url.value) ?? "")
  const [username, password, host] = [parsed.username, parsed.password, parsed.hostname].map(decode)
  const db = parsed.pathname.slice(1)
  if (username === undefined || password === undefined || host === undefined || !/^\d{0,6}$/u.test(db)) {
    badUrl(
      into,
      url,
      "redis://user:password@host:port/db, with a number for db",
      "write special characters of a password as %40, %2F ..."
    )
    return
  }
  merge(into, url, {
    "redis.host": unbracket(host),
    "redis.port": parsed.port,
    "redis.username": username,
    "redis.password": password,
    "redis.db": db
  })
  const tls = into.values.get("redis.tls.enabled")
  if (parsed.protocol === "rediss:" && (tls === undefined || rank(tls.origin) <= rank(url.origin))) {
    put(into, "redis.tls.enabled", true, { kind: "derived", from: "redis.url" })
  }
}

/** Keeps the strongest of URL or host, sentinels and cluster; two of one source contradict each other. */
const chooseTopology = (into: Gathered): void => {
  const strength = (path: string): number => {
    const found = into.values.get(path)
    return found === undefined ? -1 : rank(found.origin)
  }
  const single = Math.max(strength("redis.url"), strength("redis.host"))
  const forms = [
    { paths: ["redis.url", "redis.host"], name: "redis.url", strength: single },
    { paths: ["redis.sentinel.nodes"], name: "redis.sentinel", strength: strength("redis.sentinel.nodes") },
    { paths: ["redis.cluster.nodes"], name: "redis.cluster", strength: strength("redis.cluster.nodes") }
  ].filter((form) => form.strength >= 0)
  const strongest = Math.max(...forms.map((form) => form.strength))
  const chosen = forms.filter((form) => form.strength === strongest)
  const [first, second] = chosen
  if (first !== undefined && second !== undefined) {
    const resolved = into.values.get(second.paths.find((path) => into.values.has(path)) ?? "")
    into.findings.push(
      finding(
        {
          code: "COMPOZY_CONFIG_CONFLICT",
          key: second.name,
          message: `${first.name} and ${second.name} are both set; Redis is reached in one way.`,
          fix: `remove one of them`
        },
        resolved?.origin ?? { kind: "default" },
        "name"
      )
    )
    return
  }
  for (const form of forms) {
    if (form === first) continue
    for (const path of form.paths) {
      const resolved = into.values.get(path)
      if (resolved === undefined) continue
      into.values.delete(path)
      into.setAside.push({
        key: resolved.key,
        origin: resolved.origin,
        reason: `${first?.name ?? ""} is set by a stronger source`
      })
    }
  }
}

/** Completes the Redis connection. */
export const connectRedis = (into: Gathered, modes: EffectiveModes): void => {
  if (modes.redis.mode !== "distributed") return
  const ways = ["redis.url", "redis.host", "redis.sentinel.nodes", "redis.cluster.nodes"]
  if (into.findings.some(({ problem }) => ways.includes(problem.key))) return
  if (!ways.some((path) => into.values.has(path))) {
    const mode = modes.redis.inherited ? "Distributed mode" : `redis.mode "distributed"`
    into.findings.push({
      problem: missing(
        "redis.url",
        `${mode} requires a Redis connection.`,
        "set REDIS_URL, REDIS_ADDR or redis.url (or redis.host, redis.sentinel, redis.cluster)"
      ),
      at: ["redis", "url"],
      target: "missing"
    })
    return
  }
  chooseTopology(into)
  const url = into.values.get("redis.url")
  if (url !== undefined) redisUrl(into, url)
  const value = (path: string): string => text(into.values.get(path)?.value) ?? ""
  if (value("redis.host") === "") return
  const [username, password] = [value("redis.username"), value("redis.password")].map(encodeURIComponent)
  const credentials = password === "" ? (username === "" ? "" : `${username}@`) : `${username}:${password}@`
  const protocol = into.values.get("redis.tls.enabled")?.value === true ? "rediss" : "redis"
  const final = `${protocol}://${credentials}${bracket(value("redis.host"))}:${value("redis.port")}/${value("redis.db")}`
  put(
    into,
    "redis.url",
    Redacted.make(final, { label: "redis.url" }),
    url?.origin ?? { kind: "derived", from: "redis.host" }
  )
}

/** Completes the Temporal connection. */
export const connectTemporal = (into: Gathered, modes: EffectiveModes): void => {
  if (modes.temporal.mode !== "remote") return
  const failed = into.findings.some(({ problem }) => problem.key === "temporal.address")
  if (!into.values.has("temporal.address") && !failed) {
    const mode = modes.temporal.inherited ? "Distributed mode" : `temporal.mode "remote"`
    into.findings.push({
      problem: missing(
        "temporal.address",
        `${mode} requires the address of a Temporal frontend.`,
        "set TEMPORAL_HOST_PORT or temporal.address, for example temporal.internal:7233"
      ),
      at: ["temporal", "address"],
      target: "missing"
    })
  }
  const enabled = into.values.get("temporal.tls.enabled")
  const reason = ["temporal.apiKey", "temporal.tls.ca", "temporal.tls.cert"].find((path) =>
    into.values.has(path)
  )
  if (reason !== undefined && (enabled === undefined || rank(enabled.origin) === 0)) {
    put(into, "temporal.tls.enabled", true, { kind: "derived", from: reason })
  }
}
