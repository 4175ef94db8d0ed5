/**
 * Names the header fields that are always secret, and redacts secret values that a server echoes: a Location often
 * repeats the query of the request.
 *
 * | how the text contains the value                     | found                                             |
 * |-----------------------------------------------------|---------------------------------------------------|
 * | as it is, or with `+` for its spaces                | yes                                               |
 * | percent-encoded in any spelling, once or repeatedly | yes: `S3%43RET`, `next=%2F%3Fk%3DS3CRET`          |
 * | a value of four characters or more                  | anywhere                                          |
 * | a value of one to three characters                  | as a whole value: after `=`, `?`, `&`, `;` or `#` |
 * | an empty value, in Base64, in another case          | no                                                |
 *
 * Takes time linear in the length of the text, for secrets of a given length.
 */
import * as Octets from './Octets.js'
import { quoteQuery } from './PercentEncoding.js'
import * as Secret from './Secret.js'

// --- header fields -------------------------------------------------------------------------------------------------

/** The lower-case names of sensitive headers in a request. */
export const SENSITIVE: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'x-api-key',
  'x-auth-token',
  'private-token',
])

/** Adds the cookies that a reply sets, and the proof that the server knows the password (RFC 7616 3.5). */
export const SENSITIVE_IN_REPLY: ReadonlySet<string> = new Set([
  ...SENSITIVE,
  'set-cookie',
  'set-cookie2',
  'authentication-info',
  'proxy-authentication-info',
  'proxy-authenticate-info',
])

/** Checked first, so that most names need no lower-case copy. */
const LENGTHS: ReadonlySet<number> = new Set(Array.from(SENSITIVE_IN_REPLY, ({ length }) => length))

export const isSensitiveInReply = (name: string): boolean =>
  LENGTHS.has(name.length) && SENSITIVE_IN_REPLY.has(name.toLowerCase())

// --- values that a server echoes -----------------------------------------------------------------------------------

/** Text as octets, and the index in the original text at which each octet begins. */
interface Layer {
  readonly octets: Uint8Array
  readonly starts: Int32Array
}

interface Needle {
  readonly octets: string
  readonly isShort: boolean
}

/** The position of a value in a text, from `start` up to `end`. */
interface Span {
  readonly start: number
  readonly end: number
}

/** Shorter values are only found as a whole. */
const MIN_LENGTH_ANYWHERE = 4
const PERCENT = 0x25

/** A form writes a space as `+`, so the two compare equal. */
const folded = (octets: string): string => octets.replaceAll('+', ' ')
const isOctets = (text: string): boolean => !/[^\0-\xff]/.test(text)

/** Text is one octet a character, or UTF-8. Skips line breaks and tabs, which are not part of a reference. */
const layerOf = (text: string): Layer => {
  const isField = isOctets(text)
  const octets = new Uint8Array(isField ? text.length : Octets.fromText(text).length)
  const starts = new Int32Array(octets.length + 1)
  let length = 0
  let at = 0
  for (const character of text) {
    const code = character.charCodeAt(0)
    const encoded = isField || code < 0x80 ? [code] : Octets.fromText(character)
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

const digit = (octet = 0): number => '0123456789abcdef'.indexOf(String.fromCharCode(octet).toLowerCase())

/** Decodes the escapes of a layer, once or until none is left. */
const decoded = ({ octets, starts }: Layer, isRepeated: boolean): Layer => {
  const out = new Uint8Array(octets.length)
  const from = new Int32Array(octets.length + 1)
  let length = 0
  // Octets before this index cannot be part of another escape.
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
    // A URL writes `%41` as `A`, and a reference loses its tabs and line breaks.
    for (const form of [secret, secret.replace(/[\t\n\r]/g, ''), quoteQuery(secret)]) {
      const bytes = Octets.fromText(form)
      const layer = { octets: bytes, starts: new Int32Array(bytes.length + 1) }
      const spellings = [bytes, decoded(layer, false).octets, decoded(layer, true).octets].map(Octets.toLatin1)
      for (const spelling of isOctets(form) ? [...spellings, form] : spellings) {
        const octets = folded(spelling)
        if (octets !== '') needles.set(octets, { octets, isShort: secret.length < MIN_LENGTH_ANYWHERE })
      }
    }
  }
  return [...needles.values()]
}

const isBefore = (octet: string): boolean => octet !== '' && '=?&;#'.includes(octet)
const isAfter = (octet: string): boolean => octet === '' || '&;#,"\'<>'.includes(octet)

/** Returns the longest match at each place, in order. A text may repeat many values at many places. */
const spansIn = (layers: ReadonlyArray<Layer>, needles: ReadonlyArray<Needle>): ReadonlyArray<Span> => {
  const ends = new Map<number, number>()
  for (const { octets, starts } of layers) {
    const text = folded(Octets.toLatin1(octets))
    for (const needle of needles) {
      const size = needle.octets.length
      // A value may overlap itself: `121212` contains `1212` twice.
      for (let i = text.indexOf(needle.octets); i >= 0; i = text.indexOf(needle.octets, i + 1)) {
        const isWhole = isBefore(text.charAt(i - 1)) && isAfter(text.charAt(i + size))
        if (needle.isShort && !isWhole) continue
        const [start, end] = [starts[i] ?? 0, starts[i + size] ?? 0]
        if (end > (ends.get(start) ?? -1)) ends.set(start, end)
      }
    }
  }
  return Array.from(ends, ([start, end]) => ({ start, end })).sort((x, y) => x.start - y.start)
}

export const containsAny = (secrets: ReadonlySet<string>): ((text: string) => boolean) => {
  const needles = needlesOf(secrets)
  return (text) => needles.length > 0 && spansIn(layersOf(text), needles).length > 0
}

/** Replaces each of the values by a mark. Keeps the separators in a value, so that the number of pieces is the same. */
export const redact = (
  secrets: ReadonlySet<string>,
  mark: string = Secret.REDACTED,
  separator: '&' | '/' = '&',
): ((text: string) => string) => {
  const needles = needlesOf(secrets)
  const between = new RegExp(`[^${separator}]+`, 'g')
  return (text) => {
    if (needles.length === 0) return text
    const kept: string[] = []
    let end = 0
    for (const span of spansIn(layersOf(text), needles)) {
      if (span.end <= end) continue
      const value = text.slice(Math.max(span.start, end), span.end)
      kept.push(text.slice(end, Math.max(span.start, end)))
      // Overlapping values share one mark.
      kept.push(value.replace(between, () => (span.start < end ? '' : mark)))
      end = span.end
    }
    return end === 0 ? text : kept.join('') + text.slice(end)
  }
}

const REFERENCE = /^((?:[a-z][a-z\d+.-]*:)?(?:\/\/[^/?#]*)?)([^?#]*)(\?[^#]*)?(#[\s\S]*)?$/i
const HOST = /^[^/]*(?:\/\/(?:[^@]*@)?[\w.-]*(?::\d*)?)?$/

/** Redacts the values in path, query and fragment of a reference, and in an authority that is not a valid host. */
export const redactReference = (secrets: ReadonlySet<string>, mark?: string): ((reference: string) => string) => {
  const hidden = redact(secrets, mark)
  const hiddenInPath = redact(secrets, mark, '/')
  return (reference) => {
    const [, start = '', path = '', query = '', fragment = ''] = REFERENCE.exec(reference) ?? []
    return (HOST.test(start) ? start : hidden(start)) + hiddenInPath(path) + hidden(query) + hidden(fragment)
  }
}
