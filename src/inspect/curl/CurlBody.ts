/**
 * curl's bodies: `-d` and its kin joined by `&`, `--json`, `-F`. Nothing is read from files: a value that names one is
 * refused.
 *
 * | option             | content                                    | Content-Type unless given                  |
 * |--------------------|--------------------------------------------|--------------------------------------------|
 * | `-d`, `--data-raw`, `--data-binary` | as it stands              | `application/x-www-form-urlencoded`        |
 * | `--data-urlencode` | `text`, `=text`, `name=text`: the text quoted | the same                                |
 * | `--json`           | as it stands, several without a sign between | `application/json`, and Accept the same  |
 * | `-F name=text`     | a part; `;type=`, `;filename=` are its own; blanks at both ends go, unless in quotes | `multipart/form-data` |
 */
import * as E from 'fp-ts/lib/Either.js'
import type * as Multipart from '../../values/Multipart.js'
import * as Shell from '../Shell.js'
import type { Option } from './Options.js'

const file = (option: string, octets: Shell.Octets): string =>
  `${option} ${Shell.toText(octets.slice(0, 60)) ?? '@…'} names a file, and nothing is read here; write the content itself`

const ESCAPES: ReadonlyArray<string> = Array.from({ length: 256 }, (_, code) =>
  code === 0x20 ? '+' : `%${code.toString(16).toUpperCase().padStart(2, '0')}`,
)

/** RFC 3986's unreserved characters stand, a blank is `+`: what curl does since 7.75. */
const quoted = (octets: Shell.Octets): Shell.Octets => octets.replace(/[^\w.~-]/g, (c) => ESCAPES[c.charCodeAt(0)] ?? c)

const urlEncoded = (value: Shell.Octets): E.Either<string, Shell.Octets> => {
  const at = value.search(/[=@]/)
  if (at < 0) return E.right(quoted(value))
  if (value[at] === '@') return E.left(file('--data-urlencode', value))
  const name = value.slice(0, at)
  return E.right(`${name === '' ? '' : `${name}=`}${quoted(value.slice(at + 1))}`)
}

/** What one option of the data family adds. `stdin` is what a pipe gives, where there is one. */
export const content = ({ name, value }: Option, stdin: Shell.Octets | undefined): E.Either<string, Shell.Octets> => {
  if (name === 'data-raw') return E.right(value)
  if (name === 'data-urlencode') return urlEncoded(value)
  if (!value.startsWith('@')) return E.right(value)
  if (value === '@-' && stdin !== undefined) {
    return E.right(name === 'data' || name === 'data-ascii' ? stdin.replace(/[\0\r\n]/g, '') : stdin)
  }
  return E.left(file(`--${name}`, value))
}

// --- forms ---------------------------------------------------------------------------------------------------------

/** What C calls white space. */
const BLANKS = /[ \t\n\v\f\r]*/y
const QUOTED = /"((?:[^"\\]|\\[\s\S])*)"[^;]*/y

const isBlank = (character: string | undefined): boolean => character !== undefined && ' \t\n\v\f\r'.includes(character)

const skip = (text: Shell.Octets, at: number): number => {
  BLANKS.lastIndex = at
  return at + (BLANKS.exec(text)?.[0].length ?? 0)
}

/** Without blanks at its end. By hand, for an expression looks for the end behind each of them. */
const trimmedEnd = (text: Shell.Octets): Shell.Octets => {
  let end = text.length
  while (isBlank(text[end - 1])) end -= 1
  return text.slice(0, end)
}

/** Where the `;` is that ends what begins there. */
const endOf = (text: Shell.Octets, at: number): number => {
  const end = text.indexOf(';', at)
  return end < 0 ? text.length : end
}

interface Value {
  readonly value: Shell.Octets
  /** Where the `;` stands, or the end. */
  readonly at: number
}

/**
 * A value up to `;` without blanks at both ends, or in quotes. curl ignores what follows the closing quote. A quote
 * that is not closed is a character.
 */
