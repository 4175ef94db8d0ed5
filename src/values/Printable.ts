/**
 * Text that others choose, made safe for one line of a message: a reason phrase, a proxy's reply, a Location.
 *
 * Controls would drive the terminal that shows them, a line end would forge a line of a log, and a change of direction
 * would show the words in another order.
 */

/** Controls (C0, DEL, C1), line and paragraph separators, and all marks that change the direction of text. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

const escaped = (character: string): string => {
  const code = character.charCodeAt(0)
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}

/** Returns the text with each control and each change of direction escaped: ESC becomes `\x1b`. */
export const escapeControls = (text: string): string => text.replace(UNPRINTABLE, escaped)
