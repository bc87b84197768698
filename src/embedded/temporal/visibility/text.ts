// How texts are cut into words, for attributes of type Text: as the real server's SQLite index does it (FTS5 with
// `unicode61 remove_diacritics 2`).

const marks = /\p{M}/gu
const word = /[\p{L}\p{N}\p{Co}]+/gu

/** The words of a text, without case and accents. */
export const wordsOf = (text: string): string[] =>
  text.normalize("NFD").replace(marks, "").toLowerCase().match(word) ?? []

const isAt = (words: readonly string[], phrase: readonly string[], at: number): boolean => {
  for (let i = 0; i < phrase.length; i += 1) if (words[at + i] !== phrase[i]) return false
  return true
}

/** What a filter looks for in texts: one of its parts between blanks is enough, whose words have to follow each other. */
export const phrasesOf = (query: string): string[][] =>
  query
    .split(" ")
    .map(wordsOf)
    .filter((phrase) => phrase.length > 0)

/** Whether a text has one of the phrases. */
export const hasPhrase = (text: string, phrases: readonly (readonly string[])[]): boolean => {
  const words = wordsOf(text)
  return phrases.some((phrase) => words.some((_, at) => isAt(words, phrase, at)))
}
