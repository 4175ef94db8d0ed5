/**
 * `data`, `json` and `files` as one body.
 *
 * | Python                                        | here                                                    |
 * |-----------------------------------------------|---------------------------------------------------------|
 * | falsy `data`, and no `json` and `files`       | no body                                                 |
 * | `files` (with fields in `data`; `json` loses) | `withMultipart`                                         |
 * | `json`, where there is no `data`              | `withJson`                                              |
 * | a mapping or pairs                            | `withForm`                                              |
 * | str, bytes                                    | `withText`, `withBytes`                                 |
 * | a file                                        | `withStream` from its position; an empty one has no known length |
 * | a generator                                   | `withOnce`                                              |
 * | anything else, str with files                 | no counterpart                                          |
 */
import * as E from 'fp-ts/lib/Either.js'
import { Body, type Multipart } from 'requests-ts'
import { BEYOND, jsonOf } from '../javascript.js'
import { itemsOf, reprOf, strOf } from '../models/python-text.js'
import type { Failure, RequestSpec } from '../shapes.js'
import { type Entry, isTruthy, type Py } from '../tagged.js'
import { entriesOf, keyText, NO_COUNTERPART, pairsOf, valuesOf } from './query.js'
import { bytesOf } from './values.js'

// --- multipart -----------------------------------------------------------------------------------------------------

/** Undefined for what urllib3 cannot write: it takes text, bytes, a file and an int, which a bool is too. */
const contentOf = (py: Py): Uint8Array | string | undefined => {
  if (py._tag === 'Bytes' || py._tag === 'Stream') return bytesOf(py)
  return py._tag === 'Str' || py._tag === 'Int' || py._tag === 'Bool' ? strOf(py) : undefined
}

/** The name of a part or of a file: text, or bytes of it. */
const nameText = (py: Py): string | undefined => (py._tag === 'Str' || py._tag === 'Bytes' ? keyText(py) : undefined)

/** What urllib3 writes itself, or leaves out, whatever the part's own headers say. */
const WRITTEN_ANYWAY: ReadonlySet<string> = new Set(['Content-Disposition', 'Content-Type', 'Content-Location'])

// `RequestField` makes a dict of any mapping or pairs, and writes the headers that are not empty.
const headersOf = (py: Py | undefined): ReadonlyArray<readonly [string, string]> => {
  return (py === undefined ? [] : (entriesOf(py) ?? []))
    .filter(([, value]) => isTruthy(value))
    .map(([key, value]) => [strOf(key) ?? '', strOf(value) ?? ''] as const)
    .filter(([name]) => !WRITTEN_ANYWAY.has(name))
}

/** `.name` of a file, unless it is like `<stdin>`; else the name of the field. */
const guessedName = (content: Py, field: string): string => {
  const name = content._tag === 'Stream' ? content.name : undefined
  return name === undefined || /^<.*>$/.test(name) ? field : (name.split('/').at(-1) ?? name)
}

type Part = Multipart.Part

const fileOf = ([key, value]: Entry): Part | 'skipped' | undefined => {
  const name = nameText(key)
  if (name === undefined) return undefined
  const tuple = value._tag === 'Tuple' || value._tag === 'List' ? value.items : undefined
  if (tuple === undefined) {
    if (value._tag === 'None') return 'skipped'
    const content = contentOf(value)
    return content === undefined ? undefined : { name, content, filename: guessedName(value, name) }
  }
  const [filename, content, type, headers] = tuple
  if (filename === undefined || content === undefined || tuple.length > 4) return undefined
  if (content._tag === 'None') return 'skipped'
  if (headers !== undefined && isTruthy(headers) && entriesOf(headers) === undefined) return undefined
  const [written, filenameText] = [contentOf(content), nameText(filename)]
  if (written === undefined || (isTruthy(filename) && filenameText === undefined)) return undefined
  return {
    name,
    content: written,
    ...(filenameText === undefined ? {} : { filename: filenameText }),
    // An empty type is for the library to leave out.
    ...(type === undefined ? {} : { contentType: isTruthy(type) ? (strOf(type) ?? '') : '' }),
    headers: headersOf(headers),
  }
}

/** A field of `data`: one part for each item that is not None. */
const fieldsOf = ([key, value]: Entry): ReadonlyArray<Part> | undefined => {
  // urllib3 wants text for a name.
  const name = key._tag === 'Str' || key._tag === 'Bytes' ? keyText(key) : undefined
  if (name === undefined) return undefined
  const parts: Part[] = []
  for (const item of itemsOf(value) ?? [value]) {
    // requests writes a list inside the list as Python prints it.
    const scalar = item._tag === 'Bytes' ? item.bytes : itemsOf(item) === undefined ? valuesOf(item) : reprOf(item)
    if (scalar === undefined) return undefined
    if (scalar instanceof Uint8Array) parts.push({ name, content: scalar })
    else if (scalar !== null) parts.push(...[scalar].flat().map((one) => ({ name, content: String(one) })))
  }
  return parts
}

const multipart = (files: Py, data: Py | undefined): E.Either<Failure, Body.Body> => {
  const given = entriesOf(files)
  const fields = data === undefined || data._tag === 'None' ? [] : entriesOf(data)
  if (given === undefined || fields === undefined) return NO_COUNTERPART
  const parts: Part[] = []
  for (const field of fields.map(fieldsOf)) {
    if (field === undefined) return NO_COUNTERPART
    parts.push(...field)
  }
  for (const file of given.map(fileOf)) {
    if (file === undefined) return NO_COUNTERPART
    if (file !== 'skipped') parts.push(file)
  }
  return E.right(Body.multipart(parts))
}

// --- data ----------------------------------------------------------------------------------------------------------

async function* each(chunks: ReadonlyArray<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks
}

const ofData = (data: Py): E.Either<Failure, Body.Body> => {
  switch (data._tag) {
    case 'Str':
      return E.right(Body.text(data.text))
    case 'Bytes':
      return E.right(Body.bytes(data.bytes))
    case 'Stream': {
      const content = bytesOf(data)
      return E.right(Body.stream(() => each([content]), content.length === 0 ? undefined : content.length))
    }
    case 'Iter':
      return E.right(Body.once(each(data.chunks.map(bytesOf))))
    default: {
      const pairs = pairsOf(data)
      return pairs === undefined ? NO_COUNTERPART : E.right(Body.form(pairs))
    }
  }
}

/** The body that Python would make of the three. */
export const body = ({ data, json, files }: RequestSpec): E.Either<Failure, Body.Body> => {
  const hasData = data !== undefined && isTruthy(data)
  if (files !== undefined && isTruthy(files)) {
    return data?._tag === 'Str' || data?._tag === 'Bytes'
      ? NO_COUNTERPART
      : multipart(files, hasData ? data : undefined)
  }
  if (hasData) return ofData(data)
  if (json === undefined || json._tag === 'None') return E.right(Body.empty)
  const value = jsonOf(json)
  return value === BEYOND ? NO_COUNTERPART : E.right(Body.json(value))
}
