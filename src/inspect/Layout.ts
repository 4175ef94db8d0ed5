/**
 * Wraps and aligns text in columns, safe to print on a terminal.
 *
 * Servers choose reasons, cookie names and URLs, so control characters in them are escaped (`\x1b`). Widths are counted in
 * terminal cells: wide characters take two, combining ones none. Only words longer than a line are broken.
 */
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import { identity } from 'fp-ts/lib/function.js'
import { escapeControls } from '../values/Printable.js'

/** The default width. */
export const COLUMNS = 80

const NARROW = /^[\x20-\x7e‹›…─·→]*$/
const ZERO = /^(?:\p{M}|\u200b|\u200c|\u200d|\ufe0f)$/u
const WIDE =
  /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u

const cells = (character: string): number => (ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1)

/** Returns the number of terminal cells of a text. */
export const width = (text: string): number =>
  NARROW.test(text) ? text.length : Array.from(text).reduce((sum, character) => sum + cells(character), 0)

const breakWord = (word: string, available: number): ReadonlyArray<string> => {
  if (width(word) <= available) return [word]
  const pieces: string[] = []
  let piece = ''
  let used = 0
  for (const character of word) {
    const wide = cells(character)
    if (used + wide > available && piece !== '') {
      pieces.push(piece)
      piece = ''
      used = 0
    }
    piece += character
    used += wide
  }
  return [...pieces, piece]
}

/** Wraps a text to lines of at most so many cells. Returns at least one line. */
export const wrap = (text: string, columns: number): ReadonlyArray<string> => {
  const available = Math.max(2, columns)
  const lines: string[] = []
  let line = ''
  for (const word of escapeControls(text).split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`
    if (width(joined) <= available) {
      line = joined
      continue
    }
    // A word longer than a line starts on the current line if half of it is free, otherwise on a new one.
    const free = available - width(line) - 1
    const isLong = width(word) > available
    const [first = '', ...others] = isLong && line !== '' && free >= available / 2 ? breakWord(word, free) : []
    if (first !== '') {
      const rest = breakWord(others.join(''), available)
      lines.push(`${line} ${first}`, ...rest.slice(0, -1))
      line = rest.at(-1) ?? ''
      continue
    }
    const pieces = breakWord(word, available)
    if (line !== '') lines.push(line)
    lines.push(...pieces.slice(0, -1))
    line = pieces.at(-1) ?? ''
  }
  return [...lines, line]
}

/** One column of a row: its text, width and paint. The last column takes the remaining width. */
export interface Cell {
  readonly text: string
  readonly width?: number
  readonly paint?: Endomorphism<string>
}

/** Lays out one indented row; each cell is wrapped in its own column. */
export const row = (cellsOfRow: ReadonlyArray<Cell>, columns: number, indent = 2): ReadonlyArray<string> => {
  let left = columns - indent
  const wrapped = cellsOfRow.map((cell, i) => {
    const available = i === cellsOfRow.length - 1 ? left : Math.min(cell.width ?? left, left)
    left -= available + 1
    return { ...cell, available, lines: wrap(cell.text, available) }
  })
  const height = Math.max(...wrapped.map(({ lines }) => lines.length))
  return Array.from({ length: height }, (_, i) => {
    const line = wrapped
      .map(({ lines, available, paint = identity }, at) => {
        const text = lines[i] ?? ''
        const blanks = at === wrapped.length - 1 ? '' : ' '.repeat(Math.max(0, available - width(text)))
        return `${text === '' ? '' : paint(text)}${blanks}`
      })
      .join(' ')
    return `${' '.repeat(indent)}${line}`.trimEnd()
  })
}

export const paragraph = (
  text: string,
  columns: number,
  indent: number,
  paint: Endomorphism<string> = identity,
): ReadonlyArray<string> => wrap(text, columns - indent).map((line) => `${' '.repeat(indent)}${paint(line)}`.trimEnd())
