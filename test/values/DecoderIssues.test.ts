import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { issuesOf, show } from '../../src/values/DecoderIssues.js'

const rejected = (decoder: t.Decoder<unknown, unknown>, json: unknown): ReadonlyArray<string> => {
  const decoded = decoder.decode(json)
  return E.isRight(decoded) ? [] : issuesOf(json, decoded.left).map(({ path, problem }) => `${path}: ${problem}`)
}

interface Tree {
  readonly children: Array<Tree>
}
const Tree: t.Type<Tree> = t.recursion('Tree', () => t.type({ children: t.array(t.intersection([Tree, t.type({})])) }))
const Shape = t.union([
  t.type({ kind: t.literal('circle'), r: t.number }),
  t.type({ kind: t.literal('square'), side: t.number }),
])

describe('issues of io-ts (specification)', () => {
  it.each<[string, t.Decoder<unknown, unknown>, unknown, ReadonlyArray<string>]>([
    ['the whole value', t.string, 5, ['$: expected string, got number']],
    ['an object that is an array', t.type({ a: t.string }), [], ['$: expected object, got array']],
    ['an object that is null', t.type({ a: t.string }), null, ['$: expected object, got null']],
    [
      'several fields',
      t.type({ id: t.number, name: t.string }),
      { id: 'x' },
      ['id: expected number, got string', 'name: missing'],
    ],
    [
      'an item',
      t.type({ items: t.array(t.type({ id: t.number })) }),
      { items: [{ id: null }] },
      ['items[0].id: expected number, got null'],
    ],
    ['an item of the whole', t.array(t.Int), [1, 1.5], ['[1]: expected Int, got number']],
    ['a key with a hyphen', t.type({ 'a-b': t.string }), { 'a-b': 1 }, ["['a-b']: expected string, got number"]],
    ['a key with a quote and a control', t.type({ "'\u001b": t.string }), {}, ["['\\'\\u001b']: missing"]],
    [
      'a union of simple types',
      t.type({ id: t.union([t.string, t.number]) }),
      { id: true },
      ['id: expected string or number, got boolean'],
    ],
    [
      'an intersection',
      t.intersection([t.type({ a: t.type({ b: t.string }) }), t.partial({ c: t.string })]),
      { a: {}, c: 1 },
      ['a.b: missing', 'c: expected string, got number'],
    ],
    [
      'wrapped intersections',
      t.exact(t.intersection([t.readonly(t.type({ a: t.string })), t.type({ b: t.string })])),
      { a: 'a' },
      ['b: missing'],
    ],
    ['recursion', Tree, { children: [{ children: [{}] }] }, ['children[0].children[0].children: missing']],
    [
      'a union of objects',
      t.type({ shape: Shape }),
      { shape: { kind: 'circle', r: 'x' } },
      ['shape.r: expected number, got string'],
    ],
    [
      'a key of a dictionary',
      t.record(t.string, t.number),
      { hunter2: 'hunter2' },
      ['[*]: expected number, got string'],
    ],
  ])('name %s', (_, decoder, json, expected) => {
    expect(rejected(decoder, json)).toEqual(expected)
  })
})

describe('issues of Standard Schema (specification)', () => {
  const json = { a: [{ b: 'hunter2' }] }
  it.each<[string, unknown, ReadonlyArray<string>]>([
    ['a list', [{ path: ['a', 0, 'b'], message: 'hunter2' }], ['a[0].b: invalid string']],
    [
      'path items with a key',
      [{ path: [{ key: 'a' }, { key: 0 }, { key: 'b' }], message: 'x' }],
      ['a[0].b: invalid string'],
    ],
    ['an object with issues', { issues: [{ path: ['a', 0, 'c'], message: 'x' }] }, ['a[0].c: missing']],
    ['a known expected type', [{ path: ['a'], message: 'x', expected: 'string' }], ['a: expected string, got array']],
    [
      'a type with an article',
      [{ path: ['a'], message: 'x', expected: 'an object' }],
      ['a: expected object, got array'],
    ],
    ['an unknown expected type', [{ path: ['a'], message: 'x', expected: 'hunter2' }], ['a: invalid array']],
    ['no path', [{ message: 'x' }], ['$: invalid object']],
    ['a path that leads elsewhere', [{ path: ['x', 'y'], message: 'x' }], ['x.y: invalid']],
    ['a very long key', [{ path: ['k'.repeat(41)], message: 'x' }], ['[*]: missing']],
    ['a symbol', [{ path: [Symbol('s')], message: 'x' }], ['[*]: invalid']],
  ])('come from %s', (_, errors, expected) => {
    expect(issuesOf(json, errors).map(({ path, problem }) => `${path}: ${problem}`)).toEqual(expected)
  })
})

