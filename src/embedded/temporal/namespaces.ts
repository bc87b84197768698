import { randomUUID } from "node:crypto"

import { fromMillis } from "./proto/time.ts"
import { invalidArgument, namespaceNotFound } from "./errors.ts"
import type { NamespaceRecord, Storage } from "./storage/storage.ts"
import type { Limits } from "./tx.ts"

const registered = 1

/** The namespaces of the service. */
export class Namespaces {
  readonly clusterId = randomUUID()
  readonly #storage: Storage
  readonly #limits: Limits
  readonly #byName = new Map<string, NamespaceRecord>()

  constructor(storage: Storage, limits: Limits) {
    this.#storage = storage
    this.#limits = limits
    for (const record of storage.namespaces()) this.#byName.set(record.name, record)
  }

  has(name: string): boolean {
    return this.#byName.has(name)
  }

  /** The name of a known namespace. */
  check(name: string | null | undefined): string {
    if (!name) throw invalidArgument("Namespace is not set on request.")
    if (!this.#byName.has(name)) throw namespaceNotFound(name)
    return name
  }

  register(record: NamespaceRecord): void {
    this.#storage.saveNamespace(record)
    this.#byName.set(record.name, record)
  }

  ensure(name: string, retentionMs: number): void {
    if (!this.has(name))
      this.register({ name, id: randomUUID(), description: "", ownerEmail: "", retentionMs })
  }

  list() {
    return [...this.#byName.values()].map((record) => this.#describe(record))
  }

  describe(name: string | null | undefined, id: string | null | undefined) {
    const record = name
      ? this.#byName.get(name)
      : [...this.#byName.values()].find((candidate) => candidate.id === id)
    if (record === undefined) throw namespaceNotFound(name || (id ?? ""))
    return this.#describe(record)
  }

  #describe(record: NamespaceRecord) {
    return {
      namespaceInfo: {
        name: record.name,
        id: record.id,
        state: registered,
        description: record.description,
        ownerEmail: record.ownerEmail,
        capabilities: {
          eagerWorkflowStart: false,
          syncUpdate: true,
          asyncUpdate: true,
          workerPollCompleteOnShutdown: true
        },
        limits: {
          blobSizeLimitError: this.#limits.blobSize,
          memoSizeLimitError: this.#limits.memoSize
        }
      },
      config: { workflowExecutionRetentionTtl: fromMillis(record.retentionMs) },
      replicationConfig: { activeClusterName: "active", clusters: [{ clusterName: "active" }] },
      failoverVersion: 0,
      isGlobalNamespace: false
    }
  }
}
