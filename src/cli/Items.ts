/**
 * What stands behind the URL on the command line: HTTPie's request items.
 *
 * | item                | means                                                              |
 * |---------------------|--------------------------------------------------------------------|
 * | `name=value`        | a field of the JSON object, or of the form                         |
 * | `name:=json`        | a field of the JSON object that is no text: `age:=29`, `tags:=[1]` |
 * | `name==value`       | a query pair                                                       |
 * | `Name:value`        | a header; `Name:` takes the session's away, `Name;` is an empty one |
 * | `name@file`         | a file of a form; `name@file;type=image/png` names its type        |
 * | `name=@file`        | a field whose text is in a file                                    |
 * | `name:=@file`       | a field whose JSON is in a file                                    |
 * | `@file`, `@-`       | the whole body: a file, or the standard input                      |
 *
 * The first separator counts, and the longest that begins there. A backslash before one of `: = @ ; \` takes it as part
 * of the name (`a\==1` is the field `a=`); behind the separator all is the value as it stands, but for one backslash
 * before a leading `=` or `@` (`user=\@ada`), without which another separator would be read.
 *
 * Law: `parse(print(item)) = item`.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as Items from 'requests-ts/src/cli/Items'
 *
 * assert.deepEqual(Items.parse('q==a b'), E.right({ _tag: 'Query', name: 'q', value: 'a b' }))
 * assert.deepEqual(Items.parse('X-A:1'), E.right({ _tag: 'Header', name: 'X-A', value: '1' }))
 * assert.equal(Items.print({ _tag: 'Field', name: 'a=', value: '@b' }), 'a\\==\\@b')
 */
import * as E from 'fp-ts/lib/Either.js'
import { safe } from '../inspect/Layout.js'

interface Named {
  readonly name: string
}

/** A header, an empty one too; a value has no blanks at its ends, as in HTTP. */
export interface Header extends Named {
  readonly _tag: 'Header'
  readonly value: string
}
/** Takes away a header of the session. */
export interface NoHeader extends Named {
  readonly _tag: 'NoHeader'
}
export interface Query extends Named {
  readonly _tag: 'Query'
  readonly value: string
}
export interface Field extends Named {
  readonly _tag: 'Field'
  readonly value: string
}
/** `text` is JSON. */
export interface Json extends Named {
  readonly _tag: 'Json'
  readonly text: string
}
/** A field whose text, or JSON, is in a file. */
export interface FieldFrom extends Named {
  readonly _tag: 'FieldFrom' | 'JsonFrom'
  readonly path: string
}
export interface File extends Named {
  readonly _tag: 'File'
  readonly path: string
  readonly contentType?: string
}
/** The body as it is in a file; `-` is the standard input. */
export interface Content {
  readonly _tag: 'Content'
  readonly path: string
}

export type Item = Header | NoHeader | Query | Field | Json | FieldFrom | File | Content

/** Longest first, so that the longest that fits is found. */
const SEPARATORS = [':=@', '=@', ':=', '==', '=', '@', ':', ';'] as const
type Separator = (typeof SEPARATORS)[number]

// --- reading -------------------------------------------------------------------------------------------------------

interface Split {
  readonly name: string
  readonly separator: Separator
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

const unguarded = (value: string): string => value.replace(/^\\(\\*[=@])/, '$1')

/** An empty type is none, so that a path may end in what looks like one. */
const TYPED = /^(.+);type=([^;]*)$/s

const file = (name: string, rest: string): Item => {
  if (name === '') return { _tag: 'Content', path: rest }
  const [, path = rest, contentType = ''] = TYPED.exec(rest) ?? []
  return contentType === '' ? { _tag: 'File', name, path } : { _tag: 'File', name, path, contentType }
}

const itemOf = ({ name, separator, rest }: Split): Item => {
  const value = unguarded(rest)
  switch (separator) {
    case '=':
      return { _tag: 'Field', name, value }
    case ':=':
      return { _tag: 'Json', name, text: value }
    case '==':
      return { _tag: 'Query', name, value }
    case '=@':
      return { _tag: 'FieldFrom', name, path: rest }
    case ':=@':
      return { _tag: 'JsonFrom', name, path: rest }
    case '@':
      return file(name, value)
    case ';':
      return { _tag: 'Header', name, value: '' }
    case ':': {
      const trimmed = value.trim()
      return trimmed === '' ? { _tag: 'NoHeader', name } : { _tag: 'Header', name, value: trimmed }
    }
  }
}

const SYNTAX = 'name=value, name:=json, name==query, Header:value or name@file'

/** Reads an item. The left is what is wrong with it and what to write; never what stands behind a separator. */
export const parse = (text: string): E.Either<string, Item> => {
  const parts = split(text)
  if (parts === undefined) return E.left(`'${safe(text)}' is no item: write ${SYNTAX}`)
  const { name, separator, rest } = parts
  const said = `'${safe(name)}${separator}…'`
  if (name === '' && separator !== '@') return E.left(`${said} has no name: write ${SYNTAX}`)
  if (separator === ';' && rest !== '') {
    return E.left(`${said}: 'Name;' is an empty header and nothing follows it; write \\; for a ';' in a name`)
  }
  if (separator.endsWith('@') && unguarded(rest) === '') return E.left(`${said} names no file`)
  return E.right(itemOf(parts))
}

// --- writing -------------------------------------------------------------------------------------------------------

const escaped = (name: string): string => name.replace(/[:=@;\\]/g, '\\$&')
const guarded = (value: string): string => value.replace(/^\\*[=@]/, '\\$&')

const typed = ({ path, contentType }: File): string => {
  if (contentType !== undefined) return `${path};type=${contentType}`
  return TYPED.test(path) ? `${path};type=` : path
}

/** Writes an item as `parse` reads it. */
export const print = (item: Item): string => {
  if (item._tag === 'Content') return `@${guarded(item.path)}`
  const name = escaped(item.name)
  switch (item._tag) {
    case 'Header':
      return item.value === '' ? `${name};` : `${name}:${guarded(item.value)}`
    case 'NoHeader':
      return `${name}:`
    case 'Query':
      return `${name}==${guarded(item.value)}`
    case 'Field':
      return `${name}=${guarded(item.value)}`
    case 'Json':
      return `${name}:=${guarded(item.text)}`
    case 'FieldFrom':
      return `${name}=@${item.path}`
    case 'JsonFrom':
      return `${name}:=@${item.path}`
    case 'File':
      return `${name}@${guarded(typed(item))}`
  }
}
