/**
 * Secret values that somebody else's text repeats: a Location often holds the query of the request that it answers.
 *
 * | the text holds a value                              | found                                            |
 * |-----------------------------------------------------|--------------------------------------------------|
 * | as it is, or with `+` for its spaces                | yes                                              |
 * | percent-encoded in any spelling, once or repeatedly | yes: `S3%43RET`, `next=%2F%3Fk%3DS3CRET`         |
 * | of four characters or more                          | anywhere                                         |
 * | of one to three characters                          | as a whole value: after `=`, `?`, `&`, `;` or `#` |
 * | of no character, in Base64, in another case         | no                                               |
 *
 * Takes time linear in the length of the text, for secrets of a given length.
 */
import { quoteQuery } from './PercentEncoding.js'
import * as Secret from './Secret.js'

/** Text as octets, one character for each, and where in the given text each of them begins. */
interface Layer {
  readonly octets: Uint8Array
  readonly starts: Int32Array
}

interface Needle {
  readonly octets: string
  readonly isShort: boolean
}

/** Where a value stands in a text: from `start` up to `end`. */
interface Span {
  readonly start: number
  readonly end: number
}

const SHORTEST = 4
const PERCENT = 0x25

const latin1 = (octets: Uint8Array): string => Buffer.from(octets.buffer, 0, octets.length).toString('latin1')

/** A form writes a space as `+`, so both are the same here. */
const folded = (octets: string): string => octets.replaceAll('+', ' ')

const isOctets = (text: string): boolean => !/[^\0-\xff]/.test(text)

/** The text of a field holds octets, any other text characters. Line ends and tabs are not part of a reference. */
const layerOf = (text: string): Layer => {
  const isField = isOctets(text)
  const octets = new Uint8Array(isField ? text.length : Buffer.byteLength(text))
  const starts = new Int32Array(octets.length + 1)
  let length = 0
  let at = 0
  for (const character of text) {
    const code = character.charCodeAt(0)
    const encoded = isField || code < 0x80 ? [code] : Buffer.from(character)
    if (code !== 9 && code !== 10 && code !== 13) {
      for (const octet of encoded) {
        starts[length] = at
        octets[length++] = octet
      }
    }
    at += character.length
  }
  starts[length] = at
  return { octets: octets.subarray(0, length), starts }
}

