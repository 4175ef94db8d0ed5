/**
 * Finds the texts and numbers of JSON as they are written. `JSON.parse` would round a number of many digits, and keeps only the
 * last of several members with the same name.
 */
import { quotedStringEnd, skipWhile } from './HeaderSyntax.js'

/** A text or number, with the name of the member of the outermost object that contains it; the name is empty outside an object. */
type Named = readonly [name: string, value: string]

const isSpace = (character: string): boolean => ' \t\n\r'.includes(character)
const isNumberStart = (character: string): boolean => '-0123456789'.includes(character)
const isInNumber = (character: string): boolean => '+-.0123456789Ee'.includes(character)

/** Returns all texts, and all numbers as they are written and as JavaScript writes them. The text must be valid JSON. */
export const named = (json: string): ReadonlyArray<Named> => {
  const found: Named[] = []
  let depth = 0
  let name = ''
  for (let at = 0; at < json.length; ) {
    const character = json.charAt(at)
    if (character === '"') {
      const end = quotedStringEnd(json, at) ?? json.length
      const text = String(JSON.parse(json.slice(at, end)))
      at = skipWhile(json, end, isSpace)
      if (json.charAt(at) !== ':') found.push([name, text])
      else if (depth === 1) name = text
    } else if (isNumberStart(character)) {
      const end = skipWhile(json, at, isInNumber)
      const number = json.slice(at, end)
      found.push([name, number], [name, String(Number(number))])
      at = end
    } else {
      if (character === '{' || character === '[') depth += 1
      else if (character === '}' || character === ']') depth -= 1
      at += 1
    }
  }
  return found
}
