/**
 * Decodes URL references in header fields of a reply, which have one character for each octet.
 *
 * | in the field              | decoded as                                                |
 * |---------------------------|-----------------------------------------------------------|
 * | octets that are UTF-8     | characters, as in requests                                |
 * | octets that are not UTF-8 | percent-encoded octets: `caf\xe9` is `caf%E9`             |
 * | tabs and line breaks      | removed, as in browsers and Python's `urlsplit`           |
 * | blanks at both ends       | removed                                                   |
 */
import { quoteOctets, trimmed } from './PercentEncoding.js'

const ASCII = /^[\0-\x7f]*$/

/** Decodes octets as UTF-8. If they are not UTF-8, each octet above ASCII is percent-encoded. */
export const decodeOctets = (octets: string): string => {
  if (ASCII.test(octets) || /[^\0-\xff]/.test(octets)) return octets
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(octets, 'latin1'))
  } catch {
    return quoteOctets(octets)
  }
}

/** Removes blanks at both ends, and all tabs and line breaks. */
export const stripBlanks = (reference: string): string => trimmed(reference.replace(/[\t\r\n]+/g, ''))

/** Decodes the reference in a field value, such as Location. */
export const fromFieldValue = (value: string): string => decodeOctets(stripBlanks(value))