const upTo = (text: Shell.Octets, start: number): Value => {
  const begin = skip(text, start)
  QUOTED.lastIndex = begin
  const quotedValue = QUOTED.exec(text)
  if (quotedValue !== null) {
    const [whole, inner = ''] = quotedValue
    return { value: inner.replace(/\\(["\\])/g, '$1'), at: begin + whole.length }
  }
  const end = endOf(text, begin)
  return { value: trimmedEnd(text.slice(begin, end)), at: end }
}

interface Attributes {
  readonly type?: Shell.Octets
  readonly filename?: Shell.Octets
}

const ATTRIBUTE = /[ \t\n\v\f\r]*(type|filename|encoder|headers)=/iy

const attributeAt = (text: Shell.Octets, at: number): readonly [name: string, at: number] | undefined => {
  ATTRIBUTE.lastIndex = at
  const [whole, name = ''] = ATTRIBUTE.exec(text) ?? []
  return whole === undefined ? undefined : [name.toLowerCase(), at + whole.length]
}

/** A type has parameters of its own, text/plain;charset=utf-8, up to another attribute. */
const typeAt = (text: Shell.Octets, start: number): Value => {
  const begin = skip(text, start)
  let at = endOf(text, begin)
  while (at < text.length && (attributeAt(text, at + 1)?.[0] ?? 'type') === 'type') at = endOf(text, at + 1)
  return { value: trimmedEnd(text.slice(begin, at)), at }
}

/** `;type=…;filename=…`. */
const attributesOf = (text: Shell.Octets, start: number): E.Either<string, Attributes> => {
  let found: Attributes = {}
  for (let at = start; at < text.length; ) {
    const named = attributeAt(text, at + 1)
    if (named === undefined) {
      const shown = JSON.stringify(Shell.toText(text.slice(at, at + 40)) ?? '…')
      return E.left(`${shown} is no attribute; put the content in double quotes if it belongs to it, as curl asks`)
    }
    const [name, behind] = named
    if (name === 'encoder' || name === 'headers') {
      return E.left(`its ${name} cannot be taken over; write the part with Request.withMultipart`)
    }
    const read = name === 'type' ? typeAt(text, behind) : upTo(text, behind)
    if (name === 'type' && !/^[^/ ]+\/[^; \n]/.test(read.value)) {
      return E.left('its type is not written as text/plain, which curl refuses')
    }
    found = { ...found, [name]: read.value }
    at = read.at
  }
  return E.right(found)
}

const text = (octets: Shell.Octets): E.Either<string, string> => {
  const made = Shell.toText(octets)
  return made === undefined ? E.left('its name is not UTF-8') : E.right(made)
}

const contentOf = (octets: Shell.Octets): Multipart.Content => Shell.toText(octets) ?? Shell.toBytes(octets)

// What curl itself makes of the end of a file's name.
const MEDIA: Readonly<Record<string, string>> = {
  gif: 'image/gif',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain',
  htm: 'text/html',
  html: 'text/html',
  pdf: 'application/pdf',
  xml: 'application/xml',
}

const guessed = (filename: Shell.Octets | undefined): string | undefined => {
  const end = /\.(\w+)$/.exec(filename ?? '')?.[1]?.toLowerCase() ?? ''
  return Object.hasOwn(MEDIA, end) ? MEDIA[end] : undefined
}

const partOf = (octets: Shell.Octets, option: string): E.Either<string, Multipart.Part> => {
  const equals = octets.indexOf('=')
  if (equals < 0) return E.left('it has no = between name and content')
  const name = text(octets.slice(0, equals))
  if (E.isLeft(name)) return name
  const given = octets.slice(equals + 1)
  if (option === 'form-string') return E.right({ name: name.right, content: contentOf(given) })
  if (/^[@<]/.test(given)) return E.left('it names a file, and nothing is read here; use Request.withMultipart')
  if (given.startsWith('(') || octets === '=)') return E.left('parts within parts cannot be taken over')
  const { value, at } = upTo(given, 0)
  const attributes = attributesOf(given, at)
  if (E.isLeft(attributes)) return attributes
  const { type, filename } = attributes.right
  const media = type ?? guessed(filename)
  const filenameText = filename === undefined ? undefined : text(filename)
  if (filenameText !== undefined && E.isLeft(filenameText)) return filenameText
  return E.right({
    name: name.right,
    content: contentOf(value),
    ...(filenameText === undefined ? {} : { filename: filenameText.right }),
    ...(media === undefined ? {} : { contentType: media }),
  })
}

/** A part of a form. The left says why it cannot be taken over. */
export const part = ({ name, value }: Option): E.Either<string, Multipart.Part> => {
  const made = partOf(value, name)
  return E.isLeft(made) ? E.left(`--${name} ${Shell.toText(value.slice(0, 60)) ?? '…'}: ${made.left}`) : made
}
