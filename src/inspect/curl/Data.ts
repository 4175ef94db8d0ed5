/**
 * curl's bodies: `-d` and its kin joined by `&`, `--json`, `-F`. Nothing is read from files: a value that names one is
 * refused.
 *
 * | option             | content                                    | Content-Type unless given                  |
 * |--------------------|--------------------------------------------|--------------------------------------------|
 * | `-d`, `--data-raw`, `--data-binary` | as it stands              | `application/x-www-form-urlencoded`        |
 * | `--data-urlencode` | `text`, `=text`, `name=text`: the text quoted | the same                                |
 * | `--json`           | as it stands, several without a sign between | `application/json`, and Accept the same  |
 * | `-F name=text`     | a part; `;type=`, `;filename=` are its own | `multipart/form-data`                      |
 */
import * as E from 'fp-ts/lib/Either.js'
import type * as Multipart from '../../values/Multipart.js'
import * as Shell from '../Shell.js'
import type { Option } from './Options.js'

const file = (option: string, octets: Shell.Octets): string =>
  `${option} ${Shell.toText(octets.slice(0, 60)) ?? '@…'} names a file, and nothing is read here; write the content itself`

/** RFC 3986's unreserved characters stand, a blank is `+`: what curl does since 7.75. */
const quoted = (octets: Shell.Octets): Shell.Octets =>
  octets.replace(/[^\w.~-]/g, (c) =>
    c === ' ' ? '+' : `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )

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

const QUOTED = /^"((?:[^"\\]|\\.)*)"/s

/** A value up to `;`, or in quotes. */
const upTo = (text: Shell.Octets): readonly [value: Shell.Octets, rest: Shell.Octets] => {
  const quotedValue = QUOTED.exec(text)
  if (quotedValue !== null) {
    const [whole, inner = ''] = quotedValue
    return [inner.replace(/\\(["\\])/g, '$1'), text.slice(whole.length).trimStart()]
  }
  const end = text.indexOf(';')
  return end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end)]
}

interface Attributes {
  readonly type?: Shell.Octets
  readonly filename?: Shell.Octets
}

/** `;type=…;filename=…`. */
const attributesOf = (rest: Shell.Octets): E.Either<string, Attributes> => {
  let text = rest
  let found: Attributes = {}
  while (text !== '') {
    const named = /^;\s*(type|filename|encoder|headers)=/i.exec(text)
    if (named === null) {
      const shown = JSON.stringify(Shell.toText(text.slice(0, 40)) ?? '…')
      return E.left(`${shown} is no attribute; put the content in double quotes if it belongs to it, as curl asks`)
    }
    const [whole, name = ''] = named
    if (name.toLowerCase() === 'encoder' || name.toLowerCase() === 'headers') {
      return E.left(`its ${name} cannot be taken over; write the part with Request.withMultipart`)
    }
    // A type has parameters of its own: text/plain;charset=utf-8.
    const behind = text.slice(whole.length)
    const parameters =
      name.toLowerCase() === 'type'
        ? /^[^;]*(?:;(?!\s*(?:filename|encoder|headers)=)[^;]*)*/i.exec(behind)?.[0]
        : undefined
    const [value, others] = parameters === undefined ? upTo(behind) : [parameters, behind.slice(parameters.length)]
    found = { ...found, [name.toLowerCase()]: value.trim() }
    text = others
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
  const [value, rest] = upTo(given)
  const attributes = attributesOf(rest)
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
