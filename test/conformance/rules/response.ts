/**
 * Differences of reading a response.
 *
 * | rule | Python                                                    | here                                                  |
 * |------|-----------------------------------------------------------|-------------------------------------------------------|
 * | D14  | `ok` from 600 on; userinfo in the URL of a message        | not ok; removed, and the message ends with the method |
 * | D15  | Python's codecs, reason `None`, NaN, integers of any size | WHATWG labels, an empty reason, JSON as in JavaScript |
 * | D58  | the last of several charsets                              | the first                                             |
 * | D10  | text without charset is ISO-8859-1 or bytes               | a byte order mark, else UTF-8; JSON in any Unicode encoding |
 * | D23  | its own parser for Link                                   | RFC 8288 (`models/links.ts`)                          |
 * | D9   | a truncated body is a short success                       | `DecodingFailed`                                      |
 * | D11  | adds lines at chunk boundaries                            | lines do not depend on chunk boundaries               |
 * | D39  | lines are bytes, or end at any of Unicode's ten line ends | lines are text and end at CR, LF or CRLF              |
 */
import * as zlib from 'node:zlib'
import { type Input, type Item, type Iteration, isCoded, type Output } from '../families/response.js'
import { ANY_ERROR } from '../json.js'
import { byRelation, parse } from '../models/links.js'
import { preparedUnder } from '../models/normal-url.js'
import { canonicalHost, partsOf } from '../models/parts.js'
import { declaredIn, jsonText, markOf, textOf, textPieces } from '../models/text.js'
import type { Rule } from '../subject.js'
import { type Py, toBase64 } from '../tagged.js'
import { bytesOf } from '../translate/values.js'

type R = Rule<Input, Output>

/** Returns a rule for a response that is read as a whole. */
const ofBody = (id: string, rewrite: (python: Output, input: Input, content: Uint8Array) => Output): R => ({
  id,
  when: ({ input }, { error }) => input.kind === 'body' && error === undefined,
  expect: ({ input }, python) => rewrite(python, input, Buffer.from(python.content ?? '', 'base64')),
})

const isIteration = (input: Input): input is Iteration => input.kind !== 'body'

const valueOf = ({ headers }: Input, wanted: string): string | undefined =>
  headers.find(([name]) => name.toLowerCase() === wanted)?.[1]

const declaredBy = (input: Input): string | undefined => declaredIn(valueOf(input, 'content-type'))

// --- D14 ------------------------------------------------------------------------------------------------------------

const planned = ({ url = 'http://example.com/' }: Input): string =>
  preparedUnder(url, canonicalHost(partsOf(url).host) ?? '')

