import type { Engine } from "../engine.ts"
import { invalidArgument, notFound } from "../errors.ts"
import type { Namespaces } from "../namespaces.ts"
import { predefinedAttributes, systemAttributes, typeNumber } from "../visibility/attributes.ts"
import type { AttributeType } from "../visibility/attributes.ts"
import { nexusEndpointHandlers } from "./unimplemented.ts"
import { on } from "./handler.ts"
import type { Handler } from "./handler.ts"

const numbered = (attributes: Readonly<Record<string, AttributeType>>): Record<string, number> =>
  Object.fromEntries(Object.entries(attributes).map(([name, type]) => [name, typeNumber(type)]))

/** What the service tells of itself, and of a cluster of which it is all there is. */
export interface ClusterInfo {
  readonly clusterName: string
  readonly clusterId: string
  readonly historyShardCount: number
  readonly initialFailoverVersion: number
  readonly failoverVersionIncrement: number
}

/** The cluster. */
export const clusterInfo = (namespaces: Namespaces): ClusterInfo => ({
  clusterName: "active",
  clusterId: namespaces.clusterId,
  historyShardCount: 1,
  initialFailoverVersion: 1,
  failoverVersionIncrement: 10
})

/** The handlers of `temporal.api.operatorservice.v1.OperatorService`. */
export const operatorHandlers = (
  engine: Engine,
  namespaces: Namespaces,
  /** Ends what a namespace has beside its runs. */
  forget: (namespace: string) => void,
  address: () => string
): Record<string, Handler> => ({
  ...nexusEndpointHandlers,
  AddSearchAttributes: on<"AddSearchAttributes">((request) => {
    const wanted = Object.entries(request.searchAttributes ?? {})
    if (wanted.length === 0) throw invalidArgument("SearchAttributes are not set on request.")
    namespaces.addSearchAttributes(
      request.namespace ?? "",
      wanted.map(([name, type]) => [name, type ?? 0] as const)
    )
    return {}
  }),
  RemoveSearchAttributes: on<"RemoveSearchAttributes">((request) => {
    const names = request.searchAttributes ?? []
    if (names.length === 0) throw invalidArgument("SearchAttributes are not set on request.")
    namespaces.removeSearchAttributes(
      request.namespace ?? "",
      names.map((name) => name ?? "")
    )
    return {}
  }),
  ListSearchAttributes: on<"ListSearchAttributes">((request) => ({
    customAttributes: namespaces.searchAttributes(request.namespace ?? ""),
    systemAttributes: { ...numbered(systemAttributes), ...numbered(predefinedAttributes) },
    storageSchema: {}
  })),
  DeleteNamespace: on<"DeleteNamespace">((request) => {
    const name = namespaces.nameOf(request.namespace ?? "", request.namespaceId ?? "")
    forget(name)
    engine.deleteNamespace(name)
    return { deletedNamespace: namespaces.delete(name) }
  }),
  ListClusters: () => ({
    clusters: [{ ...clusterInfo(namespaces), address: address(), httpAddress: "", isConnectionEnabled: true }]
  }),
  RemoveRemoteCluster: () => {
    throw notFound("The cluster to be deleted cannot be found in clusters cache.")
  }
})
