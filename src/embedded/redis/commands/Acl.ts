import { cut } from "../exec/Errors.ts"
import { createHash, randomBytes } from "node:crypto"
import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import { arityMatches } from "../exec/Arity.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { EMPTY, ErrorReply, MapReply, OK, type Reply, SetReply } from "../resp/Reply.ts"
import { CATEGORY_NAMES, categoriesOf } from "./CommandFacts.ts"
import { help } from "./Help.ts"
import { subcommandsWith } from "./Subcommand.ts"

const ONLY_DEFAULT = new ErrorReply("ERR ACL users are not available in this server: there is only 'default'")
const NO_FILE = new ErrorReply(
  "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration."
)

const passwordHash = (client: Client): string | undefined =>
  client.password === undefined
    ? undefined
    : createHash("sha256").update(client.password, "latin1").digest("hex")

const list = (client: Client): Reply => {
  const hash = passwordHash(client)
  const secret = hash === undefined ? "nopass" : `#${hash}`
  return [`user default on ${secret} ~* &* +@all`]
}

const getUser = (client: Client, args: Arguments): Reply => {
  if (argument(args, 2) !== "default") return null
  const hash = passwordHash(client)
  return new MapReply([
    "flags",
    new SetReply(hash === undefined ? ["on", "nopass"] : ["on"]),
    "passwords",
    hash === undefined ? EMPTY : [hash],
    "commands",
    "+@all",
    "keys",
    "~*",
    "channels",
    "&*",
    "selectors",
    EMPTY
  ])
}

const cat = (client: Client, args: Arguments): Reply => {
  if (args.length === 2) return [...CATEGORY_NAMES]
  if (args.length > 3)
    throw new ErrorReply("ERR unknown subcommand or wrong number of arguments for 'cat'. Try ACL HELP.")
  const wanted = argument(args, 2)
  if (!CATEGORY_NAMES.includes(wanted.toLowerCase()))
    throw new ErrorReply(`ERR Unknown category '${cut(wanted)}'`)
  const names: Array<string> = []
  for (const command of client.server.commands.list()) {
    for (const each of [command, ...(command.subcommands?.values() ?? [])]) {
      if (categoriesOf(each).includes(`@${wanted.toLowerCase()}`)) names.push(each.name)
    }
  }
  return names
}

const genpass = (_client: Client, args: Arguments): Reply => {
  const bad = new ErrorReply(
    "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096"
  )
  const bits = args.length === 3 ? integer(argument(args, 2)) : 256
  if (bits <= 0 || bits > 4096) throw bad
  const digits = Math.ceil(bits / 4)
  return randomBytes(Math.ceil(digits / 2))
    .toString("hex")
    .slice(0, digits)
}

const dryrun = (client: Client, args: Arguments): Reply => {
  const user = argument(args, 2)
  if (user !== "default") throw new ErrorReply(`ERR User '${cut(user)}' not found`)
  const name = argument(args, 3)
  const container = client.server.commands.find(name)
  const command = container?.subcommands?.get(argument(args, 4).toLowerCase()) ?? container
  if (command === undefined) throw new ErrorReply(`ERR Command '${cut(name)}' not found`)
  if (!arityMatches(command, args.slice(3))) {
    throw new ErrorReply(`ERR wrong number of arguments for '${command.name}' command`)
  }
  return OK
}

const log = (_client: Client, args: Arguments): Reply => {
  if (args.length === 2) return EMPTY
  if (argument(args, 2).toLowerCase() === "reset") return OK
  integer(argument(args, 2))
  return EMPTY
}

const remove = (_client: Client, args: Arguments): Reply => {
  if (args.slice(2).includes("default")) throw new ErrorReply("ERR The 'default' user cannot be removed")
  return 0
}

const refuse = (error: ErrorReply) => (): Reply => {
  throw error
}

const sub = subcommandsWith("admin noscript loading stale")

const PLAIN = "noscript loading stale"

/** ACL and its subcommands, for a server with one user. */
export const ACL: CommandDefinition = {
  name: "acl",
  arity: -2,
  flags: "",
  since: "6.0.0",
  complexity: "Depends on subcommand.",
  summary: "A container for Access List Control commands.",
  subcommands: [
    sub("cat", -2, "6.0.0", "Lists the ACL categories, or the commands inside a category.", cat, PLAIN),
    sub("deluser", -3, "6.0.0", "Deletes ACL users, and terminates their connections.", remove),
    sub(
      "dryrun",
      -4,
      "7.0.0",
      "Simulates the execution of a command by a user, without executing the command.",
      dryrun
    ),
    sub(
      "genpass",
      -2,
      "6.0.0",
      "Generates a pseudorandom, secure password that can be used to identify ACL users.",
      genpass,
      PLAIN
    ),
    sub("getuser", 3, "6.0.0", "Lists the ACL rules of a user.", getUser),
    sub("list", 2, "6.0.0", "Dumps the effective rules in ACL file format.", list),
    sub("load", 2, "6.0.0", "Reloads the rules from the configured ACL file.", refuse(NO_FILE)),
    sub("log", -2, "6.0.0", "Lists recent security events generated due to ACL rules.", log),
    sub("save", 2, "6.0.0", "Saves the effective ACL rules in the configured ACL file.", refuse(NO_FILE)),
    sub("setuser", -3, "6.0.0", "Creates and modifies an ACL user and its rules.", refuse(ONLY_DEFAULT)),
    sub("users", 2, "6.0.0", "Lists all ACL users.", () => ["default"]),
    sub(
      "whoami",
      2,
      "6.0.0",
      "Returns the authenticated username of the current connection.",
      () => "default",
      PLAIN
    ),
    help("acl", "6.0.0", [
      "CAT [<category>]",
      "    List all commands that belong to <category>, or all command categories",
      "    when no category is specified.",
      "DELUSER <username> [<username> ...]",
      "    Delete a list of users.",
      "DRYRUN <username> <command> [<arg> ...]",
      "    Returns whether the user can execute the given command without executing the command.",
      "GETUSER <username>",
      "    Get the user's details.",
      "GENPASS [<bits>]",
      "    Generate a secure 256-bit user password. The optional `bits` argument can",
      "    be used to specify a different size.",
      "LIST",
      "    Show users details in config file format.",
      "LOAD",
      "    Reload users from the ACL file.",
      "LOG [<count> | RESET]",
      "    Show the ACL log entries.",
      "SAVE",
      "    Save the current config to the ACL file.",
      "SETUSER <username> <attribute> [<attribute> ...]",
      "    Create or modify a user with the specified attributes.",
      "USERS",
      "    List all the registered usernames.",
      "WHOAMI",
      "    Return the current connection username."
    ])
  ]
}
