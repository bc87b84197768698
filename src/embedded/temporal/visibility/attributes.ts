// The search attributes that exist without being registered, and what is known of each; common/searchattribute/defs.go.

export type AttributeType = "Text" | "Keyword" | "Int" | "Double" | "Bool" | "Datetime" | "KeywordList"

/** The types by their numbers in the protocol (`IndexedValueType`). */
export const attributeTypes: readonly (AttributeType | undefined)[] = [
  undefined,
  "Text",
  "Keyword",
  "Int",
  "Double",
  "Bool",
  "Datetime",
  "KeywordList"
]

/** The type of a name, whatever its case. */
export const parseAttributeType = (name: string): AttributeType | undefined =>
  attributeTypes.find((type) => type?.toLowerCase() === name.toLowerCase())

/** The number of a type in the protocol. */
export const typeNumber = (type: AttributeType): number => attributeTypes.indexOf(type)

/** Attributes that an execution has by itself: they are no part of its search attributes. */
export const systemAttributes: Readonly<Record<string, AttributeType>> = {
  WorkflowId: "Keyword",
  RunId: "Keyword",
  WorkflowType: "Keyword",
  StartTime: "Datetime",
  ExecutionTime: "Datetime",
  CloseTime: "Datetime",
  ExecutionStatus: "Keyword",
  TaskQueue: "Keyword",
  HistoryLength: "Int",
  ExecutionDuration: "Int",
  StateTransitionCount: "Int",
  HistorySizeBytes: "Int",
  ParentWorkflowId: "Keyword",
  ParentRunId: "Keyword",
  RootWorkflowId: "Keyword",
  RootRunId: "Keyword"
}

/** Attributes that exist in each namespace and are stored with the registered ones. */
export const predefinedAttributes: Readonly<Record<string, AttributeType>> = {
  TemporalChangeVersion: "KeywordList",
  BinaryChecksums: "KeywordList",
  BuildIds: "KeywordList",
  BatcherNamespace: "Keyword",
  BatcherUser: "Keyword",
  TemporalScheduledStartTime: "Datetime",
  TemporalScheduledById: "Keyword",
  TemporalSchedulePaused: "Bool",
  TemporalNamespaceDivision: "Keyword",
  TemporalPauseInfo: "KeywordList",
  TemporalReportedProblems: "KeywordList",
  TemporalWorkerDeploymentVersion: "Keyword",
  TemporalWorkflowVersioningBehavior: "Keyword",
  TemporalWorkerDeployment: "Keyword"
}

/** Predefined attributes that only the service sets. */
export const internalAttributes: ReadonlySet<string> = new Set([
  "TemporalReportedProblems",
  "TemporalWorkerDeploymentVersion",
  "TemporalWorkflowVersioningBehavior",
  "TemporalWorkerDeployment"
])

const reserved: ReadonlySet<string> = new Set(["NamespaceId", "MemoEncoding", "Memo", "VisibilityTaskKey"])

/** Whether a name cannot be registered. */
export const isReservedName = (name: string): boolean =>
  Object.hasOwn(systemAttributes, name) ||
  Object.hasOwn(predefinedAttributes, name) ||
  reserved.has(name) ||
  name.startsWith("Temporal")

/** How many attributes of a type a namespace can have on a server with an SQL store. */
export const typeCapacity: Readonly<Record<AttributeType, number>> = {
  Bool: 3,
  Datetime: 3,
  Double: 3,
  Int: 3,
  Keyword: 10,
  Text: 3,
  KeywordList: 3
}

/** An attribute that a filter names. */
export interface Attribute {
  readonly name: string
  readonly type: AttributeType
  /** Whether it is one that an execution has by itself. */
  readonly system: boolean
}

/** Finds the type of an attribute that is registered in a namespace. */
export type CustomTypes = (name: string) => AttributeType | undefined

/** The attribute of a name: its own, a predefined or a registered one. */
export const findAttribute = (name: string, custom: CustomTypes): Attribute | undefined => {
  if (Object.hasOwn(systemAttributes, name))
    return { name, type: systemAttributes[name] ?? "Keyword", system: true }
  const type = Object.hasOwn(predefinedAttributes, name) ? predefinedAttributes[name] : custom(name)
  return type === undefined ? undefined : { name, type, system: false }
}
