/**
 * `response.json`: a response that is read as a whole (`body`), in pieces (`iter_content`) or by lines (`iter_lines`).
 *
 * | output                               | compared as                                                    |
 * |--------------------------------------|----------------------------------------------------------------|
 * | numbers of JSON                      | JavaScript numbers: `1.0` equals `1`                           |
 * | objects of JSON and links            | maps without an order                                          |
 * | header lines of one name             | joined, as in requests                                         |
 * | `encoding` of JSON without a charset | absent, although requests sets UTF-8                           |
 * | pieces of a decoded body             | joined, because the decoder chooses the boundaries (FORMAT.md) |
 */
import * as t from 'io-ts'
import { declaredIn } from '../models/text.js'
import { observe } from '../observe/response.js'
import * as rules from '../rules/response.js'
import { HeaderTexts, orElse, RawFailure, readFailure, reading } from '../shapes.js'
import type { Family } from '../subject.js'
import { type Py, Tagged, toBase64 } from '../tagged.js'
import { numberOf, reasonOf } from '../translate/values.js'

const EMPTY: Py = { _tag: 'Bytes', bytes: new Uint8Array() }
const OptionalFlag = t.union([t.boolean, t.null])

const Reply = t.intersection([
  t.type({ status: t.number, headers: orElse(HeaderTexts, []), body: orElse(Tagged, EMPTY) }),
  t.partial({ reason: Tagged, url: t.string }),
])
const Pieces = t.partial({
  stream: OptionalFlag,
  chunk_size: Tagged,
  decode_unicode: OptionalFlag,
  encoding: t.union([t.string, t.null]),
  delimiter: Tagged,
  // biome-ignore lint/suspicious/noThenProperty: the vectors use this name.
  then: t.union([t.string, t.null]),
})
const Input = t.union([
  t.intersection([t.type({ kind: t.literal('body') }), Reply]),
  t.intersection([t.type({ kind: t.literal('iter_content') }), Reply, Pieces]),
  t.intersection([t.type({ kind: t.literal('iter_lines') }), Reply, Pieces]),
])
export type Input = t.TypeOf<typeof Input>
export type Iteration = Exclude<Input, { readonly kind: 'body' }>

export type Links = Readonly<Record<string, Readonly<Record<string, string>>>>

/** Text, or bytes as base64. */
export type Item = string | { readonly base64: string }

/** The common form. Each kind has some of the fields. */
export interface Output {
  readonly status?: number
  readonly reason?: string
  readonly encoding?: string | null
  readonly content?: string
  readonly ok?: boolean
  readonly is_redirect?: boolean
  readonly is_permanent_redirect?: boolean
  readonly headers?: ReadonlyArray<readonly [name: string, value: string]>
  readonly text?: string
  readonly text_error?: string
  readonly json?: unknown
  readonly json_error?: string
  readonly links?: Links
  readonly raise_for_status?: string | null
  readonly items?: ReadonlyArray<Item>
  /** The result of a second read, after the body was read to its end. */
  readonly afterwards?: unknown
  readonly error?: string
}

// --- Python's outputs -----------------------------------------------------------------------------------------------

const OfBody = t.intersection([
  t.type({
    status: t.number,
    reason: Tagged,
    encoding: t.union([t.string, t.null]),
    content: orElse(t.string, ''), // null for a status of 0
    ok: t.boolean,
    is_redirect: t.boolean,
    is_permanent_redirect: t.boolean,
    headers: HeaderTexts,
    raise_for_status: t.union([t.string, t.null]),
  }),
  t.partial({
    text: t.string,
    text_error: t.string,
    json: Tagged,
    json_error: t.string,
    links: Tagged,
    links_error: t.string,
  }),
])
// biome-ignore lint/suspicious/noThenProperty: the vectors use this name.
const OfPieces = t.partial({ items: t.array(Tagged), then: t.unknown })

/** Converts a tagged value to JavaScript. An integer beyond 2^53 stays tagged. */
const plain = (py: Py): unknown => {
  switch (py._tag) {
    case 'Bool':
      return py.value
    case 'Str':
      return py.text
    case 'Int':
      return Number.isSafeInteger(Number(py.text)) ? Number(py.text) : { int: py.text }
    case 'Float':
      return numberOf(py.text)
    case 'List':
      return py.items.map(plain)
    case 'Dict':
      return Object.fromEntries(py.entries.map(([key, value]) => [key._tag === 'Str' ? key.text : '', plain(value)]))
    default:
      return null
  }
}

const linksOf = (py: Py): Links =>
  // The cast: links are a dict of dicts of str.
  plain(py) as Links

const contentType = (headers: ReadonlyArray<readonly [string, string]>): string | undefined =>
  headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1]

const isDefaulted = ({ encoding, headers }: t.TypeOf<typeof OfBody>): boolean =>
  encoding === 'utf-8' && declaredIn(contentType(headers)) === undefined

const readBody = (raw: t.TypeOf<typeof OfBody>): Output => {
  const { status, encoding, content, ok, is_redirect, is_permanent_redirect, headers } = raw
  return {
    status,
    reason: reasonOf(raw.reason),
    encoding: isDefaulted(raw) ? null : encoding,
    content,
    ok,
    is_redirect,
    is_permanent_redirect,
    headers,
    raise_for_status: raw.raise_for_status,
    ...(raw.text === undefined ? {} : { text: raw.text }),
    ...(raw.text_error === undefined ? {} : { text_error: raw.text_error }),
    ...(raw.links === undefined ? {} : { links: linksOf(raw.links) }),
    ...(raw.json === undefined ? {} : { json: plain(raw.json) }),
    ...(raw.json_error === undefined ? {} : { json_error: raw.json_error }),
  }
}

const itemOf = (py: Py): Item =>
  py._tag === 'Bytes' ? { base64: toBase64(py.bytes) } : py._tag === 'Str' ? py.text : ''

export const isCoded = ({ headers }: Input): boolean =>
  headers.some(([name, value]) => name.toLowerCase() === 'content-encoding' && value !== '')

/** Joins all items to one piece. */
export const joined = (items: ReadonlyArray<Item>): ReadonlyArray<Item> => {
  const bytes = Buffer.concat(
    items.map((item) => (typeof item === 'string' ? Buffer.from(item) : Buffer.from(item.base64, 'base64'))),
  )
  return bytes.length === 0 ? [] : [{ base64: toBase64(bytes) }]
}

const readPieces = (raw: t.TypeOf<typeof OfPieces>, input: Input): Output => {
  const items = (raw.items ?? []).map(itemOf)
  return {
    items: isCoded(input) ? joined(items) : items,
    ...(raw.then === undefined ? {} : { afterwards: raw.then }),
    ...(RawFailure.is(raw) ? readFailure(raw) : {}),
  }
}

const output = (u: unknown, input: Input): t.Validation<Output> => {
  if (input.kind !== 'body') return reading(OfPieces, (raw) => readPieces(raw, input))(u)
  return RawFailure.is(u) ? reading(RawFailure, readFailure)(u) : reading(OfBody, readBody)(u)
}

/** Removes the fields that depend on a guessed charset (FORMAT.md). */
const withoutGuesses = ({ text: _, text_error: ____, json: __, json_error: ___, ...output }: Output): Output => output

export const family: Family<Input, Output> = {
  name: 'response',
  input: reading(Input, (input) => input),
  output,
  observe,
  rules: rules.all,
  excuses: [{ tag: 'charset-detection', withoutUnjudged: withoutGuesses }],
}
