/** Where scripts/services.ts says that the real services are. */

/** The address in the environment variable `name`. */
export const address = (name: string): string => {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set: run these tests by npm run test:services`)
  return value
}

/** Whether COMPOZY_SERVICES leaves the service out on purpose. */
export const isLeftOut = (service: "postgres" | "redis" | "temporal"): boolean => {
  const wanted = process.env["COMPOZY_SERVICES"]
  return wanted !== undefined && !wanted.split(",").some((name) => name.trim() === service)
}
