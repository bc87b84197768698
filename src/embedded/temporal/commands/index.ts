import { CommandType, TaskFailedCause } from "../proto/enums.ts"
import type { Command } from "../proto/root.ts"
import { invalidArgument } from "../errors.ts"
import { requestCancelActivity, scheduleActivity } from "./activities.ts"
import { cancelWorkflow, completeWorkflow, continueAsNew, failWorkflow } from "./close.ts"
import { CommandFailure } from "./context.ts"
import type { CommandContext } from "./context.ts"
import { cancelExternalWorkflow, signalExternalWorkflow, startChildWorkflow } from "./externals.ts"
import { modifyProperties, recordMarker, upsertSearchAttributes } from "./records.ts"
import { cancelTimer, startTimer } from "./timers.ts"

type Handler = (context: CommandContext, command: Command) => void

const handlers: Readonly<Record<number, Handler>> = {
  [CommandType.ScheduleActivityTask]: scheduleActivity,
  [CommandType.RequestCancelActivityTask]: requestCancelActivity,
  [CommandType.StartTimer]: startTimer,
  [CommandType.CancelTimer]: cancelTimer,
  [CommandType.CompleteWorkflowExecution]: completeWorkflow,
  [CommandType.FailWorkflowExecution]: failWorkflow,
  [CommandType.CancelWorkflowExecution]: cancelWorkflow,
  [CommandType.ContinueAsNew]: continueAsNew,
  [CommandType.StartChild]: startChildWorkflow,
  [CommandType.SignalExternal]: signalExternalWorkflow,
  [CommandType.RequestCancelExternal]: cancelExternalWorkflow,
  [CommandType.RecordMarker]: recordMarker,
  [CommandType.UpsertSearchAttributes]: upsertSearchAttributes,
  [CommandType.ModifyWorkflowProperties]: modifyProperties,
  [CommandType.ProtocolMessage]: (context, command) =>
    context.protocolMessage(command.protocolMessageCommandAttributes?.messageId ?? "")
}

const closing: ReadonlySet<number> = new Set([
  CommandType.CompleteWorkflowExecution,
  CommandType.FailWorkflowExecution,
  CommandType.CancelWorkflowExecution,
  CommandType.ContinueAsNew
])

/** A command that closes the run has to be the last one. */
export const validateSequence = (commands: readonly Command[]): void => {
  const end = commands.findIndex((command) => closing.has(command.commandType ?? 0))
  if (end >= 0 && end < commands.length - 1)
    throw invalidArgument("invalid command sequence: command that closes the workflow must be the last one")
}

/** Carries out the commands of a completed workflow task, in their order. */
export const handleCommands = (context: CommandContext, commands: readonly Command[]): void => {
  for (const command of commands) {
    const handler = handlers[command.commandType ?? 0]
    if (handler === undefined) {
      if (
        command.commandType === CommandType.ScheduleNexusOperation ||
        command.commandType === CommandType.RequestCancelNexusOperation
      )
        throw new CommandFailure(TaskFailedCause.FeatureDisabled, "Nexus operations disabled")
      throw invalidArgument(`Unknown command type: ${command.commandType ?? 0}`)
    }
    handler(context, command)
  }
}