describe('issues of other errors (specification)', () => {
  const hostile = new Proxy([], {
    get: () => {
      throw new Error('hunter2')
    },
  })
  const throwing = Object.defineProperty({ message: 'x' }, 'path', {
    get: () => {
      throw new Error('hunter2')
    },
  })
  const cyclic: unknown[] = []
  cyclic.push(cyclic, { context: cyclic, value: cyclic })
  const { proxy: revoked, revoke } = Proxy.revocable([], {})
  revoke()
  it.each<[string, unknown]>([
    ['text', 'no'],
    ['undefined', undefined],
    ['an error', new Error('no')],
    ['a list of text', ['a', 'b']],
    ['a list that throws', hostile],
    ['a list whose proxy is revoked', revoked],
    ['an entry that throws', [throwing]],
    ['a context that is empty', [{ value: 1, context: [] }]],
    ['a context of text', [{ value: 1, context: ['a'] }]],
  ])('are an empty list for %s', (_, errors) => {
    expect(issuesOf({}, errors)).toEqual([])
  })
  it('do not fail on a cycle', () => {
    expect(issuesOf({}, cyclic).length).toBeLessThan(3)
  })
  it('never throw, and are bounded in number and length', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withSparseArray: true }), fc.anything(), (json, errors) => {
        const issues = issuesOf(json, [errors, { path: errors, message: '' }, { path: [errors], message: '' }])
        expect(show(issues)).not.toMatch(/[\n\u001b]/)
      }),
    )
    const keys = Array.from({ length: 50_000 }, (_, i) => ({
      path: [`k${i}`, ...Array(100).fill('deep')],
      message: '',
    }))
    const many = issuesOf({}, keys)
    expect(many.length).toBe(100)
    expect(show(many).length).toBeLessThan(1_500)
    expect(show(many)).toMatch(/; …$/)
  })
  it('never repeat the key of a record or map of valibot', () => {
    const at = (type: string) => issuesOf({}, [{ message: 'no', path: [{ type, key: 'hunter2' }] }])
    expect(['object', 'record', 'map'].map((type) => at(type)[0]?.path)).toEqual(['hunter2', '[*]', '[*]'])
  })
  it('never repeat a key that valibot rejects, also without the schema; a missing key was not received', () => {
    const at = (json: unknown) =>
      issuesOf(json, [{ message: 'no', path: [{ type: 'object', origin: 'key', key: 'k' }] }])
    expect(at({ k: 1 })).toEqual([{ path: '[*]', problem: 'invalid number' }])
    expect(at({})).toEqual([{ path: 'k', problem: 'missing' }])
  })
  it('are read without the methods of the list', () => {
    for (const slice of [() => 5, () => ({ [Symbol.iterator]: () => ({ next: () => ({ done: false }) }) })]) {
      const hostile = Object.assign([{ path: ['a'], message: 'no' }], { slice })
      expect(issuesOf({}, hostile).map(({ path }) => path)).toEqual(['a'])
    }
  })
  it('never repeat a received text', () => {
    const secret = 'hunter2-hunter2'
    fc.assert(
      fc.property(
        fc.constantFrom<t.Decoder<unknown, unknown>>(
          t.number,
          t.type({ a: t.number }),
          t.array(t.null),
          Shape,
          t.record(t.string, t.number),
          t.record(t.string, t.unknown).pipe(t.record(t.string, t.number)),
          t.array(t.record(t.string, t.unknown).pipe(t.record(t.string, t.number))),
        ),
        fc.constantFrom<unknown>(secret, { a: secret }, [secret], { [secret]: secret }, { kind: secret }),
        (decoder, json) => {
          expect(rejected(decoder, json).join()).not.toContain('hunter2')
        },
      ),
    )
  })
})
