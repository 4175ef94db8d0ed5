/**
 * Request items: the arguments after the URL, in HTTPie's syntax.
 *
 * | item                | meaning                                                            |
 * |---------------------|--------------------------------------------------------------------|
 * | `name=value`        | a field of the JSON object, or of the form                         |
 * | `name:=json`        | a field of the JSON object with a JSON value: `age:=29`, `tags:=[1]` |
 * | `name==value`       | a query parameter                                                  |
 * | `Name:value`        | a header; `Name:` removes the session's, `Name;` sends an empty one |
 * | `name@file`         | a file of a form; `name@file;type=image/png` sets its type         |
 * | `name=@file`        | a field whose text is in a file                                    |
 * | `name:=@file`       | a field whose JSON is in a file                                    |
 * | `@file`, `@-`       | the whole body: a file, or the standard input                      |
 *
 * The first separator counts, and the longest one at that position. A backslash before one of `: = @ ; \` makes that
 * character a part of the name: `a\==1` is the field `a=`. The value is everything after the separator; one backslash
 * before a leading `=` or `@` is removed (`user=\@ada`), since without it another separator would match.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as Items from './Items.js'
 *
 * assert.deepEqual(Items.parse('q==a b'), E.right({ _tag: 'Query', name: 'q', value: 'a b' }))
 * assert.deepEqual(Items.parse('X-A:1'), E.right({ _tag: 'Header', name: 'X-A', value: '1' }))
 */
import * as E from 'fp-ts/lib/Either.js'
import { escapeControls } from '../values/Printable.js'

interface Pair<Tag> {
  readonly _tag: Tag
  readonly name: string
  readonly value: string
}

/** A header. The value may be empty; blanks at its ends are removed, as in HTTP. */
export type Header = Pair<'Header'>
export type Query = Pair<'Query'>
export type Field = Pair<'Field'>
/** A field whose value is JSON text. */
export type Json = Pair<'Json'>
/** Removes a header of the session. */
export interface NoHeader {
  readonly _tag: 'NoHeader'
  readonly name: string
}
/** A field whose text, or JSON, is in a file. */
export interface FieldFrom {
  readonly _tag: 'FieldFrom' | 'JsonFrom'
  readonly name: string
  readonly path: string
}
export interface File {
  readonly _tag: 'File'
  readonly name: string
  readonly path: string
  readonly contentType?: string
}
/** The whole body, from a file; the path `-` is the standard input. */
export interface Content {
  readonly _tag: 'Content'
  readonly path: string
}

export type Item = Header | NoHeader | Query | Field | Json | FieldFrom | File | Content

/** Longer separators come before their prefixes, so that the longest one matches. */
const SEPARATORS = [':=@', '=@', ':=', '==', '=', '@', ':', ';'] as const

interface Split {
  readonly name: string
  readonly separator: (typeof SEPARATORS)[number]
  readonly rest: string
}

const split = (text: string): Split | undefined => {
  let name = ''
  for (let at = 0; at < text.length; at += 1) {
    const here = text.charAt(at)
    const next = text.charAt(at + 1)
    if (here === '\\' && next !== '' && ':=@;\\'.includes(next)) {
      name += next
      at += 1
      continue
    }
    const separator = SEPARATORS.find((candidate) => text.startsWith(candidate, at))
    if (separator !== undefined) return { name, separator, rest: text.slice(at + separator.length) }
    name += here
  }
  return undefined
}

const unescapeValue = (value: string): string => value.replace(/^\\(\\*[=@])/, '$1')

/** `;type=` without a type only ends the path, so that a path may itself end in `;type=x`. */
const TYPED = /^(.+);type=([^;]*)$/s

const parseFile = (name: string, rest: string): Item => {
  if (name === '') return { _tag: 'Content', path: rest }
  const [, path = rest, contentType = ''] = TYPED.exec(rest) ?? []
  return contentType === '' ? { _tag: 'File', name, path } : { _tag: 'File', name, path, contentType }
}

const itemOf = ({ name, separator, rest }: Split): Item => {
  const value = unescapeValue(rest)
  switch (separator) {
    case '=':
      return { _tag: 'Field', name, value }
    case ':=':
      return { _tag: 'Json', name, value }
    case '==':
      return { _tag: 'Query', name, value }
    case '=@':
      return { _tag: 'FieldFrom', name, path: rest }
    case ':=@':
      return { _tag: 'JsonFrom', name, path: rest }
    case '@':
      return parseFile(name, value)
    case ';':
      return { _tag: 'Header', name, value: '' }
    case ':': {
      const trimmed = value.trim()
      return trimmed === '' ? { _tag: 'NoHeader', name } : { _tag: 'Header', name, value: trimmed }
    }
  }
}

const HINT = 'write name=value, name:=json, name==query, Header:value or name@file'

/** Parses an item. The error is a message that never contains the value, which may be secret. */
export const parse = (text: string): E.Either<string, Item> => {
  const parts = split(text)
  if (parts === undefined) return E.left(`Invalid item '${escapeControls(text)}': it has no separator; ${HINT}`)
  const { name, separator, rest } = parts
  const shown = `'${escapeControls(name)}${separator}…'`
  if (name === '' && separator !== '@') return E.left(`Invalid item ${shown}: its name is missing; ${HINT}`)
  if (separator === ';' && rest !== '') {
    return E.left(`Invalid item ${shown}: nothing may follow the ';' of an empty header; write \\; for a ';' in a name`)
  }
  if (separator.endsWith('@') && unescapeValue(rest) === '')
    return E.left(`Invalid item ${shown}: the file name after '@' is missing`)
  return E.right(itemOf(parts))
}
