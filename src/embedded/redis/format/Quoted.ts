const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\u0007": "\\a",
  "\b": "\\b"
}

/** A byte string in quotation marks, with what cannot be printed escaped, as Redis shows arguments. */
export const quoted = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- control characters are what is escaped
  `"${text.replace(/["\\\u0000-\u001f\u007f-\u00ff]/g, (char) => ESCAPES[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`)}"`
