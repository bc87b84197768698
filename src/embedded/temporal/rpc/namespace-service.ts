import { invalidArgument } from "../errors.ts"
import { retentionOf } from "../namespaces.ts"
import type { Namespaces } from "../namespaces.ts"
import { on } from "./handler.ts"
import type { Handler } from "./handler.ts"

const defaultPageSize = 100
const deleted = 3
const deprecated = 2

const strings = (fields: Record<string, string | undefined> | null | undefined): Record<string, string> => {
  const defined: Record<string, string> = {}
  for (const [name, value] of Object.entries(fields ?? {})) if (value !== undefined) defined[name] = value
  return defined
}

const checkClusters = (
  clusters: readonly { readonly clusterName?: string | null | undefined }[] | null | undefined,
  active: string | null | undefined
): void => {
  const names = [...(clusters ?? []).map(({ clusterName }) => clusterName ?? ""), active || "active"]
  const other = names.find((name) => name !== "active")
  if (other !== undefined) throw invalidArgument(`Invalid cluster name: ${other}`)
}

/** The calls that manage namespaces; service/frontend/namespace_handler.go. */
export const namespaceHandlers = (namespaces: Namespaces): Record<string, Handler> => ({
  RegisterNamespace: on<"RegisterNamespace">((request) => {
    const name = request.namespace ?? ""
    if (name === "") throw invalidArgument("Namespace not set on request.")
    if (request.isGlobalNamespace) throw invalidArgument("Cannot register global namespace when not enabled")
    const retentionMs = retentionOf(request.workflowExecutionRetentionPeriod)
    checkClusters(request.clusters, request.activeClusterName)
    namespaces.register({
      name,
      description: request.description ?? "",
      ownerEmail: request.ownerEmail ?? "",
      retentionMs,
      settings: { data: strings(request.data) }
    })
    return {}
  }),
  DescribeNamespace: on<"DescribeNamespace">((request) =>
    namespaces.describe(request.namespace ?? "", request.id ?? "")
  ),
  ListNamespaces: on<"ListNamespaces">((request) => {
    const token = request.nextPageToken ?? new Uint8Array(0)
    const after = token.length === 0 ? "" : new TextDecoder().decode(token)
    const { names, more } = namespaces.list(after, request.pageSize || defaultPageSize)
    return {
      namespaces: names.map((name) => namespaces.describe(name)),
      nextPageToken: new TextEncoder().encode(more ? names.at(-1) : "")
    }
  }),
  UpdateNamespace: on<"UpdateNamespace">((request) => {
    const name = request.namespace ?? ""
    const info = request.updateInfo
    const before = namespaces.describe(name)
    const aliases = { ...before.config.customSearchAttributeAliases }
    for (const [field, alias] of Object.entries(strings(request.config?.customSearchAttributeAliases))) {
      if (alias === "") delete aliases[field]
      else if (aliases[field] !== undefined)
        throw invalidArgument("Custom search attribute field name already allocated.")
      else aliases[field] = alias
    }
    if (request.deleteBadBinary)
      throw invalidArgument(`Bad binary checksum ${request.deleteBadBinary} doesn't exists.`)
    if (request.promoteNamespace)
      throw invalidArgument(
        `global namespace is not enabled on this cluster, cannot update global namespace or promote local namespace: ${name}`
      )
    const { state } = before.namespaceInfo
    const wanted = info?.state || state
    if (wanted !== state && (wanted !== deprecated || state === deleted))
      throw invalidArgument("Invalid namespace state update.")
    checkClusters(request.replicationConfig?.clusters, request.replicationConfig?.activeClusterName)
    namespaces.update(name, {
      ...(info?.description ? { description: info.description } : {}),
      ...(info?.ownerEmail ? { ownerEmail: info.ownerEmail } : {}),
      ...(info?.data ? { data: strings(info.data) } : {}),
      ...(request.config?.workflowExecutionRetentionTtl
        ? { retentionMs: retentionOf(request.config.workflowExecutionRetentionTtl) }
        : {}),
      searchAttributes: aliases
    })
    if (wanted !== state) namespaces.deprecate(name)
    return namespaces.describe(name)
  }),
  DeprecateNamespace: on<"DeprecateNamespace">((request) => {
    namespaces.deprecate(request.namespace ?? "")
    return {}
  })
})
