import { randomUUID } from "node:crypto"

import { invalidArgument, namespaceExists, namespaceNotFound } from "./errors.ts"
import { positiveMillis, fromMillis } from "./proto/time.ts"
import type { Duration } from "./proto/root.ts"
import type { NamespaceRecord, NamespaceSettings, Storage } from "./storage/storage.ts"
import type { Limits } from "./limits.ts"
import {
  attributeTypes,
  isReservedName,
  predefinedAttributes,
  systemAttributes,
  typeCapacity,
  typeNumber
} from "./visibility/attributes.ts"
import type { AttributeType, CustomTypes } from "./visibility/attributes.ts"

const registered = 1
const deprecated = 2
const archivalDisabled = 1
const clusterKind = "cluster"

/** service/frontend/namespace_handler.go, validateRetentionDuration. */
const leastRetentionMs = 3_600_000

/** The fields that a server with an SQL store has for search attributes: `Bool01`, `Bool02`, .... */
const fields: ReadonlyMap<string, AttributeType> = new Map(
  attributeTypes.flatMap((type) =>
    type === undefined
      ? []
      : Array.from({ length: typeCapacity[type] }, (_, index): [string, AttributeType] => [
          `${type}${String(index + 1).padStart(2, "0")}`,
          type
        ])
  )
)

/** The retention of a request, checked. */
export const retentionOf = (period: Duration | null | undefined): number => {
  const retentionMs = positiveMillis(period) ?? 0
  if (retentionMs < leastRetentionMs) throw invalidArgument("A valid retention period is not set on request.")
  return retentionMs
}

interface Entry {
  record: NamespaceRecord
  /** The registered search attributes. */
  types: ReadonlyMap<string, AttributeType>
}

const entryOf = (record: NamespaceRecord): Entry => ({
  record,
  types: new Map(
    Object.entries(record.settings.searchAttributes ?? {}).flatMap(([field, name]) => {
      const type = fields.get(field)
      return type === undefined ? [] : [[name, type] as const]
    })
  )
})

/** The namespaces of the service, with the search attributes that are registered in them. */
export class Namespaces {
  /** Made up with the file, and as long there as that. */
  readonly clusterId: string
  readonly #storage: Storage
  readonly #limits: Limits
  readonly #byName = new Map<string, Entry>()

  constructor(storage: Storage, limits: Limits) {
    this.#storage = storage
    this.#limits = limits
    const [cluster] = storage.documents(clusterKind)
    this.clusterId = cluster?.data ?? randomUUID()
    if (cluster === undefined)
      storage.commit([], [{ kind: clusterKind, namespace: "", id: "", data: this.clusterId }])
    for (const record of storage.namespaces()) this.#byName.set(record.name, entryOf(record))
  }

  has(name: string): boolean {
    return this.#byName.has(name)
  }

  /** The id of a namespace, empty if there is none of that name. */
  idOf(name: string): string {
    return this.#byName.get(name)?.record.id ?? ""
  }

  /** The name of a known namespace. */
  check(name: string | null | undefined): string {
    if (!name) throw invalidArgument("Namespace is empty.")
    if (!this.#byName.has(name)) throw namespaceNotFound(name)
    return name
  }

  #entry(name: string): Entry {
    if (name === "") throw invalidArgument("Namespace not set on request.")
    const entry = this.#byName.get(name)
    if (entry === undefined) throw namespaceNotFound(name)
    return entry
  }

