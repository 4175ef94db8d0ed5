import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import * as Items from '../../src/cli/Items.js'

/** Text with many separators and escapes. */
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom(':', '=', '@', ';', '\\', 'a', ' ', 'type', '-') }),
  fc.string({ unit: 'grapheme' }),
)
const nonEmpty = text.filter((candidate) => candidate !== '')
const trimmed = text.map((candidate) => candidate.trim())
const type = nonEmpty.filter((candidate) => !candidate.includes(';'))

const item: fc.Arbitrary<Items.Item> = fc.oneof(
  fc.record({ _tag: fc.constant('Header' as const), name: nonEmpty, value: trimmed }),
  fc.record({ _tag: fc.constant('NoHeader' as const), name: nonEmpty }),
  fc.record({
    _tag: fc.constantFrom('Query' as const, 'Field' as const, 'Json' as const),
    name: nonEmpty,
    value: text,
  }),
  fc.record({ _tag: fc.constantFrom('FieldFrom' as const, 'JsonFrom' as const), name: nonEmpty, path: nonEmpty }),
  fc.record(
    { _tag: fc.constant('File' as const), name: nonEmpty, path: nonEmpty, contentType: type },
    { requiredKeys: ['_tag', 'name', 'path'] },
  ),
  fc.record({ _tag: fc.constant('Content' as const), path: nonEmpty }),
)

const escapeName = (name: string): string => name.replace(/[:=@;\\]/g, '\\$&')
const escapeValue = (value: string): string => value.replace(/^\\*[=@]/, '\\$&')

const printFile = ({ path, contentType }: Items.File): string => {
  if (contentType !== undefined) return `${path};type=${contentType}`
  return /.;type=[^;]*$/s.test(path) ? `${path};type=` : path
}

/** Prints an item in the syntax that `parse` accepts. */
const print = (item: Items.Item): string => {
  if (item._tag === 'Content') return `@${escapeValue(item.path)}`
  const name = escapeName(item.name)
  switch (item._tag) {
    case 'Header':
      return item.value === '' ? `${name};` : `${name}:${escapeValue(item.value)}`
    case 'NoHeader':
      return `${name}:`
    case 'Query':
      return `${name}==${escapeValue(item.value)}`
    case 'Field':
      return `${name}=${escapeValue(item.value)}`
    case 'Json':
      return `${name}:=${escapeValue(item.value)}`
    case 'FieldFrom':
      return `${name}=@${item.path}`
    case 'JsonFrom':
      return `${name}:=@${item.path}`
    case 'File':
      return `${name}@${escapeValue(printFile(item))}`
  }
}

describe('Items (specification)', () => {
  it('parses what it prints', () => {
    fc.assert(
      fc.property(item, (one) => {
        expect(Items.parse(print(one))).toEqual(E.right(one))
      }),
      { numRuns: 2_000 },
    )
  })
  it('returns an item or a message for any text', () => {
    fc.assert(
      fc.property(text, (written) => {
        const read = Items.parse(written)
        if (E.isRight(read)) expect(Items.parse(print(read.right))).toEqual(read)
        else expect(read.left).toMatch(/^Invalid item '.*'/s)
      }),
      { numRuns: 2_000 },
    )
  })
  it.each<readonly [string, Items.Item]>([
    ['name=value', { _tag: 'Field', name: 'name', value: 'value' }],
    ['name=', { _tag: 'Field', name: 'name', value: '' }],
    ['name=a:b==c;d\\e', { _tag: 'Field', name: 'name', value: 'a:b==c;d\\e' }],
    ['n:=[1,"a=b"]', { _tag: 'Json', name: 'n', value: '[1,"a=b"]' }],
    ['re:="\\\\d"', { _tag: 'Json', name: 're', value: '"\\\\d"' }],
    ['q==a=b', { _tag: 'Query', name: 'q', value: 'a=b' }],
    ['X-A: b c ', { _tag: 'Header', name: 'X-A', value: 'b c' }],
    ['Referer:http://a/?b=c', { _tag: 'Header', name: 'Referer', value: 'http://a/?b=c' }],
    ['X-A:', { _tag: 'NoHeader', name: 'X-A' }],
    ['X-A;', { _tag: 'Header', name: 'X-A', value: '' }],
    ['f@a.png', { _tag: 'File', name: 'f', path: 'a.png' }],
    ['f@a.png;type=image/png', { _tag: 'File', name: 'f', path: 'a.png', contentType: 'image/png' }],
    ['f=@a.txt', { _tag: 'FieldFrom', name: 'f', path: 'a.txt' }],
    ['f:=@a.json', { _tag: 'JsonFrom', name: 'f', path: 'a.json' }],
    ['@-', { _tag: 'Content', path: '-' }],
    ['foo\\==bar', { _tag: 'Field', name: 'foo=', value: 'bar' }],
    ['a\\:b\\;c\\@d:e', { _tag: 'Header', name: 'a:b;c@d', value: 'e' }],
    ['user=\\@ada', { _tag: 'Field', name: 'user', value: '@ada' }],
    ['eq=\\=1', { _tag: 'Field', name: 'eq', value: '=1' }],
    ['dir\\name=C:\\x', { _tag: 'Field', name: 'dir\\name', value: 'C:\\x' }],
  ])('%s', (written, expected) => {
    expect(Items.parse(written)).toEqual(E.right(expected))
  })
  it.each([
    ['word', "'word'"],
    ['', "''"],
    ['a\\=b', "'a\\=b'"],
    ['=hunter2', "'=…'"],
    ['X;hunter2', "'X;…'"],
    ['f@', "'f@…'"],
    ['\u001b[31m', "'\\x1b[31m'"],
  ])('rejects %j, and does not repeat its value', (written, shown) => {
    const parsed = Items.parse(written)
    if (E.isRight(parsed)) return expect.fail('it was parsed')
    expect(parsed.left).toContain(`Invalid item ${shown}`)
    expect(parsed.left).not.toContain('hunter2')
  })
})
