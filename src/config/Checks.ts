/** What single values cannot say: contradictions between keys, what is unsafe, what is not advised. */
import type { EffectiveModes } from "./EffectiveMode.ts"
import type { Component } from "./Key.ts"
import { keys, optionalGroups } from "./Keys.ts"
import { isLoopback } from "./Loopback.ts"
import { describeOrigin, rank } from "./Origin.ts"
import type { ConfigProblem } from "./Problem.ts"
import { type Gathered, finding } from "./Reading.ts"
import type { Environment } from "./ModeConfig.ts"
import { nearest } from "./Suggest.ts"
import { displayRaw, parseAddress } from "./Value.ts"

/** The most concurrent workflows that are recommended on SQLite. */
export const recommendedSqliteConcurrency = 10

const numberAt = (into: Gathered, path: string): number => {
  const value = into.values.get(path)?.value
  return typeof value === "number" ? value : 0
}

const shownValue = (into: Gathered, path: string): { readonly value?: string } => {
  const resolved = into.values.get(path)
  if (resolved === undefined || resolved.key.type.kind === "pem") return {}
  const value = displayRaw(resolved.key, resolved.value)
  return value === undefined ? {} : { value }
}

type List = "findings" | "warnings"

const report = (into: Gathered, list: List, problem: ConfigProblem): void => {
  const resolved = into.values.get(problem.key)
  const shown = { ...problem, ...shownValue(into, problem.key) }
  into[list].push(resolved === undefined ? { problem: shown } : finding(shown, resolved.origin, "value"))
}

const checkHosts = (into: Gathered): void => {
  const host = into.values.get("server.host")?.value
  if (typeof host === "string" && !isLoopback(host) && into.values.get("server.expose")?.value !== true) {
    report(into, "findings", {
      code: "COMPOZY_CONFIG_EXPOSED",
      key: "server.host",
      message: "server.host is an address that other machines can reach.",
      fix: "keep 127.0.0.1, or set server.expose (--expose) if they shall reach it"
    })
  }
  for (const path of ["redis.listen.host", "temporal.host"]) {
    const value = into.values.get(path)?.value
    if (typeof value === "string" && !isLoopback(value)) {
      report(into, "findings", {
        code: "COMPOZY_CONFIG_EXPOSED",
        key: path,
        message: `${path} must be a loopback address: the embedded services are for this machine only.`,
        fix: "write 127.0.0.1"
      })
    }
  }
}

/** Certificates come in pairs. */
const checkPairs = (into: Gathered): void => {
  for (const group of ["database.ssl", "redis.tls", "temporal.tls"]) {
    const [cert, key] = [`${group}.cert`, `${group}.key`]
    if (into.values.has(cert) === into.values.has(key)) continue
    const [there, lacking] = into.values.has(cert) ? [cert, key] : [key, cert]
    if (into.findings.some(({ problem }) => problem.key === lacking)) continue
    report(into, "findings", {
      code: "COMPOZY_CONFIG_CONFLICT",
      key: there,
      message: `${there} is set without ${lacking}.`,
      fix: `set ${lacking} too, or remove ${there}`
    })
  }
}

const checkDatabase = (into: Gathered, modes: EffectiveModes): void => {
  const sqlite = modes.database.mode !== "distributed"
  if (sqlite && into.values.get("knowledge.vectorStore")?.value === "pgvector") {
    report(into, "findings", {
      code: "COMPOZY_CONFIG_PGVECTOR_ON_SQLITE",
      key: "knowledge.vectorStore",
      message: "pgvector needs PostgreSQL, but the database is SQLite.",
      fix: 'use distributed mode, or write "qdrant", "redis" or "filesystem"'
    })
  }
  if (numberAt(into, "database.minConnections") > numberAt(into, "database.maxConnections") && !sqlite) {
    report(into, "findings", {
      code: "COMPOZY_CONFIG_CONFLICT",
      key: "database.minConnections",
      message: "database.minConnections is larger than database.maxConnections.",
      fix: `write at most ${numberAt(into, "database.maxConnections")}`
    })
  }
  const concurrent = numberAt(into, "worker.maxConcurrentWorkflowTasks")
  if (sqlite && concurrent > recommendedSqliteConcurrency) {
    report(into, "warnings", {
      code: "COMPOZY_CONFIG_SQLITE_CONCURRENCY",
      key: "worker.maxConcurrentWorkflowTasks",
      message: `SQLite writes one at a time: more than ${recommendedSqliteConcurrency} concurrent workflows wait for each other.`,
      fix: `write at most ${recommendedSqliteConcurrency}, or use distributed mode for high concurrency`
    })
  }
}

const hosts: ReadonlyArray<{
  readonly component: Component
  readonly path: string
  readonly encrypted: string
  readonly off: unknown
}> = [
  { component: "database", path: "database.host", encrypted: "database.ssl.mode", off: "disable" },
  { component: "redis", path: "redis.host", encrypted: "redis.tls.enabled", off: false },
  { component: "temporal", path: "temporal.address", encrypted: "temporal.tls.enabled", off: false }
]

const checkEncryption = (into: Gathered): void => {
  for (const { path, encrypted, off } of hosts) {
    const value = into.values.get(path)?.value
    if (typeof value !== "string" || value.startsWith("/")) continue
    const host = path === "temporal.address" ? (parseAddress(value, 7233)?.host ?? value) : value
    if (isLoopback(host) || into.values.get(encrypted)?.value !== off) continue
    report(into, "warnings", {
      code: "COMPOZY_CONFIG_UNENCRYPTED",
      key: encrypted,
      message: `The connection to ${host} is not encrypted.`,
      fix: encrypted === "database.ssl.mode" ? 'set database.ssl.mode to "verify-full"' : `set ${encrypted}`
    })
  }
}

