/** The endpoints of the HTTP API, below its prefix. */
import * as Schema from "effect/Schema"
import { Status, StoredError, TaskState } from "../../services/Store.ts"
import type { Endpoint } from "./Endpoint.ts"

/** The prefix of every endpoint. */
export const apiPrefix = "/api/v0"

/**
 * A JSON value that came out of `JSON.parse` or goes into `JSON.stringify`. It is not walked again: large inputs and
 * outputs pass in constant time.
 */
const AnyJson = Schema.Unknown.annotate({ description: "Any JSON value" })

/** An execution on the wire. */
export const ExecutionBody = Schema.Struct({
  executionId: Schema.String,
  workflow: Schema.String,
  status: Status,
  input: AnyJson,
  output: AnyJson,
  error: Schema.NullOr(StoredError),
  startedAt: Schema.String,
  updatedAt: Schema.String,
  closedAt: Schema.NullOr(Schema.String),
  waitingFor: Schema.NullOr(Schema.String)
}).annotate({ identifier: "Execution" })

/** What a start answers with. */
export const StartedBody = Schema.Struct({
  executionId: Schema.String,
  workflow: Schema.String,
  status: Status,
  /** The address of the execution, below the server's root. */
  url: Schema.String
}).annotate({ identifier: "StartedExecution" })

const StartPayload = Schema.Struct({
  input: Schema.optionalKey(AnyJson),
  timeout: Schema.optionalKey(
    Schema.Int.check(Schema.isGreaterThan(0)).annotate({
      description: "Milliseconds until the whole execution times out"
    })
  )
})

const page = {
  limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 500 }))),
  cursor: Schema.optionalKey(Schema.String)
}

const WorkflowSummary = Schema.Struct({
  id: Schema.String,
  description: Schema.NullOr(Schema.String),
  version: Schema.NullOr(Schema.String),
  input: AnyJson,
  output: AnyJson
}).annotate({ identifier: "Workflow" })

const startHeaders = {
  "x-idempotency-key":
    "The same key gives the same execution, and is refused with other input. At most 255 characters."
}

const unavailable = ["COMPOZY_UNAVAILABLE", "COMPOZY_TIMED_OUT", "COMPOZY_INTERNAL"] as const

