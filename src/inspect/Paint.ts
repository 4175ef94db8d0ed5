/**
 * How text for people is dressed: a value, so that who prints decides, and no function asks whether this is a terminal.
 *
 * | paint   | for                                   |
 * |---------|---------------------------------------|
 * | `plain` | files, pipes, snapshots, `NO_COLOR`   |
 * | `ansi`  | a terminal                            |
 *
 * Law: what `ansi` paints reads, without its escapes, as what `plain` paints.
 *
 * @example
 * import { Paint } from 'requests-ts'
 *
 * assert.equal(Paint.plain.strong('GET'), 'GET')
 * assert.equal(Paint.ansi.strong('GET'), '\u001b[1mGET\u001b[0m')
 * assert.equal(Paint.forTerminal({ isTTY: true, NO_COLOR: '1' }), Paint.plain)
 */
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'

/** By what is said, not by colour. */
export interface Paint {
  /** A heading. */
  readonly strong: Endomorphism<string>
  /** What may be skipped. */
  readonly faint: Endomorphism<string>
  /** The name of a thing. */
  readonly name: Endomorphism<string>
  readonly good: Endomorphism<string>
  readonly bad: Endomorphism<string>
  /** What one should look at. */
  readonly warning: Endomorphism<string>
}

const same: Endomorphism<string> = (text) => text

export const plain: Paint = { strong: same, faint: same, name: same, good: same, bad: same, warning: same }

const sgr =
  (code: number): Endomorphism<string> =>
  (text) =>
    text === '' ? '' : `\u001b[${code}m${text}\u001b[0m`

export const ansi: Paint = {
  strong: sgr(1),
  faint: sgr(2),
  name: sgr(36),
  good: sgr(32),
  bad: sgr(31),
  warning: sgr(33),
}

/** What is known of where the text goes. */
export interface Terminal {
  readonly isTTY?: boolean | undefined
  /** The variable of that name (no-color.org): a text that is not empty turns colour off. */
  readonly NO_COLOR?: string | undefined
}

/** Colour on a terminal, unless it is forbidden. */
export const forTerminal = ({ isTTY, NO_COLOR }: Terminal): Paint =>
  isTTY === true && (NO_COLOR === undefined || NO_COLOR === '') ? ansi : plain

/** How a text is to look; 80 columns and no colour unless said. */
export interface Look {
  readonly paint?: Paint
  readonly columns?: number
}
