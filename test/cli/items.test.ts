import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import * as Items from '../../src/cli/Items.js'

/** Text full of what separates and escapes. */
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom(':', '=', '@', ';', '\\', 'a', ' ', 'type', '-') }),
  fc.string({ unit: 'grapheme' }),
)
const some = text.filter((candidate) => candidate !== '')
const trimmed = text.map((candidate) => candidate.trim())
const type = some.filter((candidate) => !candidate.includes(';'))

const item: fc.Arbitrary<Items.Item> = fc.oneof(
  fc.record({ _tag: fc.constant('Header' as const), name: some, value: trimmed }),
  fc.record({ _tag: fc.constant('NoHeader' as const), name: some }),
  fc.record({ _tag: fc.constantFrom('Query' as const, 'Field' as const), name: some, value: text }),
  fc.record({ _tag: fc.constant('Json' as const), name: some, text }),
  fc.record({ _tag: fc.constantFrom('FieldFrom' as const, 'JsonFrom' as const), name: some, path: some }),
  fc.record(
    { _tag: fc.constant('File' as const), name: some, path: some, contentType: type },
    { requiredKeys: ['_tag', 'name', 'path'] },
  ),
  fc.record({ _tag: fc.constant('Content' as const), path: some }),
)

describe('items', () => {
  it('are read as they are printed', () => {
    fc.assert(
      fc.property(item, (one) => {
        expect(Items.parse(Items.print(one))).toEqual(E.right(one))
      }),
      { numRuns: 2_000 },
    )
  })
  it('are an item or a message, whatever is written', () => {
    fc.assert(
      fc.property(text, (written) => {
        const read = Items.parse(written)
        // What was read is what its print means.
        if (E.isRight(read)) expect(Items.parse(Items.print(read.right))).toEqual(read)
        else expect(read.left).toMatch(/^'.*'[: ]/s)
      }),
      { numRuns: 2_000 },
    )
  })
  it.each<readonly [string, Items.Item]>([
    ['name=value', { _tag: 'Field', name: 'name', value: 'value' }],
    ['name=', { _tag: 'Field', name: 'name', value: '' }],
    ['name=a:b==c;d\\e', { _tag: 'Field', name: 'name', value: 'a:b==c;d\\e' }],
    ['n:=[1,"a=b"]', { _tag: 'Json', name: 'n', text: '[1,"a=b"]' }],
    ['re:="\\\\d"', { _tag: 'Json', name: 're', text: '"\\\\d"' }],
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
  ])('%s', (written, meant) => {
    expect(Items.parse(written)).toEqual(E.right(meant))
  })
  it.each([
    ['word', "'word' is no item: write name=value, name:=json, name==query, Header:value or name@file"],
    ['', "'' is no item: write name=value, name:=json, name==query, Header:value or name@file"],
    ['a\\=b', "'a\\=b' is no item: write name=value, name:=json, name==query, Header:value or name@file"],
    ['=hunter2', "'=…' has no name: write name=value, name:=json, name==query, Header:value or name@file"],
    ['X;hunter2', "'X;…': 'Name;' is an empty header and nothing follows it; write \\; for a ';' in a name"],
    ['f@', "'f@…' names no file"],
    ['\u001b[31m', "'\\x1b[31m' is no item: write name=value, name:=json, name==query, Header:value or name@file"],
  ])('%j is none', (written, message) => {
    expect(Items.parse(written)).toEqual(E.left(message))
  })
})
