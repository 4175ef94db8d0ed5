/**
 * Converts `data`, `json` and `files` to one body.
 *
 * | Python                                      | here                                                             |
 * |---------------------------------------------|------------------------------------------------------------------|
 * | falsy `data`, no `json`, no `files`         | no body                                                          |
 * | `files` (with fields in `data`), not `json` | `withMultipart`                                                  |
 * | `json` without `data`                       | `withJson`                                                       |
 * | a mapping or pairs                          | `withForm`                                                       |
 * | str, bytes                                  | `withText`, `withBytes`                                          |
 * | a file                                      | `withStream` from its position; an empty one has no known length |
 * | a generator                                 | `withOnce`                                                       |
 * | anything else, str with files               | no counterpart                                                   |
 */
import * as E from 'fp-ts/lib/Either.js'
import { Body, type Multipart } from 'requests-ts'
import { jsonOf, UNREPRESENTABLE } from '../javascript.js'
import { itemsOf, reprOf, strOf } from '../models/python-text.js'
import type { Failure, RequestSpec } from '../shapes.js'
import { type Entry, isTruthy, type Py } from '../tagged.js'
import { entriesOf, keyText, NO_COUNTERPART, pairsOf, valuesOf } from './query.js'
import { bytesOf } from './values.js'

// --- multipart ------------------------------------------------------------------------------------------------------

/** Returns undefined if urllib3 cannot write the value. It accepts text, bytes, a file, an int and a bool. */
const contentOf = (py: Py): Uint8Array | string | undefined => {
  if (py._tag === 'Bytes' || py._tag === 'Stream') return bytesOf(py)
  return py._tag === 'Str' || py._tag === 'Int' || py._tag === 'Bool' ? strOf(py) : undefined
}

/** Returns the name of a part or a file, which may be text or bytes. */
const nameText = (py: Py): string | undefined => (py._tag === 'Str' || py._tag === 'Bytes' ? keyText(py) : undefined)

/** Headers that urllib3 sets itself. It ignores them in the part's own headers. */
const WRITTEN_ANYWAY: ReadonlySet<string> = new Set(['Content-Disposition', 'Content-Type', 'Content-Location'])

// `RequestField` accepts a mapping or pairs, and writes the headers that are not empty.
const headersOf = (py: Py | undefined): ReadonlyArray<readonly [string, string]> => {
  return (py === undefined ? [] : (entriesOf(py) ?? []))
    .filter(([, value]) => isTruthy(value))
    .map(([key, value]) => [strOf(key) ?? '', strOf(value) ?? ''] as const)
    .filter(([name]) => !WRITTEN_ANYWAY.has(name))
}

/** Returns `.name` of a file, unless it is like `<stdin>`. The default is the name of the field. */
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
    // An empty type: the library omits the header.
    ...(type === undefined ? {} : { contentType: isTruthy(type) ? (strOf(type) ?? '') : '' }),
    headers: headersOf(headers),
  }
}

/** Converts a field of `data` to one part for each item that is not None. */
const fieldsOf = ([key, value]: Entry): ReadonlyArray<Part> | undefined => {
  // urllib3 requires text as a name.
  const name = key._tag === 'Str' || key._tag === 'Bytes' ? keyText(key) : undefined
  if (name === undefined) return undefined
  const parts: Part[] = []
  for (const item of itemsOf(value) ?? [value]) {
    // requests writes a nested list as Python prints it.
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

// --- data -----------------------------------------------------------------------------------------------------------

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

/** Returns the body for `data`, `json` and `files`. */
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
  return value === UNREPRESENTABLE ? NO_COUNTERPART : E.right(Body.json(value))
}
