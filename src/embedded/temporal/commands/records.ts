import { EventType, TaskFailedCause } from "../proto/enums.ts"
import type { Command } from "../proto/root.ts"
import { sizeOfFields, sizeOfPayloads } from "../payload.ts"
import { CommandFailure, metadataOf } from "./context.ts"
import type { CommandContext } from "./context.ts"
import { checkSearchAttributes } from "./search-attributes.ts"

/** Markers carry what the worker decided by itself: local activities, patches, side effects. */
export const recordMarker = (context: CommandContext, command: Command): void => {
  const cause = TaskFailedCause.BadRecordMarkerAttributes
  const attributes = command.recordMarkerCommandAttributes
  if (!attributes)
    throw new CommandFailure(cause, "RecordMarkerCommandAttributes is not set on RecordMarkerCommand.")
  if (!attributes.markerName) throw new CommandFailure(cause, "MarkerName is not set on RecordMarkerCommand.")
  const { blobSize } = context.tx.core.limits
  let size = 0
  for (const [name, details] of Object.entries(attributes.details ?? {}))
    size += name.length + sizeOfPayloads(details)
  if (size > blobSize)
    throw new CommandFailure(cause, "RecordMarkerCommandAttributes.Details exceeds size limit.", true)
  context.tx.add(context.run, EventType.MarkerRecorded, {
    markerRecordedEventAttributes: {
      markerName: attributes.markerName,
      details: attributes.details ?? {},
      workflowTaskCompletedEventId: context.completedEventId,
      header: attributes.header,
      failure: attributes.failure
    },
    ...metadataOf(command)
  })
}

export const upsertSearchAttributes = (context: CommandContext, command: Command): void => {
  const cause = TaskFailedCause.BadSearchAttributes
  const searchAttributes = command.upsertWorkflowSearchAttributesCommandAttributes?.searchAttributes
  if (!searchAttributes?.indexedFields || Object.keys(searchAttributes.indexedFields).length === 0)
    throw new CommandFailure(cause, "IndexedFields is not set on UpsertWorkflowSearchAttributesCommand.")
  const typed = checkSearchAttributes(context, context.run.namespace, searchAttributes)
  if (sizeOfFields(searchAttributes.indexedFields) > context.tx.core.limits.blobSize)
    throw new CommandFailure(
      cause,
      "UpsertWorkflowSearchAttributesCommandAttributes exceeds size limit.",
      true
    )
  context.tx.add(context.run, EventType.UpsertSearchAttributes, {
    upsertWorkflowSearchAttributesEventAttributes: {
      workflowTaskCompletedEventId: context.completedEventId,
      searchAttributes: typed
    },
    ...metadataOf(command)
  })
}

export const modifyProperties = (context: CommandContext, command: Command): void => {
  const cause = TaskFailedCause.BadModifyWorkflowPropertiesAttributes
  const upsertedMemo = command.modifyWorkflowPropertiesCommandAttributes?.upsertedMemo
  if (!upsertedMemo)
    throw new CommandFailure(cause, "UpsertedMemo is not set on ModifyWorkflowPropertiesCommand.")
  const { blobSize, memoSize } = context.tx.core.limits
  if (sizeOfFields(upsertedMemo.fields) > blobSize)
    throw new CommandFailure(cause, "ModifyWorkflowPropertiesCommandAttributes exceeds size limit.", true)
  if (sizeOfFields(context.run.h.memo) + sizeOfFields(upsertedMemo.fields) > memoSize)
    throw new CommandFailure(
      cause,
      "ModifyWorkflowPropertiesCommandAttributes. Memo exceeds size limit.",
      true
    )
  context.tx.add(context.run, EventType.WorkflowPropertiesModified, {
    workflowPropertiesModifiedEventAttributes: {
      workflowTaskCompletedEventId: context.completedEventId,
      upsertedMemo
    },
    ...metadataOf(command)
  })
}
