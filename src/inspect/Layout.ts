/**
 * Text in columns: wrapped, aligned, and safe to print on a terminal.
 *
 * A server chooses reasons, cookie names and URLs; controls in them are shown (`\x1b`) and never sent to the terminal.
 * Widths are counted in terminal cells: wide characters take two, combining ones none. Words are kept whole where a
 * line can hold them, and are cut where it cannot.
 */
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import * as Printable from '../values/Printable.js'

export const COLUMNS = 80

/** The same text with every control, line end and change of direction made visible. */
export const safe: Endomorphism<string> = Printable.escapeControls

const NARROW = /^[\x20-\x7e‹›…─·→]*$/
const ZERO = /^(?:\p{M}|\u200b|\u200c|\u200d|\ufe0f)$/u
const WIDE =
  /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u

const cells = (character: string): number => (ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1)

/** How many cells of a terminal a text takes. */
export const width = (text: string): number =>
  NARROW.test(text) ? text.length : Array.from(text).reduce((sum, character) => sum + cells(character), 0)

/** The same text with blanks behind it, up to a width. */
export const pad =
  (cellsWanted: number): Endomorphism<string> =>
  (text) =>
    text + ' '.repeat(Math.max(0, cellsWanted - width(text)))

/** A word in pieces that each fit. */
const cut = (word: string, room: number): ReadonlyArray<string> => {
  if (width(word) <= room) return [word]
  const pieces: string[] = []
  let piece = ''
  let taken = 0
  for (const character of word) {
    const wide = cells(character)
    if (taken + wide > room && piece !== '') {
      pieces.push(piece)
      piece = ''
      taken = 0
    }
    piece += character
    taken += wide
  }
  return [...pieces, piece]
}

/** A text as lines of at most so many cells; at least one line. */
export const wrap = (text: string, columns: number): ReadonlyArray<string> => {
  const room = Math.max(2, columns)
  const lines: string[] = []
  let line = ''
  for (const word of safe(text).split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`
    if (width(joined) <= room) {
      line = joined
      continue
    }
    // A word that no line can hold starts behind what is there, if half a line is free; else on a line of its own.
    const free = room - width(line) - 1
    const isLong = width(word) > room
    const [first = '', ...others] = isLong && line !== '' && free >= room / 2 ? cut(word, free) : []
    if (first !== '') {
      const rest = cut(others.join(''), room)
      lines.push(`${line} ${first}`, ...rest.slice(0, -1))
      line = rest.at(-1) ?? ''
      continue
    }
    const pieces = cut(word, room)
    if (line !== '') lines.push(line)
    lines.push(...pieces.slice(0, -1))
    line = pieces.at(-1) ?? ''
  }
  return [...lines, line]
}

/** One column of a row: its text, its width, how it is painted. The last one takes what is left. */
export interface Cell {
  readonly text: string
  readonly width?: number
  readonly paint: Endomorphism<string>
}

/** A row of cells, wrapped each in its own column, indented. */
export const row = (cellsOfRow: ReadonlyArray<Cell>, columns: number, indent = 2): ReadonlyArray<string> => {
  let left = columns - indent
  const wrapped = cellsOfRow.map((cell, i) => {
    const room = i === cellsOfRow.length - 1 ? left : Math.min(cell.width ?? left, left)
    left -= room + 1
    return { ...cell, room, lines: wrap(cell.text, room) }
  })
  const height = Math.max(...wrapped.map(({ lines }) => lines.length))
  return Array.from({ length: height }, (_, i) => {
    const line = wrapped
      .map(({ lines, room, paint }, at) => {
        const text = lines[i] ?? ''
        const blanks = at === wrapped.length - 1 ? '' : ' '.repeat(Math.max(0, room - width(text)))
        return `${text === '' ? '' : paint(text)}${blanks}`
      })
      .join(' ')
    return `${' '.repeat(indent)}${line}`.trimEnd()
  })
}

/** A text that hangs under a first column. */
export const paragraph = (
  text: string,
  columns: number,
  indent: number,
  paint: Endomorphism<string> = (same) => same,
): ReadonlyArray<string> => wrap(text, columns - indent).map((line) => `${' '.repeat(indent)}${paint(line)}`.trimEnd())
