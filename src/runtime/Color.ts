/** Whether output is coloured. */

/**
 * Decides about colours: `NO_COLOR` with any value says no, whatever the terminal is.
 *
 * @param setting `cli.color`
 * @param stream where the text goes
 * @param environment the environment variables
 */
export const wantsColor = (
  setting: "auto" | "always" | "never",
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>> = process.env
): boolean => {
  if (setting !== "auto") return setting === "always"
  const none = environment["NO_COLOR"]
  if (none !== undefined && none !== "") return false
  return stream.isTTY === true && environment["TERM"] !== "dumb"
}
