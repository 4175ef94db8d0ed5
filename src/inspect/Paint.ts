/**
 * Colours for printed text. A paint is a value that the caller passes, so no function has to detect a terminal.
 *
 * | paint   | for                                   |
 * |---------|---------------------------------------|
 * | `plain` | files, pipes, snapshots, `NO_COLOR`   |
 * | `ansi`  | a terminal                            |
 *
 * Law: text painted with `ansi`, without its escape sequences, equals text painted with `plain`.
 *
 * @example
 * import { Paint } from 'requests-ts'
 *
 * assert.equal(Paint.plain.strong('GET'), 'GET')
 * assert.equal(Paint.ansi.strong('GET'), '\u001b[1mGET\u001b[0m')
 * assert.equal(Paint.forTerminal({ isTTY: true, NO_COLOR: '1' }), Paint.plain)
 */
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'

/** Styles by meaning, not by colour. */
export interface Paint {
  /** A heading. */
  readonly strong: Endomorphism<string>
  /** Less important text. */
  readonly faint: Endomorphism<string>
  /** A name, such as that of a header. */
  readonly name: Endomorphism<string>
  /** Success. */
  readonly good: Endomorphism<string>
  /** Failure. */
  readonly bad: Endomorphism<string>
  /** Text that needs attention. */
  readonly warning: Endomorphism<string>
}

const same: Endomorphism<string> = (text) => text

/** Returns every text as it is. */
export const plain: Paint = { strong: same, faint: same, name: same, good: same, bad: same, warning: same }

const sgr =
  (code: number): Endomorphism<string> =>
  (text) =>
    text === '' ? '' : `\u001b[${code}m${text}\u001b[0m`

/** Colours text with ANSI escape sequences, for a terminal. */
export const ansi: Paint = {
  strong: sgr(1),
  faint: sgr(2),
  name: sgr(36),
  good: sgr(32),
  bad: sgr(31),
  warning: sgr(33),
}

/** The properties of the output that decide about colours. */
export interface Terminal {
  /** Whether the output is a terminal. */
  readonly isTTY?: boolean | undefined
  /** The environment variable NO_COLOR (no-color.org): every value except the empty one turns colours off. */
  readonly NO_COLOR?: string | undefined
}

/** Returns `ansi` for a terminal without NO_COLOR, otherwise `plain`. */
export const forTerminal = ({ isTTY, NO_COLOR }: Terminal): Paint =>
  isTTY === true && (NO_COLOR === undefined || NO_COLOR === '') ? ansi : plain

/** Colours and width of printed text. The defaults are `plain` and 80 columns. */
export interface Look {
  /** Default: `plain`. */
  readonly paint?: Paint
  /** The width in characters. Default: 80. */
  readonly columns?: number
}
