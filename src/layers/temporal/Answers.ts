/** Whether a frontend in this process answers, asked without Temporal's client. */
import { Effect, Redacted } from "effect"
import { connect, type IncomingHttpHeaders } from "node:http2"
import type { Endpoint } from "./Endpoint.ts"

const METHOD = "/temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo"

/** A gRPC message of no bytes: not compressed, length 0 (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). */
const EMPTY_MESSAGE = Buffer.alloc(5)

/** Succeeds when the frontend at a loopback address has answered a call; fails with what went wrong. */
export const answers = ({ address, apiKey, startTimeout }: Endpoint): Effect.Effect<void, Error> =>
  Effect.callback((resume) => {
    const session = connect(`http://${address}`)
    const end = (result: Effect.Effect<void, Error>) => {
      session.destroy()
      resume(result)
    }
    const fail = (error: Error) => end(Effect.fail(error))
    const settle = (headers: IncomingHttpHeaders) => {
      const status = headers["grpc-status"]
      if (status === "0") end(Effect.void)
      else if (status !== undefined)
        fail(new Error(`gRPC status ${status}: ${headers["grpc-message"] ?? ""}`))
    }
    session.on("error", fail)
    const request = session.request({
      ":method": "POST",
      ":path": METHOD,
      "content-type": "application/grpc",
      te: "trailers",
      ...(apiKey !== undefined && { authorization: `Bearer ${Redacted.value(apiKey)}` })
    })
    request.on("error", fail)
    request.on("response", settle)
    request.on("trailers", settle)
    request.setTimeout(startTimeout, () => fail(new Error(`no answer within ${startTimeout} ms`)))
    request.resume()
    request.end(EMPTY_MESSAGE)
    return Effect.sync(() => session.destroy())
  })