const digit = (code = 0): number => {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/** The layer with its escapes decoded, once or as often as there are any. */
const decoded = ({ octets, starts }: Layer, isRepeated: boolean): Layer => {
  const out = new Uint8Array(octets.length)
  const from = new Int32Array(octets.length + 1)
  let length = 0
  // What stands before this index is not part of another escape.
  let settled = 0
  octets.forEach((octet, i) => {
    from[length] = starts[i] ?? 0
    out[length++] = octet
    while (length - settled >= 3 && out[length - 3] === PERCENT) {
      const high = digit(out[length - 2])
      const low = digit(out[length - 1])
      if (high < 0 || low < 0) return
      length -= 2
      out[length - 1] = high * 16 + low
      if (!isRepeated) settled = length
    }
  })
  from[length] = starts[octets.length] ?? 0
  return { octets: out.subarray(0, length), starts: from }
}

const layersOf = (text: string): ReadonlyArray<Layer> => {
  const written = layerOf(text)
  if (!text.includes('%')) return [written]
  const once = decoded(written, false)
  if (!once.octets.includes(PERCENT)) return [written, once]
  return [written, once, decoded(once, false), decoded(once, true)]
}

const needlesOf = (secrets: ReadonlySet<string>): ReadonlyArray<Needle> => {
  const needles = new Map<string, Needle>()
  for (const secret of secrets) {
    // A URL writes `%41` as `A`, and a reference loses its tabs and line ends.
    for (const form of [secret, secret.replace(/[\t\n\r]/g, ''), quoteQuery(secret)]) {
      const bytes = new Uint8Array(Buffer.from(form))
      const layer = { octets: bytes, starts: new Int32Array(bytes.length + 1) }
      const spellings = [bytes, decoded(layer, false).octets, decoded(layer, true).octets].map((octets) =>
        latin1(octets),
      )
      for (const spelling of isOctets(form) ? [...spellings, form] : spellings) {
        const octets = folded(spelling)
        if (octets !== '') needles.set(octets, { octets, isShort: secret.length < SHORTEST })
      }
    }
  }
  return [...needles.values()]
}

const isBefore = (octet: string): boolean => octet !== '' && '=?&;#'.includes(octet)
const isAfter = (octet: string): boolean => octet === '' || '&;#,"\'<>'.includes(octet)

const spansIn = (layers: ReadonlyArray<Layer>, needles: ReadonlyArray<Needle>): ReadonlyArray<Span> => {
  const spans: Span[] = []
  for (const { octets, starts } of layers) {
    const text = folded(latin1(octets))
    for (const needle of needles) {
      const size = needle.octets.length
      // A value may overlap itself: `121212` holds `1212` twice.
      for (let i = text.indexOf(needle.octets); i >= 0; i = text.indexOf(needle.octets, i + 1)) {
        const isWhole = isBefore(text.charAt(i - 1)) && isAfter(text.charAt(i + size))
        if (!needle.isShort || isWhole) spans.push({ start: starts[i] ?? 0, end: starts[i + size] ?? 0 })
      }
    }
  }
  return spans.sort((x, y) => x.start - y.start)
}

/** Whether a text repeats one of those values. */
export const containsAny = (secrets: ReadonlySet<string>): ((text: string) => boolean) => {
  const needles = needlesOf(secrets)
  return (text) => needles.length > 0 && spansIn(layersOf(text), needles).length > 0
}

/** What divides a query into pieces, and a path into segments. */
type Divider = '&' | '/'

const BETWEEN: Readonly<Record<Divider, RegExp>> = { '&': /[^&]+/g, '/': /[^/]+/g }

/**
 * The same text with a mark in place of each of those values. A divider in a value stays, so that a query keeps the number
 * of its pieces, and a path that of its segments.
 */
export const redact = (
  secrets: ReadonlySet<string>,
  mark: string = Secret.REDACTED,
  divider: Divider = '&',
): ((text: string) => string) => {
  const needles = needlesOf(secrets)
  const between = BETWEEN[divider]
  return (text) => {
    if (needles.length === 0) return text
    const kept: string[] = []
    let end = 0
    for (const span of spansIn(layersOf(text), needles)) {
      if (span.end <= end) continue
      const value = text.slice(Math.max(span.start, end), span.end)
      kept.push(text.slice(end, Math.max(span.start, end)))
      // Values that overlap have one mark.
      kept.push(value.replace(between, () => (span.start < end ? '' : mark)))
      end = span.end
    }
    return end === 0 ? text : kept.join('') + text.slice(end)
  }
}

const REFERENCE = /^((?:[a-z][a-z\d+.-]*:)?(?:\/\/[^/?#]*)?)([^?#]*)(\?[^#]*)?(#[\s\S]*)?$/i

const HOST = /^[^/]*(?:\/\/(?:[^@]*@)?[\w.-]*(?::\d*)?)?$/

/** Hides those values in the path, query and fragment of a URL reference, and in an authority that is not a valid host. */
export const redactReference = (secrets: ReadonlySet<string>, mark?: string): ((reference: string) => string) => {
  const hidden = redact(secrets, mark)
  const hiddenInPath = redact(secrets, mark, '/')
  return (reference) => {
    const [, start = '', path = '', query = '', fragment = ''] = REFERENCE.exec(reference) ?? []
    return (HOST.test(start) ? start : hidden(start)) + hiddenInPath(path) + hidden(query) + hidden(fragment)
  }
}