/** Every endpoint by name. */
export const endpoints = {
  listWorkflows: {
    method: "GET",
    path: "/workflows",
    tag: "workflows",
    summary: "The workflows of this deployment",
    success: {
      200: {
        description: "All of them, in the order of the config",
        body: Schema.Struct({ items: Schema.Array(WorkflowSummary) })
      }
    },
    problems: ["COMPOZY_INTERNAL"]
  },
  getWorkflow: {
    method: "GET",
    path: "/workflows/:workflow_id",
    tag: "workflows",
    summary: "The definition of one workflow",
    success: { 200: { description: "The recorded definition (schemas/workflow.json)", body: AnyJson } },
    problems: ["COMPOZY_WORKFLOW_NOT_FOUND", "COMPOZY_INTERNAL"]
  },
  startExecution: {
    method: "POST",
    path: "/workflows/:workflow_id/executions",
    tag: "executions",
    summary: "Starts an execution",
    payload: StartPayload,
    payloadOptional: true,
    headers: startHeaders,
    success: {
      202: { description: "Started; `Location` is its address", body: StartedBody },
      200: { description: "The idempotency key named an execution that exists", body: StartedBody }
    },
    problems: [
      "COMPOZY_WORKFLOW_NOT_FOUND",
      "COMPOZY_INPUT_INVALID",
      "COMPOZY_BAD_REQUEST",
      "COMPOZY_CONFLICT",
      "COMPOZY_IDEMPOTENCY_KEY_REUSED",
      "COMPOZY_BODY_TOO_LARGE",
      "COMPOZY_UNSUPPORTED_MEDIA_TYPE",
      "COMPOZY_SHUTTING_DOWN",
      ...unavailable
    ]
  },
  startExecutionSync: {
    method: "POST",
    path: "/workflows/:workflow_id/executions/sync",
    tag: "executions",
    summary: "Starts an execution and waits for its end",
    description:
      "Answers 202 with the state reached so far when the execution outlasts the server's request timeout; it goes on.",
    payload: StartPayload,
    payloadOptional: true,
    headers: startHeaders,
    success: {
      200: { description: "It ended; a failure is a state, not an HTTP error", body: ExecutionBody },
      202: { description: "It still runs; `Location` is its address", body: ExecutionBody }
    },
    problems: [
      "COMPOZY_WORKFLOW_NOT_FOUND",
      "COMPOZY_INPUT_INVALID",
      "COMPOZY_BAD_REQUEST",
      "COMPOZY_CONFLICT",
      "COMPOZY_IDEMPOTENCY_KEY_REUSED",
      "COMPOZY_BODY_TOO_LARGE",
      "COMPOZY_UNSUPPORTED_MEDIA_TYPE",
      "COMPOZY_SHUTTING_DOWN",
      ...unavailable
    ]
  },
  listWorkflowExecutions: {
    method: "GET",
    path: "/workflows/:workflow_id/executions",
    tag: "executions",
    summary: "The executions of one workflow, newest first",
    query: Schema.Struct({ ...page, status: Schema.optionalKey(Schema.String) }),
    success: {
      200: {
        description: "One page; `next` is the cursor of the following one",
        body: Schema.Struct({ items: Schema.Array(ExecutionBody), next: Schema.NullOr(Schema.String) })
      }
    },
    problems: ["COMPOZY_WORKFLOW_NOT_FOUND", "COMPOZY_BAD_REQUEST", "COMPOZY_INVALID_REQUEST", ...unavailable]
  },
  listExecutions: {
    method: "GET",
    path: "/executions/workflows",
    tag: "executions",
    summary: "Executions, newest first",
    query: Schema.Struct({
      ...page,
      workflow_id: Schema.optionalKey(Schema.String),
      status: Schema.optionalKey(
        Schema.String.annotate({ description: "One status or several, separated by commas" })
      )
    }),
    success: {
      200: {
        description: "One page; `next` is the cursor of the following one",
        body: Schema.Struct({ items: Schema.Array(ExecutionBody), next: Schema.NullOr(Schema.String) })
      }
    },
    problems: ["COMPOZY_BAD_REQUEST", "COMPOZY_INVALID_REQUEST", ...unavailable]
  },
  getExecution: {
    method: "GET",
    path: "/executions/workflows/:exec_id",
    tag: "executions",
    summary: "One execution",
    success: { 200: { description: "Its state", body: ExecutionBody } },
    problems: ["COMPOZY_EXECUTION_NOT_FOUND", ...unavailable]
  },
  listTasks: {
    method: "GET",
    path: "/executions/workflows/:exec_id/tasks",
    tag: "executions",
    summary: "The steps of an execution, in the order they started",
    query: Schema.Struct(page),
    success: {
      200: {
        description: "One page; `next` is the cursor of the following one",
        body: Schema.Struct({
          items: Schema.Array(TaskState.annotate({ identifier: "Task" })),
          next: Schema.NullOr(Schema.String)
        })
      }
    },
    problems: ["COMPOZY_EXECUTION_NOT_FOUND", "COMPOZY_BAD_REQUEST", ...unavailable]
  },
  streamExecution: {
    method: "GET",
    path: "/executions/workflows/:exec_id/stream",
    tag: "executions",
    summary: "The events of an execution as they happen",
    description:
      "Server-sent events: `id` counts within the execution, `event` is the type, `data` the event as JSON. The stream ends when the execution closes; a reconnect after its last event is answered 204.",
    query: Schema.Struct({
      events: Schema.optionalKey(
        Schema.String.annotate({ description: "Only these types, separated by commas" })
      )
    }),
    headers: { "last-event-id": "Events after this one; all that are kept without it" },
    stream: true,
    success: {
      200: {
        description: "Events until the execution closes",
        body: Schema.Struct({
          id: Schema.Int,
          type: Schema.Literals([
            "workflow_start",
            "workflow_status",
            "task_status",
            "warning",
            "complete",
            "error"
          ]),
          at: Schema.String,
          data: AnyJson
        }).annotate({ identifier: "ExecutionEvent" })
      }
    },
    problems: ["COMPOZY_EXECUTION_NOT_FOUND", "COMPOZY_BAD_REQUEST", ...unavailable]
  },
  cancelExecution: {
    method: "POST",
    path: "/executions/workflows/:exec_id/cancel",
    tag: "executions",
    summary: "Asks an execution to stop",
    success: {
      202: { description: "Asked", body: Schema.Struct({ executionId: Schema.String }) }
    },
    problems: ["COMPOZY_EXECUTION_NOT_FOUND", "COMPOZY_CONFLICT", "COMPOZY_SHUTTING_DOWN", ...unavailable]
  },
  signalExecution: {
    method: "POST",
    path: "/executions/workflows/:exec_id/signals",
    tag: "executions",
    summary: "Sends a signal to an execution",
    payload: Schema.Struct({
      signal_name: Schema.NonEmptyString,
      payload: Schema.optionalKey(AnyJson)
    }),
    success: {
      202: {
        description: "Delivered",
        body: Schema.Struct({ executionId: Schema.String, signal_name: Schema.String })
      }
    },
    problems: [
      "COMPOZY_EXECUTION_NOT_FOUND",
      "COMPOZY_SIGNAL_INVALID",
      "COMPOZY_BAD_REQUEST",
      "COMPOZY_CONFLICT",
      "COMPOZY_BODY_TOO_LARGE",
      "COMPOZY_UNSUPPORTED_MEDIA_TYPE",
      "COMPOZY_SHUTTING_DOWN",
      ...unavailable
    ]
  }
} as const satisfies Readonly<Record<string, Endpoint>>

/** The endpoints by name. */
export type Endpoints = typeof endpoints
