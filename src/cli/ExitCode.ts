/**
 * What the exit codes of `compozy` mean.
 *
 * | code | meaning |
 * |---|---|
 * | 0 | done; `run`: the workflow succeeded; `start`: it was asked to stop and drained |
 * | 1 | `run`: the workflow failed, timed out or was canceled; anything unexpected |
 * | 2 | the command line or the workflow's input is wrong |
 * | 3 | the config is wrong, or cannot be loaded |
 * | 4 | a service or the server cannot be reached, or did not answer in time |
 * | 5 | there is no such workflow, execution or server |
 * | 6 | something is in the way: the port or `.compozy/` is in use |
 * | 130 | a second Ctrl-C, or Ctrl-C during a command that does not drain |
 * | 143 | SIGTERM during a command that does not drain |
 */
export const ExitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  config: 3,
  unavailable: 4,
  notFound: 5,
  conflict: 6,
  interrupted: 130,
  terminated: 143
} as const

/** An exit code of `compozy`. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]
