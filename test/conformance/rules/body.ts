/**
 * D15, D25, D33 and D41: encoding and framing of a request body.
 *
 * | rule | Python                                                     | here                                   |
 * |------|------------------------------------------------------------|----------------------------------------|
 * | D15  | JSON with spaces and ASCII escapes; `True`, `1.0`, `1e+22` | `JSON.stringify`; `true`, `1`, `1e+22` |
 * | D25  | an empty form is sent as an empty chunked body             | an empty form, `Content-Length: 0`     |
 * | D41  | octets in pairs are percent-encoded                        | octets in pairs are decoded as UTF-8   |
 * | D33  | Transfer-Encoding together with Content-Length             | only Content-Length (RFC 9112 6.2)     |
 */

import { leavesOf } from '../models/python-text.js'
import { jsonBody, keyOf, plus, plusOctets, spellings, stringified, utf8 } from '../models/spelling.js'
import type { Prepared, RequestSpec } from '../shapes.js'
import { type Entry, isTruthy, type Py } from '../tagged.js'
import { entriesOf } from '../translate/query.js'
import { added, bytesOf, isNamed, type Pairs, replaced, withBody } from './fields.js'

// --- D15 ------------------------------------------------------------------------------------------------------------

interface Spelled {
  readonly key: string
  readonly python: string
  readonly ours: string
}

const entriesIn = (py: Py | undefined): ReadonlyArray<Entry> => (py === undefined ? [] : (entriesOf(py) ?? []))

/** Returns the values of pairs that Python and JavaScript write differently. */
const spelledIn = (py: Py | undefined): ReadonlyArray<Spelled> => {
  return entriesIn(py).flatMap(([key, value]) => {
    return leavesOf(value).flatMap((item): ReadonlyArray<Spelled> => {
      const two = spellings(item)
      return two === undefined ? [] : [{ key: keyOf(key), python: two[0], ours: two[1] }]
    })
  })
}

/** Replaces Python's spelling of values with ours in an encoded query or form. */
export const respelled = (text: string, ...sources: ReadonlyArray<Py | undefined>): string =>
  sources
    .flatMap(spelledIn)
    .reduce(
      (written, { key, python, ours }) => written.replace(`${plus(key)}=${plus(python)}`, `${plus(key)}=${plus(ours)}`),
      text,
    )

const respelledParts = (text: string, data: Py | undefined): string =>
  spelledIn(data).reduce(
    (written, { key, python, ours }) =>
      written.replace(`name="${key}"\r\n\r\n${python}\r\n`, `name="${key}"\r\n\r\n${ours}\r\n`),
    text,
  )

/** Replaces Python's spelling in the body with ours. */
export const ourSpelling = <P extends Prepared>(request: RequestSpec, prepared: P): P => {
  if (prepared.body === null) return prepared
  const json = jsonBody(request)
  if (json !== undefined) {
    const text = stringified(json)
    return text === undefined ? prepared : withBody(prepared, Buffer.from(text, 'utf8'))
  }
  const text = bytesOf(prepared).toString('latin1')
  const written =
    request.files !== undefined && isTruthy(request.files)
      ? respelledParts(text, request.data)
      : respelled(text, request.data)
  return written === text ? prepared : withBody(prepared, Buffer.from(written, 'latin1'))
}

// --- D41 ------------------------------------------------------------------------------------------------------------

const quoted = (py: Py): string | undefined => {
  if (py._tag === 'Bytes') return plusOctets(py.bytes)
  return py._tag === 'Str' || py._tag === 'Int' ? plus(py.text) : spellings(py)?.[0]
}

const quotedAsText = (py: Py): string | undefined => (py._tag === 'Bytes' ? plus(utf8(py.bytes)) : quoted(py))

/** Returns each pair with octets, as Python writes it and as we do. */
const octetsIn = (py: Py | undefined): ReadonlyArray<readonly [python: string, ours: string]> => {
  return entriesIn(py).flatMap(([key, value]) =>
    leavesOf(value).map(
      (item) => [`${quoted(key)}=${quoted(item)}`, `${quotedAsText(key)}=${quotedAsText(item)}`] as const,
    ),
  )
}

/** Decodes the octets of pairs as text in a query or form. */
export const octetsAsText = (text: string, ...sources: ReadonlyArray<Py | undefined>): string =>
  sources.flatMap(octetsIn).reduce((written, [python, ours]) => written.replace(python, () => ours), text)

/** Decodes the octets of pairs as text in the body. */
export const formOctetsAsText = <P extends Prepared>(request: RequestSpec, prepared: P): P => {
  if (prepared.body === null || (request.files !== undefined && isTruthy(request.files))) return prepared
  const text = bytesOf(prepared).toString('latin1')
  const written = octetsAsText(text, request.data)
  return written === text ? prepared : withBody(prepared, Buffer.from(written, 'latin1'))
}

// --- D25 and D33 ----------------------------------------------------------------------------------------------------

const isForm = (data: Py | undefined): boolean =>
  data !== undefined && isTruthy(data) && ['Dict', 'CiDict', 'Pairs', 'List', 'Tuple'].includes(data._tag)

/** Adds the Content-Length of an empty form. `given` are the headers of session and request, which come first. */
export const withEmptyForm = <P extends Prepared>(data: Py | undefined, given: Pairs, prepared: P): P => {
  const { headers, body } = prepared
  if (body !== '' || !isForm(data)) return prepared
  if (headers.some(isNamed('content-length'))) {
    return { ...prepared, headers: replaced(headers, 'content-length', '0') }
  }
  return { ...prepared, headers: added(headers, [...given, ['Cookie', '']], ['Content-Length', '0']) }
}

export const framedOnce = (headers: Pairs): Pairs =>
  headers.some(isNamed('content-length')) ? headers.filter((pair) => !isNamed('transfer-encoding')(pair)) : headers
