import type { Arguments } from "../exec/Arguments.ts"
import type { Command } from "../exec/Context.ts"
import type { ScriptEngine } from "../lua/ScriptEngine.ts"
import { ErrorReply } from "../resp/Reply.ts"
import type { Session } from "./Session.ts"

type Execute = (session: Session, args: Arguments, again: boolean) => void

/** Lets clients wait for what a script needs: the runtime, before the first one, and more time for a long one. */
export class ScriptTurns {
  private readonly scripts: ScriptEngine
  private readonly execute: Execute

  constructor(scripts: ScriptEngine, execute: Execute) {
    this.scripts = scripts
    this.execute = execute
  }

  /** A script that took its first part of time goes on in a later step; until then other clients are told so. */
  goOn(session: Session, args: Arguments): void {
    const { scripts } = this
    session.pause()
    if (scripts.busy !== undefined) scripts.busy.command = args
    const step = (): void => {
      const { busy } = scripts
      if (busy === undefined) return
      if (busy.killed) session.reply(scripts.killedReply(busy))
      else scripts.proceed(() => this.execute(session, args, true))
      if (scripts.busy !== undefined) setImmediate(step)
      else session.resume()
    }
    setImmediate(step)
  }

  /** The runtime loads when the first script is run; until then the client waits, and nobody else. */
  awaitRuntime(session: Session, command: Command, args: Arguments): void {
    session.pause()
    const go = async (): Promise<void> => {
      try {
        await this.scripts.prepare()
        if (!session.closed) this.execute(session, args, false)
      } catch (error) {
        session.reply(
          new ErrorReply(`ERR The Lua runtime could not be loaded for '${command.name}': ${String(error)}`)
        )
      }
      session.resume()
    }
    void go()
  }
}
