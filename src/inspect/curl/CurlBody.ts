/**
 * Converts curl's options for the body: `-d` and its variants, `--json`, `-F`. A value that names a file is an error.
 *
 * | option             | content                                    | default Content-Type                       |
 * |--------------------|--------------------------------------------|--------------------------------------------|
 * | `-d`, `--data-raw`, `--data-binary` | unchanged, joined by `&`  | `application/x-www-form-urlencoded`        |
 * | `--data-urlencode` | `text`, `=text`, `name=text`: percent-encoded text | the same                   |
 * | `--json`           | unchanged, joined without a separator | `application/json`, also as Accept |
 * | `-F name=text`     | a part with `;type=` and `;filename=`; unquoted blanks at both ends are removed | `multipart/form-data` |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Body from '../../values/Body.js'
import type * as Multipart from '../../values/Multipart.js'
import * as Shell from '../Shell.js'
import { isOn, last, type Option, type Options } from './Options.js'
import { matchAt, type Read, runOf, trimEnd } from './Scanner.js'

const namesFile = (option: string, octets: Shell.Octets): string =>
  `${option} ${Shell.toText(octets.slice(0, 60)) ?? '@…'} names a file, and nothing is read here; write the content itself`

/** Encodes all octets but RFC 3986's unreserved characters. */
export const percentEncode = (octets: Shell.Octets): string =>
  octets.replace(/[^\w.~-]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)

/** A blank becomes `+`, as in curl since 7.75. */
const formEncode = (octets: Shell.Octets): string => percentEncode(octets).replaceAll('%20', '+')

/** The value of `--data-urlencode` and `--url-query`. */
export const urlEncoded = (value: Shell.Octets): E.Either<string, Shell.Octets> => {
  const at = value.search(/[=@]/)
  if (at < 0) return E.right(formEncode(value))
  if (value[at] === '@') return E.left(namesFile('--data-urlencode', value))
  const name = value.slice(0, at)
  return E.right(`${name === '' ? '' : `${name}=`}${formEncode(value.slice(at + 1))}`)
}

/** The data of one option. `stdin` is the output of a `printf` before curl, if there is one. */
const dataOf = ({ name, value }: Option, stdin: Shell.Octets | undefined): E.Either<string, Shell.Octets> => {
  if (name === 'data-raw') return E.right(value)
  if (name === 'data-urlencode') return urlEncoded(value)
  if (!value.startsWith('@')) return E.right(value)
  if (value === '@-' && stdin !== undefined) {
    return E.right(name === 'data' || name === 'data-ascii' ? stdin.replace(/[\0\r\n]/g, '') : stdin)
  }
  return E.left(namesFile(`--${name}`, value))
}

// --- forms ---------------------------------------------------------------------------------------------------------

/** White space as in C's `isspace`. */
const BLANKS = ' \t\n\v\f\r'

const trimmed = (octets: Shell.Octets): Shell.Octets => trimEnd(octets.replace(/^[ \t\n\v\f\r]+/, ''), BLANKS)

/** Like curl, ignores text after the closing quote, and takes a quote that is not closed literally. */
const QUOTED = /[ \t\n\v\f\r]*"((?:[^"\\]|\\[\s\S])*)"[^;]*/y