const productionHint = "production has PostgreSQL, Redis and Temporal of its own: use distributed mode"

const checkModes = (into: Gathered, modes: EffectiveModes, environment: Environment): void => {
  const whole = modes.global.mode
  for (const component of ["database", "redis", "temporal"] as const) {
    const { mode, origin } = modes[component]
    const expected = component === "temporal" && whole === "distributed" ? "remote" : whole
    if (mode === expected) continue
    into.warnings.push(
      finding(
        {
          code: "COMPOZY_CONFIG_MIXED_MODES",
          key: component === "database" ? "database.driver" : `${component}.mode`,
          message: `${component} is in ${mode} mode while the process is in ${whole} mode: unsupported in production.`,
          fix: `leave ${component} to the mode of the process, or take it as a development set-up`
        },
        origin,
        "value"
      )
    )
  }
  if (environment.NODE_ENV !== "production") return
  if (whole !== "distributed") {
    into.warnings.push(
      finding(
        {
          code: "COMPOZY_CONFIG_NOT_FOR_PRODUCTION",
          key: "mode",
          message: `${whole} mode is for development, tests and small teams, but NODE_ENV is production.`,
          fix: productionHint
        },
        modes.global.origin,
        "value"
      )
    )
  }
}

/** What Temporal's own development server knows nothing of. */
const embeddedOnly = ["temporal.hosting", "temporal.synchronous", "temporal.retention."] as const

const checkDevServer = (into: Gathered): void => {
  if (into.values.get("temporal.engine")?.value !== "dev-server") return
  for (const [path, { origin }] of into.values) {
    if (rank(origin) < 2 || !embeddedOnly.some((key) => path.startsWith(key))) continue
    report(into, "warnings", {
      code: "COMPOZY_CONFIG_NO_EFFECT",
      key: path,
      message: `${path} has no effect on Temporal's development server.`,
      fix: 'remove it, or set temporal.engine to "embedded"'
    })
  }
}

const checkNoEffect = (into: Gathered): void => {
  for (const [group, activator] of optionalGroups) {
    if (into.values.has(activator)) continue
    for (const [path, { origin }] of into.values) {
      if (!path.startsWith(`${group}.`) || rank(origin) < 2) continue
      report(into, "warnings", {
        code: "COMPOZY_CONFIG_NO_EFFECT",
        key: path,
        message: `${path} has no effect without ${activator}.`,
        fix: `set ${activator}, or remove it`
      })
    }
  }
  const origins = into.values.get("server.cors.origins")?.value
  if (
    into.values.get("server.cors.enabled")?.value === true &&
    Array.isArray(origins) &&
    origins.length === 0
  ) {
    report(into, "warnings", {
      code: "COMPOZY_CONFIG_NO_EFFECT",
      key: "server.cors.enabled",
      message: "server.cors.enabled has no effect without server.cors.origins.",
      fix: "name the sites that may call the API in server.cors.origins"
    })
  }
}

/** Prefixes that nobody else uses. */
const ownPrefix = /^(?:COMPOZY|TEMPORAL_EMBEDDED|REDIS_EMBEDDED)_/u

/** Variables with such a prefix that are no settings. */
const otherVariables = /^COMPOZY_(?:TEST_|SERVICES|TRACE_|NO_|BENCH|HOME$|CONFIG$)/u

const knownVariables: ReadonlySet<string> = new Set(keys.flatMap((key) => key.env.map(({ name }) => name)))

const replacement = (name: string): string => {
  if (/_UI(?:_PORT)?$/u.test(name)) {
    return 'remove it: there is no Temporal UI inside; use compozy execution list, or temporal.mode: "remote" with the development server of the Temporal CLI'
  }
  // COMPOZY_PORT lacks the section: that is likelier than a slip in every letter of the last word.
  const ending = name.replace(/^COMPOZY(?=_)/u, "")
  const meant =
    [...knownVariables].find((known) => known.startsWith("COMPOZY_") && known.endsWith(ending)) ??
    nearest(name, knownVariables)
  return meant === undefined
    ? "remove it; docs/configuration-reference.md lists them all"
    : `did you mean ${meant}?`
}

const checkVariables = (into: Gathered, environment: Environment): void => {
  for (const name of Object.keys(environment)) {
    const plain = name.replace(/_FILE$/u, "")
    if (
      !ownPrefix.test(name) ||
      otherVariables.test(name) ||
      knownVariables.has(name) ||
      knownVariables.has(plain)
    )
      continue
    into.warnings.push({
      problem: {
        code: "COMPOZY_CONFIG_UNKNOWN_VARIABLE",
        key: name,
        message: `${name} is not a variable that Compozy reads.`,
        fix: replacement(name)
      }
    })
  }
}

/** Notes every contradiction as a finding, every doubt as a warning. */
export const checkAll = (into: Gathered, modes: EffectiveModes, environment: Environment): void => {
  checkHosts(into)
  checkPairs(into)
  checkDatabase(into, modes)
  checkEncryption(into)
  checkModes(into, modes, environment)
  checkDevServer(into)
  checkNoEffect(into)
  checkVariables(into, environment)
  for (const { key, origin, reason } of into.setAside) {
    if (!reason.includes("Kubernetes")) continue
    into.warnings.push({
      problem: {
        code: "COMPOZY_CONFIG_NO_EFFECT",
        key: key.path,
        source: describeOrigin(origin),
        message: `${describeOrigin(origin)} is not used: ${reason}.`,
        fix: "turn service links off in the pod (enableServiceLinks: false), or ignore this"
      }
    })
  }
}
