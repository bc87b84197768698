/** A certificate authority and a server's certificate for 127.0.0.1 and localhost, for one run. */
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { MissingTool, output } from "./Process.ts"

/** The paths of the PEM files. */
export interface Certificates {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** Makes them in `folder`. */
export const makeCertificates = (folder: string): Certificates => {
  if (output("openssl", "version") === undefined) {
    throw new MissingTool("openssl makes the certificates of the TLS tests: install openssl")
  }
  const path = (name: string) => join(folder, name)
  const openssl = (...args: ReadonlyArray<string>) =>
    execFileSync("openssl", [...args], { stdio: ["ignore", "ignore", "pipe"] })
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
  writeFileSync(path("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n")
  openssl(
    "req",
    "-x509",
    ...curve,
    "-days",
    "2",
    "-subj",
    "/CN=compozy tests",
    "-keyout",
    path("ca.key"),
    "-out",
    path("ca.crt")
  )
  openssl(
    "req",
    ...curve,
    "-subj",
    "/CN=localhost",
    "-keyout",
    path("server.key"),
    "-out",
    path("server.csr")
  )
  openssl(
    "x509",
    "-req",
    "-days",
    "2",
    "-in",
    path("server.csr"),
    "-CA",
    path("ca.crt"),
    "-CAkey",
    path("ca.key"),
    "-CAcreateserial",
    "-extfile",
    path("names"),
    "-out",
    path("server.crt")
  )
  return { ca: path("ca.crt"), cert: path("server.crt"), key: path("server.key") }
}
