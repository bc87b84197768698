/**
 * What users import in their tests: whole stacks (`TestCompozy`), single services (`TestStore`, `TestCache`,
 * `TestTemporal`), and the tags that they provide.
 */
export {
  ExecutionFailed,
  type PromisedCompozy,
  type Run,
  type RunError,
  TestCompozy,
  type TestServices
} from "./TestCompozy.ts"
export type {
  MessageDefinition,
  TestTemporalClient,
  TestWorkflowHandle,
  WorkflowFunction,
  WorkflowOptions,
  WorkflowResult
} from "../layers/temporal/TestClient.ts"
export {
  type PromisedTemporal,
  type TemporalEnvironment,
  type TemporalEnvironmentOptions,
  TestTemporalFailed,
  type TestWorkerOptions
} from "../layers/temporal/TestEnvironment.ts"
export { TestModeInvalid, type TestOptions, type TestSetupError } from "./TestOptions.ts"
export { TestCache, TestStore, TestTemporal } from "./TestServices.ts"
export { type Execution, type ExecutionEvent, Executions, type StartOptions } from "../runtime/Executions.ts"
export { Cache } from "../services/Cache.ts"
export { Store, type TaskState, type WorkflowState } from "../services/Store.ts"
export { Temporal } from "../services/Temporal.ts"
