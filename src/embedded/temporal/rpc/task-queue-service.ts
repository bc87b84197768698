import type { Engine } from "../engine.ts"
import { invalidArgument } from "../errors.ts"
import { Matching } from "../matching.ts"
import type { QueueStats } from "../matching.ts"
import type { Namespaces } from "../namespaces.ts"
import { TaskQueueKind } from "../proto/enums.ts"
import { fromMillis } from "../proto/time.ts"
import type { Request } from "../proto/root.ts"
import type { PollerInfo } from "../queue-stats.ts"
import type { Tasks } from "../tasks.ts"
import { on } from "./handler.ts"
import type { Handler } from "./handler.ts"

const TaskQueueType = { Workflow: 1, Activity: 2, Nexus: 3 } as const
const RateLimitSource = { Api: 1, Worker: 2, System: 3 } as const

/** The modes of `DescribeTaskQueue`. */
const enhanced = 1

const reachable = 1

/** The rates that the real server tells where none is set. */
const pollerRate = 100_000
const systemRate = 4000

/** Tasks without a priority have the one in the middle. */
const defaultPriority = 3

const configKind = "task-queue-config"

interface RateSetting {
  readonly perSecond: number | undefined
  readonly reason: string
  readonly identity: string
  readonly time: number
}

/** What an operator has set for a task queue. */
interface QueueConfig {
  readonly queue?: RateSetting
  readonly fairnessKeys?: RateSetting
}

type TaskQueue = Request<"DescribeTaskQueue">["taskQueue"]

const pollersOf = (pollers: readonly PollerInfo[]) =>
  pollers.map(({ identity, lastAccess, ratePerSecond }) => ({
    identity,
    lastAccessTime: fromMillis(lastAccess),
    ratePerSecond: ratePerSecond ?? pollerRate
  }))

const statsOf = (stats: QueueStats) => ({
  approximateBacklogCount: stats.backlog,
  approximateBacklogAge: fromMillis(stats.backlogAge),
  tasksAddRate: stats.addRate,
  tasksDispatchRate: stats.dispatchRate
})

const settingOf = (setting: RateSetting | undefined) =>
  setting === undefined
    ? undefined
    : {
        rateLimit: setting.perSecond === undefined ? undefined : { requestsPerSecond: setting.perSecond },
        metadata: {
          reason: setting.reason,
          updateIdentity: setting.identity,
          updateTime: fromMillis(setting.time)
        }
      }

const configOf = (config: QueueConfig | undefined) => ({
  queueRateLimit: settingOf(config?.queue),
  fairnessKeysRateLimitDefault: settingOf(config?.fairnessKeys)
})

type RateUpdate = Request<"UpdateTaskQueueConfig">["updateQueueRateLimit"]

const rateOf = (update: RateUpdate, name: string): number | undefined => {
  const perSecond = update?.rateLimit ? (update.rateLimit.requestsPerSecond ?? 0) : undefined
  if (perSecond !== undefined && !(perSecond >= 0))
    throw invalidArgument(`RequestsPerSecond for ${name} rate limit must be non-negative.`)
  return perSecond
}

