import type { Random } from "../../random.ts"

const TOKENS =
  "and break do else elseif end false for function if in local nil not or repeat return then true until while + - * / % ^ # == ~= <= >= < > = ( ) { } [ ] ; : , . .. ... x 1 's' 0x [[ ]] -- \" @ ~ 1.2.3 \\".split(
    " "
  )

/** A script with a few tokens exchanged, taken out or put in: mostly no Lua any more. It does nothing where it still is. */
export const damaged = (random: Random, sound: string): string => {
  const tokens = sound.match(/\s+|\w+|'[^'\n]*'|./g) ?? []
  for (let left = 1 + random.below(3); left > 0; left--) {
    const at = random.below(tokens.length)
    const token = ` ${random.pick(TOKENS)} `
    random.pick([
      () => tokens.splice(at, 1),
      () => tokens.splice(at, 0, token),
      () => tokens.splice(at, 1, token)
    ])()
  }
  return `do return end ${tokens.join("")}`
}