const STATUS = ofBody('D14', (python, input) => {
  const { status = 0, reason = '' } = python
  const message = python.raise_for_status?.replace(/(for url: [^/]*\/\/)[^/?#]*@/, '$1')
  if (status < 600) return { ...python, raise_for_status: message === undefined ? null : `${message} (GET)` }
  const given = `${status} Server Error: ${reason} for url: ${planned(input)} (GET)`
  return { ...python, ok: false, raise_for_status: given }
})

// --- text -----------------------------------------------------------------------------------------------------------

/** requests assumes ISO-8859-1 for text without a charset. We report no charset. */
const DECLARED = ofBody('D10', (python, input) =>
  declaredBy(input) === undefined && python.encoding === 'ISO-8859-1' ? { ...python, encoding: null } : python,
)

/** The first of several charset parameters counts. */
const FIRST_CHARSET = ofBody('D58', (python, input) => {
  const first = declaredBy(input)
  const count = (valueOf(input, 'content-type') ?? '').split(/charset\s*=/i).length - 1
  return first !== undefined && count > 1 ? { ...python, encoding: first } : python
})

const isGuessed = (input: Input, content: Uint8Array): boolean =>
  declaredBy(input) === undefined || markOf(content) !== undefined

const textRule = (id: string, appliesTo: (input: Input, content: Uint8Array) => boolean): R =>
  ofBody(id, ({ text_error, ...python }, input, content) =>
    (python.text !== undefined || text_error !== undefined) && appliesTo(input, content)
      ? { ...python, text: textOf(content, declaredBy(input)) }
      : { ...python, ...(text_error === undefined ? {} : { text_error }) },
  )

const GUESSED_TEXT = textRule('D10', isGuessed)
const LABELLED_TEXT = textRule('D15', (input, content) => !isGuessed(input, content))

const readJson = (text: string): Pick<Output, 'json' | 'json_error'> => {
  try {
    return { json: JSON.parse(text) }
  } catch {
    return { json_error: 'JSONDecodeError' }
  }
}

const withJson = ({ json: _, json_error: __, ...python }: Output, text: string): Output => ({
  ...python,
  ...readJson(text),
})

/** JSON may use any Unicode encoding: its first octets show which, before a declared charset counts. */
const UNICODE_JSON = ofBody('D10', (python, input, content) => {
  const label = declaredBy(input)
  const text = jsonText(content, label)
  const isOther = isGuessed(input, content) || text !== textOf(content, label)
  return isOther && python.json_error !== undefined ? withJson(python, text) : python
})

const JSON_AS_HERE = ofBody('D15', (python, input, content) => withJson(python, jsonText(content, declaredBy(input))))

const NO_REASON = ofBody('D15', (python) =>
  python.reason === ''
    ? { ...python, raise_for_status: python.raise_for_status?.replace('Error: None for', 'Error:  for') ?? null }
    : python,
)

// --- links ----------------------------------------------------------------------------------------------------------

const LINKS = ofBody('D23', (python, { headers }) => {
  const lines = headers.filter(([name]) => name.toLowerCase() === 'link').map(([, value]) => value)
  return { ...python, links: byRelation(parse(lines.join(', '))) }
})

// --- codings --------------------------------------------------------------------------------------------------------

const isCutShort = ({ body, headers }: Input): boolean => {
  const coding = headers
    .find(([name]) => name.toLowerCase() === 'content-encoding')?.[1]
    ?.trim()
    .toLowerCase()
  if (coding !== 'gzip' && coding !== 'x-gzip' && coding !== 'deflate') return false
  try {
    zlib.unzipSync(bytesOf(body))
    return false
  } catch (cause) {
    return cause instanceof Error && 'code' in cause && cause.code === 'Z_BUF_ERROR'
  }
}

/** Omits the last piece if the body fails before the piece is full. */
const wholePieces = (items: ReadonlyArray<Item>, size: number | undefined): ReadonlyArray<Item> => {
  const bytes = Buffer.concat(items.map((item) => Buffer.from(typeof item === 'string' ? item : item.base64, 'base64')))
  const full = size === undefined ? bytes : bytes.subarray(0, bytes.length - (bytes.length % size))
  return full.length === 0 ? [] : [{ base64: toBase64(full) }]
}

const CUT_SHORT: R = {
  id: 'D9',
  when: ({ input }, { error }) => error === undefined && bytesOf(input.body).length > 0 && isCutShort(input),
  expect: ({ input }, python) => {
    const error = 'ContentDecodingError'
    return isIteration(input) ? { items: wholePieces(python.items ?? [], sizeOf(input)), error } : { error }
  },
}

// --- pieces and lines -----------------------------------------------------------------------------------------------

const sizeOf = ({ kind, chunk_size }: Iteration): number | undefined => {
  if (chunk_size === undefined) return kind === 'iter_lines' ? 512 : 1
  const size =
    chunk_size._tag === 'Int' ? Number(chunk_size.text) : chunk_size._tag === 'Bool' ? Number(chunk_size.value) : 0
  return size > 0 ? size : undefined
}

const piecesOf = (input: Iteration): ReadonlyArray<Uint8Array> => {
  const bytes = bytesOf(input.body)
  const size = sizeOf(input)
  if (size === undefined) return bytes.length === 0 ? [] : [bytes]
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
}

const labelOf = (input: Iteration): string | undefined => input.encoding ?? declaredBy(input)

const isText = (input: Input): input is Iteration =>
  isIteration(input) && input.decode_unicode === true && !isCoded(input)

/** Python raises an exception for an unknown codec, and if the codec cannot decode the body. */
const isCodecError = (input: Iteration, { error }: Output): boolean =>
  error === undefined || (error === ANY_ERROR && input.delimiter === undefined && sizeIsInt(input))

const sizeIsInt = ({ chunk_size }: Iteration): boolean =>
  chunk_size === undefined || ['Int', 'Bool', 'None'].includes(chunk_size._tag)

const contentRule = (id: string, isDeclared: boolean): R => ({
  id,
  when: ({ input }, python) =>
    isText(input) &&
    input.kind === 'iter_content' &&
    (labelOf(input) !== undefined) === isDeclared &&
    isCodecError(input, python),
  expect: ({ input }, { error: _, ...python }) =>
    isIteration(input) ? { ...python, items: textPieces(piecesOf(input), labelOf(input)) } : python,
})

const asUtf8 = (text: string): Item => ({ base64: toBase64(Buffer.from(text, 'utf8')) })

const textIn = (py: Py | undefined): string => {
  if (py?._tag === 'Str') return py.text
  return py?._tag === 'Bytes' ? Buffer.from(py.bytes).toString('utf8') : ''
}

const split = (text: string, ends: RegExp | string): ReadonlyArray<string> => {
  const lines = text.split(ends)
  return typeof ends !== 'string' && lines.at(-1) === '' ? lines.slice(0, -1) : lines
}

/** Splits the whole body at these line ends. */
const linesBy = (input: Iteration, ends: RegExp): ReadonlyArray<Item> => {
  const delimiter = textIn(input.delimiter)
  const isDecoded = input.decode_unicode === true
  const text = textPieces([bytesOf(input.body)], isDecoded ? labelOf(input) : undefined).join('')
  if (text === '') return []
  const lines = split(text, delimiter === '' ? ends : delimiter)
  return isDecoded ? lines : lines.map(asUtf8)
}

const OURS = /\r\n|\n|\r/
/** The line ends of Python's `str.splitlines`. `bytes.splitlines` uses only CR, LF and CRLF. */
const UNICODE = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/

/** Returns whether Python decodes: with a charset, and without one for text and JSON. */
const decodes = (input: Iteration): boolean =>
  isText(input) &&
  (labelOf(input) !== undefined || /^[^;]*(text|application\/json)/.test(valueOf(input, 'content-type') ?? ''))

const isMixed = (input: Iteration): boolean =>
  input.delimiter !== undefined && (input.delimiter._tag === 'Str') !== decodes(input)

const LINES_AT_EDGES: R = {
  id: 'D11',
  when: ({ input }, { error }) => input.kind === 'iter_lines' && error === undefined && !isCoded(input),
  expect: ({ input }, python) => {
    if (!isIteration(input)) return python
    return { ...python, items: linesBy(input, input.decode_unicode === true ? UNICODE : OURS) }
  },
}

const LINES_OF_OTHER_CODECS: R = {
  id: 'D15',
  when: ({ input }, { error }) =>
    isText(input) &&
    input.kind === 'iter_lines' &&
    error === ANY_ERROR &&
    labelOf(input) !== undefined &&
    !isMixed(input),
  expect: ({ input }, { error: _, ...python }) =>
    isIteration(input) ? { ...python, items: linesBy(input, OURS) } : python,
}

const LINES_OF_TEXT: R = {
  id: 'D39',
  when: ({ input }, { error }) =>
    input.kind === 'iter_lines' && !isCoded(input) && (error === undefined || (error === ANY_ERROR && isMixed(input))),
  expect: ({ input }, { error: _, ...python }) =>
    isIteration(input) ? { ...python, items: linesBy(input, OURS) } : python,
}

export const all: ReadonlyArray<R> = [
  STATUS,
  NO_REASON,
  DECLARED,
  FIRST_CHARSET,
  GUESSED_TEXT,
  LABELLED_TEXT,
  UNICODE_JSON,
  JSON_AS_HERE,
  LINKS,
  CUT_SHORT,
  contentRule('D10', false),
  contentRule('D15', true),
  LINES_AT_EDGES,
  LINES_OF_OTHER_CODECS,
  LINES_OF_TEXT,
]
