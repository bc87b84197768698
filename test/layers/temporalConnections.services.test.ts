import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { connect, type Socket } from "node:net"
import { createServer } from "node:tls"
import { describe as group, expect } from "vitest"
import type { LayerError } from "../../src/layers/LayerError.ts"
import * as TemporalDistributed from "../../src/layers/temporal/distributed.ts"
import { Temporal } from "../../src/services/Temporal.ts"
import { address, isLeftOut } from "./Services.ts"

const build = (options: TemporalDistributed.DistributedTemporalOptions) =>
  Effect.flatMap(Layer.build(TemporalDistributed.layer(options)), (context) =>
    Effect.provideContext(Temporal, context)
  )

const failureOf = (options: TemporalDistributed.DistributedTemporalOptions) =>
  Effect.map(Effect.flip(Effect.scoped(build(options))), (error: LayerError) =>
    `${error.code}\n${error.message}\n${error.fix}`.replaceAll(/:\d{4,5}/g, ":PORT")
  )

const certificate = (name: string) =>
  readFileSync(join(dirname(address("COMPOZY_SERVICES_CA")), name), "utf8")

/** TLS in front of the development server, which has none. */
const tlsProxy = Effect.acquireRelease(
  Effect.promise(async () => {
    const [host = "", port] = address("TEMPORAL_HOST_PORT").split(":")
    const sockets = new Set<Socket>()
    const server = createServer(
      { cert: certificate("server.crt"), key: certificate("server.key"), ALPNProtocols: ["h2"] },
      (client) => {
        const upstream = connect({ host, port: Number(port) })
        for (const socket of [client, upstream]) {
          sockets.add(socket)
          socket.on("error", () => socket.destroy())
        }
        client.pipe(upstream).pipe(client)
      }
    )
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    const bound = server.address()
    const proxyPort = bound === null || typeof bound === "string" ? 0 : bound.port
    return { server, sockets, address: `localhost:${proxyPort}` }
  }),
  ({ server, sockets }) =>
    Effect.sync(() => {
      server.close()
      for (const socket of sockets) socket.destroy()
    })
)

group.skipIf(isLeftOut("temporal"))("a connection to Temporal", () => {
  describe("without TLS", () => {
    it.live("is refused for a namespace that does not exist", () =>
      Effect.gen(function* () {
        const text = yield* failureOf({ address: address("TEMPORAL_HOST_PORT"), namespace: "missing" })
        expect(text).toMatchInlineSnapshot(`
          "COMPOZY_TEMPORAL_NOT_FOUND
          Temporal at 127.0.0.1:PORT has no namespace "missing".
          Correct temporal.namespace, or create it: temporal operator namespace create --namespace missing --address 127.0.0.1:PORT"
        `)
      })
    )
  })

  describe("with TLS", () => {
    it.live("is encrypted, with a certificate authority of one's own", () =>
      Effect.gen(function* () {
        const proxy = yield* tlsProxy
        const temporal = yield* build({
          address: proxy.address,
          namespace: "default",
          tls: { ca: certificate("ca.crt") }
        })
        yield* temporal.ping
        assert.strictEqual(temporal.namespace, "default")
      })
    )

    it.live("checks the server's certificate", () =>
      Effect.gen(function* () {
        const proxy = yield* tlsProxy
        const text = yield* failureOf({
          address: proxy.address,
          namespace: "default",
          tls: { enabled: true },
          startTimeout: 2_000
        })
        expect(text).toMatchInlineSnapshot(`
          "COMPOZY_TEMPORAL_TLS
          Temporal at localhost:PORT cannot be reached: the TLS handshake failed: unable to verify the first certificate; if the root CA is installed locally, try running Node.js with --use-system-ca, tried once.
          Check temporal.tls: no TLS for a server without it, ca for a certificate authority of your own. Try: temporal operator cluster health --tls --address localhost:PORT"
        `)
      })
    )

    it.live("checks the server's name", () =>
      Effect.gen(function* () {
        const proxy = yield* tlsProxy
        const text = yield* failureOf({
          address: proxy.address,
          namespace: "default",
          tls: { ca: certificate("ca.crt"), serverName: "temporal.example.com" },
          startTimeout: 2_000
        })
        expect(text).toMatchInlineSnapshot(`
          "COMPOZY_TEMPORAL_TLS
          Temporal at localhost:PORT cannot be reached: the TLS handshake failed: Host: temporal.example.com. is not in the cert's altnames: DNS:localhost, IP Address:127.0.0.1, tried once.
          Check temporal.tls: no TLS for a server without it, ca for a certificate authority of your own. Try: temporal operator cluster health --tls --address localhost:PORT"
        `)
      })
    )

    it.live("is missed by a client that does not speak it", () =>
      Effect.gen(function* () {
        const proxy = yield* tlsProxy
        const text = yield* failureOf({ address: proxy.address, namespace: "default", startTimeout: 500 })
        expect(text).toMatchInlineSnapshot(`
          "COMPOZY_TEMPORAL_TIMEOUT
          Temporal at localhost:PORT accepts connections, but did not answer as a Temporal frontend within 500 ms.
          Check temporal.address, and set temporal.tls.enabled if the frontend wants TLS. Try: temporal operator cluster health --address localhost:PORT"
        `)
      })
    )
  })
})