/** Reads a value up to `;` or the end of the text, without blanks at both ends, or in quotes. */
const valueAt = (text: Shell.Octets, at: number): Read<Shell.Octets> => {
  const [whole, inner = ''] = matchAt(QUOTED, text, at) ?? []
  if (whole !== undefined) return { value: inner.replace(/\\(["\\])/g, '$1'), at: at + whole.length }
  const plain = runOf(/[^;]*/y, text, at)
  return { value: trimmed(plain), at: at + plain.length }
}

const AFTER_TYPE = /;[ \t\n\v\f\r]*(?:filename|encoder|headers)=/gi

/** Reads a media type with its parameters (`text/plain;charset=utf-8`), up to another attribute. */
const typeAt = (text: Shell.Octets, at: number): Read<Shell.Octets> => {
  AFTER_TYPE.lastIndex = at
  const end = AFTER_TYPE.exec(text)?.index ?? text.length
  return { value: trimmed(text.slice(at, end)), at: end }
}

interface Attributes {
  readonly type?: Shell.Octets
  readonly filename?: Shell.Octets
}

const ATTRIBUTE = /;[ \t\n\v\f\r]*(type|filename|encoder|headers)=/iy

const attributesAt = (text: Shell.Octets, start: number): E.Either<string, Attributes> => {
  let found: Attributes = {}
  for (let at = start; at < text.length; ) {
    const [whole = '', written] = matchAt(ATTRIBUTE, text, at) ?? []
    const name = written?.toLowerCase()
    if (name === undefined) {
      const shown = JSON.stringify(Shell.toText(text.slice(at, at + 40)) ?? '…')
      return E.left(`${shown} is no attribute; put the content in double quotes if it belongs to it, as curl asks`)
    }
    if (name === 'encoder' || name === 'headers') {
      return E.left(`the attribute ${name} is not supported; write the part with Request.withMultipart`)
    }
    const attribute = (name === 'type' ? typeAt : valueAt)(text, at + whole.length)
    if (name === 'type' && !/^[^/ ]+\/[^; \n]/.test(attribute.value)) {
      return E.left('its type is not a media type such as text/plain; curl rejects it')
    }
    found = { ...found, [name]: attribute.value }
    at = attribute.at
  }
  return E.right(found)
}

const nameOf = (octets: Shell.Octets): E.Either<string, string> => {
  const name = Shell.toText(octets)
  return name === undefined ? E.left('a name in it is not UTF-8; write it in UTF-8') : E.right(name)
}

const partContent = (octets: Shell.Octets): Multipart.Content => Shell.toText(octets) ?? Shell.toBytes(octets)

/** curl's own list of file extensions. */
const MEDIA_TYPES: ReadonlyMap<string, string> = new Map([
  ['gif', 'image/gif'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['png', 'image/png'],
  ['svg', 'image/svg+xml'],
  ['txt', 'text/plain'],
  ['htm', 'text/html'],
  ['html', 'text/html'],
  ['pdf', 'application/pdf'],
  ['xml', 'application/xml'],
])

const partOf = (octets: Shell.Octets, option: string): E.Either<string, Multipart.Part> => {
  const equals = octets.indexOf('=')
  if (equals < 0) return E.left('it has no = between name and content; write name=content')
  const name = nameOf(octets.slice(0, equals))
  if (E.isLeft(name)) return name
  const given = octets.slice(equals + 1)
  if (option === 'form-string') return E.right({ name: name.right, content: partContent(given) })
  if (/^[@<]/.test(given)) return E.left('it names a file, and nothing is read here; use Request.withMultipart')
  if (given.startsWith('(') || octets === '=)')
    return E.left('nested parts are not supported; write the body with Request.withBytes')
  const { value, at } = valueAt(given, 0)
  const attributes = attributesAt(given, at)
  if (E.isLeft(attributes)) return attributes
  const { type, filename } = attributes.right
  const contentType = type ?? MEDIA_TYPES.get(/\.(\w+)$/.exec(filename ?? '')?.[1]?.toLowerCase() ?? '')
  const decodedFilename = filename === undefined ? E.right(undefined) : nameOf(filename)
  if (E.isLeft(decodedFilename)) return decodedFilename
  return E.right({
    name: name.right,
    content: partContent(value),
    ...(decodedFilename.right === undefined ? {} : { filename: decodedFilename.right }),
    ...(contentType === undefined ? {} : { contentType }),
  })
}

// --- all options ---------------------------------------------------------------------------------------------------

const DATA: ReadonlySet<string> = new Set(['data', 'data-ascii', 'data-raw', 'data-binary', 'data-urlencode', 'json'])

/** The content that a line sends: data, or the parts of a form, or nothing. */
export interface Content {
  /** The joined data; `undefined` without such an option. */
  readonly data: Shell.Octets | undefined
  readonly isJson: boolean
  readonly parts: ReadonlyArray<Multipart.Part>
  /** Whether `-G` moves the data into the query. */
  readonly isInQuery: boolean
}

export const contentOf = (options: Options, stdin: Shell.Octets | undefined): E.Either<string, Content> => {
  let data: Shell.Octets | undefined
  const parts: Multipart.Part[] = []
  for (const option of options.all) {
    const { name, value } = option
    if (name === 'form' || name === 'form-string') {
      const part = partOf(value, name)
      if (E.isLeft(part)) return E.left(`--${name} ${Shell.toText(value.slice(0, 60)) ?? '…'}: ${part.left}`)
      parts.push(part.right)
    }
    if (!DATA.has(name)) continue
    const more = dataOf(option, stdin)
    if (E.isLeft(more)) return more
    data = data === undefined ? more.right : `${data}${name === 'json' ? '' : '&'}${more.right}`
  }
  if (data !== undefined && parts.length > 0) return E.left('it has both data and a form; curl sends one or the other')
  const isInQuery = data !== undefined && isOn(options, 'get')
  return E.right({ data, isJson: last(options, 'json') !== undefined, parts, isInQuery })
}

export const bodyOf = ({ data, parts, isInQuery }: Content): Body.Body => {
  if (parts.length > 0) return Body.multipart(parts)
  if (data === undefined || isInQuery) return Body.empty
  const text = Shell.toText(data)
  return text === undefined ? Body.bytes(Shell.toBytes(data)) : Body.text(text)
}

/** The default headers of data that the line neither sets nor removes. Data in the query needs none, unless it is JSON. */
export const defaultHeaders = (
  { isJson, data, isInQuery }: Content,
  names: ReadonlySet<string>,
): ReadonlyArray<readonly [name: string, value: string]> => {
  const type = isJson ? 'application/json' : 'application/x-www-form-urlencoded'
  const all: ReadonlyArray<readonly [string, string]> = [
    ...(data === undefined || (isInQuery && !isJson) ? [] : [['Content-Type', type] as const]),
    ...(isJson ? [['Accept', type] as const] : []),
  ]
  return all.filter(([name]) => !names.has(name.toLowerCase()))
}
