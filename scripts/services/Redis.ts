/** A Redis server in a temporary folder: a plain and a TLS port, and a user with a password. */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import type { Certificates } from "./Certificates.ts"
import { freePort, MissingTool, output, type Service, start, stop, untilListening } from "./Process.ts"

const USER = "compozy"
const PASSWORD = "compozy-test"

/** Starts it. Nobody gets in without the password. */
export const startRedis = async (folder: string, certificates: Certificates): Promise<Service> => {
  if (output("redis-server", "--version") === undefined) {
    throw new MissingTool("the Redis tests need Redis: apt-get install redis-server")
  }
  const home = join(folder, "redis")
  mkdirSync(home)
  const [port, tlsPort] = await Promise.all([freePort(), freePort()])
  const child = start("redis-server", [
    "--bind",
    "127.0.0.1",
    "--port",
    String(port),
    "--tls-port",
    String(tlsPort),
    "--tls-cert-file",
    certificates.cert,
    "--tls-key-file",
    certificates.key,
    "--tls-ca-cert-file",
    certificates.ca,
    "--tls-auth-clients",
    "no",
    "--dir",
    home,
    "--save",
    "",
    "--appendonly",
    "no",
    "--user",
    "default",
    "off",
    "--user",
    USER,
    "on",
    `>${PASSWORD}`,
    "~*",
    "&*",
    "+@all"
  ])
  await untilListening(child, port)
  return {
    name: "Redis",
    environment: {
      REDIS_URL: `redis://${USER}:${PASSWORD}@127.0.0.1:${port}/0`,
      COMPOZY_SERVICES_REDIS_TLS_URL: `rediss://${USER}:${PASSWORD}@127.0.0.1:${tlsPort}/0`
    },
    stop: () => stop(child)
  }
}
