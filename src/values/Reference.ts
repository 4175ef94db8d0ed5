/**
 * URL references as fields of a reply hold them: one character for each octet.
 *
 * | in the field              | read as                                                   |
 * |---------------------------|-----------------------------------------------------------|
 * | octets above ASCII, UTF-8 | those characters (requests does the same)                 |
 * | octets that are not UTF-8 | themselves, percent-encoded: `caf\xe9` is `caf%E9`        |
 * | tabs and line ends        | removed, as browsers and Python's `urlsplit` do           |
 * | blanks at both ends       | removed                                                   |
 */
import { quoteOctets, trimmed } from './PercentEncoding.js'

const ASCII = /^[\0-\x7f]*$/

/** The characters that octets stand for: those of UTF-8, else each octet percent-encoded. */
export const decodeOctets = (octets: string): string => {
  if (ASCII.test(octets) || /[^\0-\xff]/.test(octets)) return octets
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(octets, 'latin1'))
  } catch {
    return quoteOctets(octets)
  }
}

/** The same reference without blanks at its ends, tabs and line ends. */
export const stripBlanks = (reference: string): string => trimmed(reference.replace(/[\t\r\n]+/g, ''))

/** The reference that a field value such as a Location holds. */
export const fromFieldValue = (value: string): string => decodeOctets(stripBlanks(value))
