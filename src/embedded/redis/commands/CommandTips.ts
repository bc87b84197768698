/** What COMMAND advises clients and proxies of, and of which commands. */
const TIPS: Readonly<Record<string, string>> = {
  nondeterministic_output:
    "client|info client|list cluster|bumpepoch cluster|count-failure-reports cluster|getkeysinslot cluster|info cluster|links cluster|nodes cluster|replicas cluster|shards cluster|slaves cluster|slots dump function|stats hrandfield hscan info lastsave latency|doctor latency|graph latency|histogram latency|history latency|latest memory|doctor memory|malloc-stats memory|stats migrate object|encoding object|freq object|idletime object|refcount pttl randomkey scan slowlog|get slowlog|len spop srandmember sscan time ttl xadd xautoclaim xclaim xinfo|consumers xpending xtrim zrandmember zscan",
  nondeterministic_output_order:
    "command command|docs command|info command|list function|list hgetall hkeys hvals keys module|list sdiff sinter smembers sunion",
  "request_policy:all_nodes":
    "config|set latency|doctor latency|graph latency|histogram latency|history latency|latest latency|reset script|flush script|load slowlog|get slowlog|len slowlog|reset",
  "request_policy:all_shards":
    "dbsize flushall flushdb function|delete function|flush function|kill function|load function|restore function|stats info keys memory|doctor memory|malloc-stats memory|purge memory|stats ping randomkey script|exists script|kill wait",
  "request_policy:multi_shard": "del exists mget mset msetnx touch unlink",
  "request_policy:special": "scan",
  "response_policy:agg_logical_and": "script|exists",
  "response_policy:agg_min": "msetnx wait",
  "response_policy:agg_sum": "dbsize del exists slowlog|len touch unlink",
  "response_policy:all_succeeded":
    "config|set flushall flushdb function|delete function|flush function|load function|restore latency|reset memory|purge mset ping script|flush script|load slowlog|reset",
  "response_policy:one_succeeded": "function|kill script|kill",
  "response_policy:special":
    "function|stats info latency|doctor latency|graph latency|histogram latency|history latency|latest memory|doctor memory|malloc-stats memory|stats"
}

const byCommand = new Map<string, ReadonlyArray<string>>()
for (const [tip, names] of Object.entries(TIPS)) {
  for (const name of names.split(" ")) byCommand.set(name, [...(byCommand.get(name) ?? []), tip])
}

/** The tips of a command. */
export const tipsOf = (name: string): ReadonlyArray<string> => byCommand.get(name) ?? []
