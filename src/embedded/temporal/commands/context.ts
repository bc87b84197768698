import { causeName } from "../proto/enums.ts"
import type { Run } from "../run.ts"
import type { EventBody, Tx } from "../tx.ts"
import type { Command } from "../proto/root.ts"

/** The completion of a workflow task whose commands are carried out. */
export interface CommandContext {
  readonly tx: Tx
  readonly run: Run
  readonly completedEventId: number
  readonly identity: string
  /** Whether something came in while the task was with the worker: then the run must not be closed. */
  hasBuffered: boolean
  /** An activity was cancelled before a worker took it: the workflow has to hear of it. */
  activityCancelled: boolean
  /** Carries out the message that a command stands for. */
  readonly protocolMessage: (messageId: string) => void
  /** Activities that the worker wants to have with the answer. */
  readonly eager: { readonly scheduledEventId: number }[]
}

/** Commands that cannot be carried out: the workflow task fails with this cause. */
export class CommandFailure extends Error {
  readonly failedCause: number
  /** Over a size limit: the run is terminated instead of tried again. */
  readonly terminate: boolean
  constructor(cause: number, message: string, terminate = false) {
    super(message === "" ? causeName(cause) : `${causeName(cause)}: ${message}`)
    this.name = "CommandFailure"
    this.failedCause = cause
    this.terminate = terminate
  }
}

/** What a command's event carries beside its attributes. */
export const metadataOf = (command: Command): Pick<EventBody, "userMetadata"> =>
  command.userMetadata ? { userMetadata: command.userMetadata } : {}
