/** Programs about what the history tells beside what was asked for. */
import { completeWorkflow, long, millis, namespace, payloads } from "./fake-worker.ts"
import type { Kit } from "./differential.ts"

const workerVersionCapabilities = { buildId: "a-build" }

const attribute = (value: unknown) => ({
  indexedFields: { TemporalChangeVersion: payloads(value).payloads?.[0] ?? {} }
})

export const historyPrograms: Readonly<Record<string, (kit: Kit) => Promise<void>>> = {
  "tells which builds worked": async (kit) => {
    await kit.worker.start(kit.id)
    const retryPolicy = { maximumAttempts: 1 }
    await kit.worker.complete(
      await kit.worker.poll({ workerVersionCapabilities }),
      [
        kit.worker.activity("done"),
        kit.worker.activity("late", { startToCloseTimeout: millis(300), retryPolicy })
      ],
      { workerVersionStamp: workerVersionCapabilities }
    )
    const tasks = [
      await kit.worker.pollActivity({ workerVersionCapabilities }),
      await kit.worker.pollActivity({ workerVersionCapabilities })
    ]
    const done = tasks.find(({ activityId }) => activityId === "done")
    await kit.rpc.respondActivityTaskCompleted({
      namespace,
      taskToken: done?.taskToken ?? null,
      identity: "three",
      workerVersion: workerVersionCapabilities
    })
    await kit.worker.complete(await kit.worker.poll({ workerVersionCapabilities }), [], {
      workerVersionStamp: { buildId: "another" }
    })
    await kit.worker.complete(await kit.worker.poll({ workerVersionCapabilities }), [completeWorkflow()], {
      workerVersionStamp: { buildId: "another" }
    })
    await kit.tellHistory()
    await kit.tellDescription()
  },

  "tells the types of search attributes": async (kit) => {
    const { runId } = await kit.worker.start(kit.id, {
      searchAttributes: attribute(["started"]),
      identity: "somebody"
    })
    await kit.worker.complete(await kit.worker.poll(), [
      {
        commandType: 13,
        upsertWorkflowSearchAttributesCommandAttributes: { searchAttributes: attribute(["upserted"]) }
      },
      {
        commandType: 10,
        continueAsNewWorkflowExecutionCommandAttributes: {
          searchAttributes: attribute(["continued"]),
          inheritBuildId: true
        }
      }
    ])
    await kit.worker.complete(await kit.worker.poll(), [
      {
        commandType: 11,
        startChildWorkflowExecutionCommandAttributes: {
          workflowId: `${kit.id}-child`,
          workflowType: { name: "child" },
          searchAttributes: attribute(["child"]),
          retryPolicy: { initialInterval: { seconds: long(3), nanos: 0 } }
        }
      },
      completeWorkflow()
    ])
    await kit.tellHistory(kit.id, runId)
    await kit.tellHistory()
  }
}