/** The calls that tell of task queues and limit them. */
export const taskQueueHandlers = (
  engine: Engine,
  tasks: Tasks,
  namespaces: Namespaces
): Record<string, Handler> => {
  const configs = new Map<string, QueueConfig>()
  const matchingOf = (type: number): Tasks["workflows"] | Tasks["activities"] =>
    type === TaskQueueType.Activity ? tasks.activities : tasks.workflows
  const configKey = (namespace: string, queue: string, type: number): string =>
    JSON.stringify([namespace, queue, type])
  const applyConfig = (namespace: string, queue: string, type: number, config: QueueConfig): void => {
    configs.set(configKey(namespace, queue, type), config)
    matchingOf(type).limit(Matching.key(namespace, queue), config.queue?.perSecond)
  }
  for (const { namespace, id, data } of engine.storage.documents(configKind)) {
    // What `UpdateTaskQueueConfig` below wrote.
    const { queue, type, config } = JSON.parse(data) as { queue: string; type: number; config: QueueConfig }
    if (id !== "") applyConfig(namespace, queue, type, config)
  }

  const nameOf = (queue: TaskQueue): string => {
    if (!queue) throw invalidArgument("taskQueue is not set")
    if (!queue.name) throw invalidArgument("missing task queue name")
    if (queue.name.length > engine.limits.idLength) throw invalidArgument("taskQueue length exceeds limit")
    return queue.name
  }

  const effectiveLimit = (key: string, type: number) => {
    const { worker, operator } = matchingOf(type).limits(key)
    if (operator !== undefined) return { requestsPerSecond: operator, rateLimitSource: RateLimitSource.Api }
    return worker === undefined
      ? { requestsPerSecond: systemRate, rateLimitSource: RateLimitSource.System }
      : { requestsPerSecond: worker, rateLimitSource: RateLimitSource.Worker }
  }

  const describeEnhanced = (request: Request<"DescribeTaskQueue">, key: string) => {
    if (request.taskQueue?.kind === TaskQueueKind.Sticky)
      throw invalidArgument(
        "Enhanced DescribeTaskQueue is not valid for a sticky queue, use api_mode=UNSPECIFIED or a normal queue."
      )
    const asked = (request.taskQueueTypes ?? []).map((type) => type ?? 0)
    const types = asked.length > 0 ? asked : [TaskQueueType.Workflow, TaskQueueType.Activity]
    const typesInfo = Object.fromEntries(
      types.map((type) => {
        const known = type === TaskQueueType.Workflow || type === TaskQueueType.Activity
        const matching = matchingOf(type)
        return [
          type,
          known ? { pollers: pollersOf(matching.pollers(key)), stats: statsOf(matching.stats(key)) } : {}
        ]
      })
    )
    return {
      versionsInfo: {
        "": { typesInfo, taskReachability: request.reportTaskReachability === true ? reachable : 0 }
      }
    }
  }

  return {
    DescribeTaskQueue: on<"DescribeTaskQueue">((request) => {
      const namespace = namespaces.check(request.namespace)
      const key = Matching.key(namespace, nameOf(request.taskQueue))
      if (request.apiMode === enhanced) return describeEnhanced(request, key)
      const type = request.taskQueueType || TaskQueueType.Workflow
      const matching = matchingOf(type)
      const stats = statsOf(matching.stats(key))
      const effectiveRateLimit = effectiveLimit(key, type)
      const config = configs.get(configKey(namespace, request.taskQueue?.name ?? "", type))
      return {
        pollers: type === TaskQueueType.Nexus ? [] : pollersOf(matching.pollers(key)),
        versioningInfo: { currentVersion: "__unversioned__" },
        effectiveRateLimit,
        ...(request.includeTaskQueueStatus
          ? {
              taskQueueStatus: {
                backlogCountHint: stats.approximateBacklogCount,
                ratePerSecond: effectiveRateLimit.requestsPerSecond
              }
            }
          : {}),
        ...(request.reportStats ? { stats, statsByPriorityKey: { [defaultPriority]: stats } } : {}),
        ...(request.reportConfig && config !== undefined ? { config: configOf(config) } : {})
      }
    }),
    ListTaskQueuePartitions: on<"ListTaskQueuePartitions">((request) => {
      const name = nameOf(request.taskQueue)
      namespaces.check(request.namespace)
      // Here a queue is one piece.
      const partitions = [{ key: name, ownerHostName: "" }]
      return { activityTaskQueuePartitions: partitions, workflowTaskQueuePartitions: partitions }
    }),
    UpdateTaskQueueConfig: on<"UpdateTaskQueueConfig">((request) => {
      const namespace = namespaces.check(request.namespace)
      const queue = nameOf({ name: request.taskQueue })
      const type = request.taskQueueType || TaskQueueType.Activity
      if (type === TaskQueueType.Workflow)
        throw invalidArgument("Setting rate limit on workflow task queues is not allowed.")
      const { updateQueueRateLimit: ofQueue, updateFairnessKeyRateLimitDefault: ofKeys } = request
      const queueRate = rateOf(ofQueue, "UpdateQueueRateLimit")
      const keysRate = rateOf(ofKeys, "UpdateFairnessKeyRateLimitDefault")
      const identity = request.identity ?? ""
      if (identity.length > engine.limits.idLength) throw invalidArgument("Identity length exceeds limit.")
      const time = engine.now()
      const key = configKey(namespace, queue, type)
      const config: QueueConfig = {
        ...configs.get(key),
        ...(ofQueue ? { queue: { perSecond: queueRate, reason: ofQueue.reason ?? "", identity, time } } : {}),
        ...(ofKeys
          ? { fairnessKeys: { perSecond: keysRate, reason: ofKeys.reason ?? "", identity, time } }
          : {})
      }
      if (ofQueue || ofKeys) {
        engine.storage.commit(
          [],
          [{ kind: configKind, namespace, id: key, data: JSON.stringify({ queue, type, config }) }]
        )
        applyConfig(namespace, queue, type, config)
      }
      return { config: configOf(config) }
    })
  }
}
