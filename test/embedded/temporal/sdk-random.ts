/** Random programs for the interpreting workflow, and what a client does while they run. */
import type { WorkflowHandle } from "@temporalio/client"

import { type Random, random } from "../random.ts"
import type { Step, Word } from "./sdk-interpreter.ts"
import type { HistoryEvent, Scene } from "./sdk-stage.ts"

const words: readonly Word[] = ["signal", "update", "slow update", "refused update", "query"]

const randomStep = (random: Random, depth: number): Step => {
  switch (random.below(depth === 0 ? 14 : 11)) {
    case 0:
    case 1:
      return { do: "activity", fails: random.below(3), attempts: 1 + random.below(3) }
    case 2:
      return { do: "activity times out", retried: random.below(2) === 0 }
    case 3:
      return { do: "local activity", fails: random.below(3) }
    case 4:
    case 5:
      return { do: "timer", milliseconds: random.below(3) * 20 }
    case 6:
      return { do: "cancel scope", timers: random.below(3), activities: random.below(3) }
    case 7:
      return { do: "signal nobody" }
    case 8:
      return { do: "memo", value: random.below(100) }
    case 9:
      return { do: "attribute", value: `value ${random.below(100)}` }
    case 10:
      return { do: "patch", name: `patch ${random.below(3)}` }
    case 11:
      return { do: "child", program: randomSteps(random, depth + 1) }
    case 12:
      return { do: "wait", word: random.pick(words) }
    default:
      return { do: "continue as new" }
  }
}

const randomSteps = (random: Random, depth: number): Step[] => {
  const steps = Array.from({ length: 1 + random.below(depth === 0 ? 7 : 3) }, () => randomStep(random, depth))
  const end = random.below(8)
  if (end === 0) return [...steps, { do: "fail" }]
  // A child waits for nobody: who would know of it?
  if (end === 1 && depth === 0) return [...steps, { do: "wait", word: random.pick(["cancel", "terminate"]) }]
  return steps
}

export const randomProgram = (seed: number): readonly Step[] => randomSteps(random(seed), 0)

const say = async (scene: Scene, handle: WorkflowHandle, word: Word): Promise<void> => {
  switch (word) {
    case "signal":
      return handle.signal("wake")
    case "update":
    case "slow update":
      return scene.outcome(word, handle.executeUpdate("wakeByUpdate", { args: [word] }))
    case "refused update":
      await scene.outcome(word, handle.executeUpdate("wakeByUpdate", { args: [word] }))
      return handle.signal("wake")
    case "query":
      await scene.outcome(word, handle.query("wordsSoFar"))
      return handle.signal("wake")
    case "cancel":
      await handle.cancel()
      return
    case "terminate":
      await handle.terminate("as the program says")
  }
}

/** Whether an event tells that a program waits for the so manyth time. */
const isWait = (event: HistoryEvent | undefined, waits: number): boolean => {
  const memo = event?.workflowPropertiesModifiedEventAttributes?.upsertedMemo
  return Buffer.from(memo?.fields?.["waits"]?.data ?? []).toString() === String(waits)
}

/** Runs a program, and says the words that it waits for when nothing else is going on. */
export const playProgram = async (scene: Scene, program: readonly Step[]): Promise<void> => {
  const { firstExecutionRunId } = await scene.start("interprets", [program])
  const handle = scene.client.workflow.getHandle(scene.id)
  let waits = 0
  for (const step of program) {
    if (step.do !== "wait") continue
    waits += 1
    await scene.until((events) => {
      const last = events.at(-1)
      const isIdle = last?.workflowTaskCompletedEventAttributes || isWait(last, waits)
      return Boolean(isIdle) && events.some((event) => isWait(event, waits))
    })
    await say(scene, handle, step.word)
  }
  await scene.outcome("result", handle.result())
  await scene.tellChain(scene.id, firstExecutionRunId)
}