  #save(record: NamespaceRecord): void {
    this.#storage.saveNamespace(record)
    this.#byName.set(record.name, entryOf(record))
  }

  /** How long closed runs are kept, by namespace. */
  *retentions(): Iterable<readonly [namespace: string, ageMs: number]> {
    for (const { record } of this.#byName.values()) yield [record.name, record.retentionMs]
  }

  /** The types of the search attributes that are registered in a namespace. */
  readonly types = (namespace: string): CustomTypes => {
    const types = this.#byName.get(namespace)?.types
    return (name) => types?.get(name)
  }

  /** Makes sure that a namespace is there. A retention that is asked for replaces the one that it has. */
  ensure(
    name: string,
    options: {
      readonly retentionMs: number
      readonly isRetentionAskedFor: boolean
      readonly searchAttributes: Readonly<Record<string, AttributeType>>
    }
  ): void {
    const { retentionMs } = options
    const record = this.#byName.get(name)?.record
    if (record === undefined)
      this.#save({ name, id: randomUUID(), description: "", ownerEmail: "", retentionMs, settings: {} })
    else if (options.isRetentionAskedFor && record.retentionMs !== retentionMs)
      this.#save({ ...record, retentionMs })
    this.addSearchAttributes(
      name,
      Object.entries(options.searchAttributes).map(([attribute, type]) => [attribute, typeNumber(type)])
    )
  }

  register(record: Omit<NamespaceRecord, "id">): void {
    if (record.name === "") throw invalidArgument("Namespace not set on request.")
    if (record.name.length > this.#limits.idLength) throw invalidArgument("Namespace length exceeds limit.")
    if (this.has(record.name)) throw namespaceExists(record.name)
    this.#save({ ...record, id: randomUUID() })
  }

  /** Changes a namespace; what is undefined stays. */
  update(
    name: string,
    change: Partial<Pick<NamespaceRecord, "description" | "ownerEmail" | "retentionMs">> & {
      readonly data?: Readonly<Record<string, string>>
      readonly searchAttributes?: Readonly<Record<string, string>>
    }
  ): void {
    const { record } = this.#entry(name)
    const { data, searchAttributes, ...fields } = change
    const settings: NamespaceSettings = {
      ...record.settings,
      ...(data === undefined ? {} : { data: { ...record.settings.data, ...data } }),
      ...(searchAttributes === undefined ? {} : { searchAttributes })
    }
    this.#save({ ...record, ...fields, settings })
  }

  deprecate(name: string): void {
    const { record } = this.#entry(name)
    this.#save({ ...record, settings: { ...record.settings, deprecated: true } })
  }

  /** The name that goes with a name or an id. */
  nameOf(name: string, id: string): string {
    if (name !== "" || id === "") return this.#entry(name).record.name
    for (const { record } of this.#byName.values()) if (record.id === id) return record.name
    throw namespaceNotFound(id)
  }

  /** Forgets a namespace. Returns the name that the real server gives to what is being deleted. */
  delete(name: string): string {
    const { record } = this.#entry(name)
    this.#storage.deleteNamespace(name)
    this.#byName.delete(name)
    return `${name}-deleted-${record.id.slice(0, 5)}`
  }

  /** Registers search attributes; those that are there stay as they are. Nothing is done if one of them cannot be. */
  addSearchAttributes(namespace: string, wanted: readonly (readonly [name: string, type: number])[]): void {
    for (const [name, type] of wanted) {
      if (isReservedName(name)) throw invalidArgument(`Search attribute ${name} is reserved by system.`)
      if (type < 0 || type >= attributeTypes.length)
        throw invalidArgument(`Unknown search attribute type: ${type}.`)
    }
    if (namespace === "") throw invalidArgument("Namespace is not set on request.")
    const { record, types } = this.#entry(namespace)
    const taken: Record<string, string> = { ...record.settings.searchAttributes }
    for (const [name, number] of wanted) {
      if (types.has(name)) continue
      const type = attributeTypes[number]
      const candidates = [...fields].filter(([, each]) => each === type).map(([field]) => field)
      const free = candidates.find((field) => !Object.hasOwn(taken, field))
      if (free === undefined)
        throw invalidArgument(
          `Unable to create search attributes: cannot have more than ${candidates.length} search attribute of type ${type ?? "Unspecified"}.`
        )
      taken[free] = name
    }
    if (Object.keys(taken).length === types.size) return
    this.update(namespace, { searchAttributes: taken })
  }

  /** Unregisters search attributes. Executions keep their values, which count again once the name is registered. */
  removeSearchAttributes(namespace: string, names: readonly string[]): void {
    if (namespace === "") throw invalidArgument("Namespace is not set on request.")
    const { record, types } = this.#entry(namespace)
    for (const name of names)
      if (
        !types.has(name) &&
        (Object.hasOwn(systemAttributes, name) ||
          Object.hasOwn(predefinedAttributes, name) ||
          fields.has(name))
      )
        throw invalidArgument(`Unable to remove non-custom search attributes: ${name}.`)
    this.update(namespace, {
      searchAttributes: Object.fromEntries(
        Object.entries(record.settings.searchAttributes ?? {}).filter(([, name]) => !names.includes(name))
      )
    })
  }

  /** The registered search attributes with the numbers of their types. */
  searchAttributes(namespace: string): Record<string, number> {
    if (namespace === "") throw invalidArgument("Namespace is not set on request.")
    const { types } = this.#entry(namespace)
    return Object.fromEntries(Array.from(types, ([name, type]) => [name, typeNumber(type)]))
  }

  list(after: string, limit: number): { readonly names: string[]; readonly more: boolean } {
    const names = [...this.#byName.keys()].toSorted().filter((name) => after === "" || name > after)
    return { names: names.slice(0, limit), more: names.length > limit }
  }

  describe(name: string, id = "") {
    const { record } = this.#entry(this.nameOf(name, id))
    const { settings } = record
    return {
      namespaceInfo: {
        name: record.name,
        id: record.id,
        state: settings.deprecated === true ? deprecated : registered,
        description: record.description,
        ownerEmail: record.ownerEmail,
        data: settings.data ?? {},
        supportsSchedules: true,
        capabilities: {
          eagerWorkflowStart: true,
          syncUpdate: true,
          asyncUpdate: true,
          workerHeartbeats: true,
          workerPollCompleteOnShutdown: true
        },
        limits: {
          blobSizeLimitError: this.#limits.blobSize,
          memoSizeLimitError: this.#limits.memoSize
        }
      },
      config: {
        workflowExecutionRetentionTtl: fromMillis(record.retentionMs),
        badBinaries: {},
        historyArchivalState: archivalDisabled,
        visibilityArchivalState: archivalDisabled,
        customSearchAttributeAliases: settings.searchAttributes ?? {}
      },
      replicationConfig: { activeClusterName: "active", clusters: [{ clusterName: "active" }] },
      failoverVersion: 0,
      isGlobalNamespace: false
    }
  }
}

/** All fields that search attributes can be stored in, with the numbers of their types. */
export const searchAttributeFields = (): Record<string, number> =>
  Object.fromEntries(Array.from(fields, ([field, type]) => [field, typeNumber(type)]))
