/**
 * Texts of a plan found again among those that its inputs give, in order. A custom scheme may have added some of them or
 * taken some away: the others keep their order.
 */
import type { Source } from './Source.js'

/** A text that the inputs give, and who gives it. */
export interface Piece {
  readonly text: string
  readonly source: Source
}

interface Places {
  readonly indices: number[]
  /** How many of them are passed over. */
  passed: number
}

/** The source of each text; `undefined` for a text that is not among the pieces after the one found before it. */
export const sourcesOf = (
  pieces: ReadonlyArray<Piece>,
  texts: ReadonlyArray<string>,
): ReadonlyArray<Source | undefined> => {
  const places = new Map<string, Places>()
  for (const [i, { text }] of pieces.entries()) {
    const known = places.get(text)
    if (known === undefined) places.set(text, { indices: [i], passed: 0 })
    else known.indices.push(i)
  }
  let next = 0
  return texts.map((text) => {
    const known = places.get(text)
    if (known === undefined) return undefined
    while ((known.indices[known.passed] ?? next) < next) known.passed += 1
    const found = known.indices[known.passed]
    if (found === undefined) return undefined
    next = found + 1
    return pieces[found]?.source
  })
}
