import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import * as Secret from '../../src/values/Secret.js'
import * as Serialization from '../../src/values/Serialization.js'

const refusal = (outcome: E.Either<Serialization.DecodeError, unknown>): ReadonlyArray<string> | string =>
  E.isLeft(outcome) ? outcome.left.problems : 'read'

describe('serialization errors', () => {
  it('name each value that cannot be encoded', () => {
    const paths = ['auth.pass', 'hooks[0]']
    const message = expect.stringContaining('auth.pass, hooks[0]')
    expect(Serialization.encodeError(paths)).toEqual({ _tag: 'Unwritable', paths, message })
  })
  it.each([
    [1, /: p1$/],
    [5, /: p1; p2; p3; p4; p5$/],
    [6, /: p1; p2; p3; p4; p5; …$/],
  ])('show the first five of %i problems and hold all of them', (n, shown) => {
    const problems = Array.from({ length: n }, (_, i) => `p${i + 1}`)
    const message = expect.stringMatching(shown)
    expect(Serialization.decodeError(problems)).toEqual({ _tag: 'Unreadable', problems, message })
  })
  it('keep their old names as aliases', () => {
    expect(Serialization.unwritable(['a'])).toEqual(Serialization.encodeError(['a']))
    expect(Serialization.unreadable(['a'])).toEqual(Serialization.decodeError(['a']))
  })
})

describe('Serialization.writer', () => {
  const PASS = Secret.make('hunter2')
  it.each<[string, Serialization.Reveal, string, ReadonlyArray<string>]>([
    ['by default', {}, '', ['pass']],
    ['with reveal: false', { reveal: false }, '', ['pass']],
    ['with reveal: true', { reveal: true }, 'hunter2', []],
    ['with an inherited option', Object.create({ reveal: true }), '', ['pass']],
    ['with another value', JSON.parse('{"reveal":"yes"}'), '', ['pass']],
  ])('writes a secret %s: %j gives %j', (_, options, text, paths) => {
    const writer = Serialization.writer(options)
    expect(writer.secret('pass', PASS)).toBe(text)
    expect(writer.paths).toEqual(paths)
    expect(writer.secret('user', 'me')).toBe('me')
    expect(writer.paths).toEqual(paths)
  })
  it('refuses a value that is neither a string nor a secret', () => {
    const writer = Serialization.writer({ reveal: true })
    // The cast: plain JavaScript can pass anything.
    for (const value of [7, null, undefined, {}] as unknown as ReadonlyArray<string>) {
      expect(writer.secret('a', value)).toBe('')
    }
    expect(writer.secret('b', Secret.seal(7, 'label') as never)).toBe('') // the cast: the same
    expect(writer.paths).toEqual(['a', 'a', 'a', 'a', 'b'])
  })
  it('accepts a line by default, and other text with another form', () => {
    const writer = Serialization.writer({ reveal: true })
    expect(writer.secret('line', 'a\nb')).toBe('')
    expect(writer.secret('sealed', Secret.make('a\nb'))).toBe('')
    expect(writer.secret('text', 'a\nb', Serialization.Text)).toBe('a\nb')
    expect(writer.secret('nul', 'a\0', Serialization.Text)).toBe('')
    expect(writer.paths).toEqual(['line', 'sealed', 'nul'])
  })
  it('escapes control characters in a path', () => {
    const writer = Serialization.writer({})
    expect(writer.refuse('a\0b\n\x1f\x7f é')).toBeUndefined()
    expect(writer.paths).toEqual(['a\\x00b\\x0a\\x1f\\x7f é'])
  })
  it('returns the encoded value unless a path was refused', () => {
    const writer = Serialization.writer({})
    expect(Serialization.written(writer, 1)).toEqual(E.right(1))
    writer.refuse('hooks[0]')
    expect(Serialization.written(writer, 1)).toEqual(E.left(Serialization.encodeError(['hooks[0]'])))
  })
})

describe('Serialization.readable', () => {
  it('returns a value that decodes, and an Unwritable error for one that does not', () => {
    expect(Serialization.readable(() => E.right('read'))('made')).toEqual(E.right('made'))
    const decode = (u: unknown) => E.left(Serialization.decodeError([`${u} is not valid`]))
    expect(Serialization.readable(decode)('made')).toEqual(E.left(Serialization.encodeError(['made is not valid'])))
  })
})

describe('text codecs', () => {
  it.each<[string, Serialization.Form, string, ReadonlyArray<number>]>([
    ['Line', Serialization.Line, 'text without control characters', [...Array(32).keys(), 0x7f].filter((c) => c !== 9)],
    ['FieldValue', Serialization.FieldValue, 'a header value', [0, 10, 13]],
    ['Text', Serialization.Text, 'text without NUL', [0]],
  ])('%s refuses its forbidden characters at every position', (_, form, name, refused) => {
    for (let code = 0; code < 256; code += 1) {
      const isRefused = refused.includes(code)
      const c = String.fromCharCode(code)
      for (const text of [c, `a${c}`, `${c}a`, `a\t${c}b`]) {
        expect(form.is(text)).toBe(!isRefused)
        expect(refusal(Serialization.read(form, text))).toEqual(isRefused ? [`the value is not ${name}`] : 'read')
      }
    }
    expect([form.is(''), form.is('☃'), form.is(7), form.is(null)]).toEqual([true, true, false, false])
    expect(refusal(Serialization.read(form, 7))).toEqual([`the value is not ${name}`])
  })
})

describe('number codecs', () => {
  it.each<[unknown, boolean, boolean]>([
    [0, true, true],
    [-1.5, true, true],
    [8.64e15, true, true],
    [-8.64e15, true, true],
    [8.64e15 + 1, true, false],
    [-8.64e15 - 1, true, false],
    [Number.NaN, false, false],
    [Number.POSITIVE_INFINITY, false, false],
    [Number.NEGATIVE_INFINITY, false, false],
    ['0', false, false],
    [null, false, false],
  ])('accept %s as Finite: %s, as Time: %s', (n, isFinite, isTime) => {
    expect([Serialization.Finite.is(n), Serialization.Time.is(n)]).toEqual([isFinite, isTime])
    expect(refusal(Serialization.read(Serialization.Finite, n))).toEqual(
      isFinite ? 'read' : ['the value is not finite number'],
    )
    expect(refusal(Serialization.read(Serialization.Time, n))).toEqual(isTime ? 'read' : ['the value is not a time'])
  })
  it.each<[number, Serialization.Numeric]>([
    [0, 0],
    [-0, { number: '-0' }],
    [Number.NaN, { number: 'NaN' }],
    [Number.POSITIVE_INFINITY, { number: 'Infinity' }],
    [Number.NEGATIVE_INFINITY, { number: '-Infinity' }],
    [-1.5, -1.5],
    [1e308, 1e308],
  ])('encode %s as %j and decode it again', (n, json) => {
    expect(Serialization.fromNumber(n)).toEqual(json)
    expect(Serialization.toNumber(json)).toBe(n)
    expect(Serialization.Numeric.is(JSON.parse(JSON.stringify(json)))).toBe(true)
  })
  it('decode every number to the same number', () => {
    fc.assert(
      fc.property(fc.double(), (n) => {
        const json: Serialization.Numeric = JSON.parse(JSON.stringify(Serialization.fromNumber(n)))
        expect(Serialization.toNumber(json)).toBe(n)
      }),
    )
  })
  it.each([{ number: '1' }, { number: 'toString' }, { number: 0 }, {}, 'NaN', null])('refuse %j', (json) =>
    expect(E.isLeft(Serialization.read(Serialization.Numeric, json))).toBe(true),
  )
})

describe('Serialization.read', () => {
  const Codec = t.type({ a: Serialization.Line, list: t.readonlyArray(t.type({ b: t.boolean })) })
  it.each<[unknown, ReadonlyArray<string> | string]>([
    [{ a: 'x', list: [] }, 'read'],
    [{ a: 'x', list: [{ b: true }, { b: false }] }, 'read'],
    [{ a: 1, list: [] }, ['a is not text without control characters']],
    [{ a: 'x', list: [{ b: true }, { b: 'hunter2' }] }, ['list.1.b is not boolean']],
    [{ list: [{ b: 1 }] }, ['a is not text without control characters', 'list.0.b is not boolean']],
    [null, ['the value is not { a: text without control characters, list: … }']],
  ])('decodes %j with the problems %j', (json, problems) => {
    const named = t.type({ ...Codec.props }, '{ a: text without control characters, list: … }')
    expect(refusal(Serialization.read(named, json))).toEqual(problems)
  })
  it('returns the result of the codec', () => {
    expect(Serialization.read(t.strict({ a: t.string }), { a: 'x', b: 1 })).toEqual(E.right({ a: 'x' }))
  })
  it('reports the problems of each member of a union', () => {
    const either = t.union([t.strict({ a: t.string }), t.strict({ a: Serialization.Line })])
    expect(refusal(Serialization.read(either, { a: 1 }))).toEqual([
      '0.a is not string',
      '1.a is not text without control characters',
    ])
  })
  it('omits the name of a type that is longer than 60 characters', () => {
    const named = (length: number) => t.keyof({ a: null }, 'x'.repeat(length))
    expect(refusal(Serialization.read(named(60), 'b'))).toEqual([`the value is not ${'x'.repeat(60)}`])
    expect(refusal(Serialization.read(named(61), 'b'))).toEqual(['the value is not of the expected type'])
  })
  it('ignores inherited properties', () => {
    const Inherited = t.type({ constructor: t.Function })
    expect(refusal(Serialization.read(Inherited, {}))).toEqual(['constructor is not Function'])
    expect(refusal(Serialization.read(t.type({ in: Inherited }), { in: {} }))).toEqual([
      'in.constructor is not Function',
    ])
    expect(refusal(Serialization.read(t.readonlyArray(Inherited), [{}]))).toEqual(['0.constructor is not Function'])
  })
  it('keeps __proto__ as a plain key', () => {
    const read = Serialization.read(t.UnknownRecord, JSON.parse('{"__proto__":{"a":1}}'))
    expect(E.isRight(read) && Object.keys(read.right)).toEqual(['__proto__'])
  })
  it.each<[string, (inner: unknown) => unknown]>([
    ['lists', (inner) => [inner]],
    ['objects', (inner) => ({ a: inner })],
  ])('survives %s nested deeper than the stack', (_, nest) => {
    let deep: unknown = 1
    for (let i = 0; i < 100_000; i += 1) deep = nest(deep)
    expect(refusal(Serialization.read(Codec, { a: 'x', list: deep }))).not.toBe('read')
  })
})

describe('Serialization.checkEnvelope', () => {
  const check = (u: unknown) => refusal(Serialization.checkEnvelope('kind', 2, u))
  it.each<[unknown, ReadonlyArray<string> | string]>([
    [{ format: 'kind', version: 1 }, 'read'],
    [{ format: 'kind', version: 2, more: 1 }, 'read'],
    [{ format: 'kind', version: 3 }, [expect.stringContaining('version is 3')]],
    [{ format: 'kind', version: 2.5 }, [expect.stringContaining('version is 2.5')]],
    [{ format: 'kind', version: 1.5 }, [expect.stringContaining('not 1.5')]],
    [{ format: 'kind', version: 0 }, [expect.stringContaining('not 0')]],
    [{ format: 'kind', version: -1 }, [expect.stringContaining('not -1')]],
    [{ format: 'k"ind', version: 1 }, ['its format is "k\\"ind", not kind']],
    [{ format: '', version: 9 }, ['its format is "", not kind']],
    [{ format: 'kind' }, ['version is not number']],
    [{ format: 'kind', version: '1' }, ['version is not number']],
    [{ version: 1 }, ['format is not string']],
    [null, ['the value is not { format: string, version: number }']],
    ['kind', ['the value is not { format: string, version: number }']],
  ])('checks %j with the problems %j', (u, problems) => expect(check(u)).toEqual(problems))
  it('returns the value itself', () => {
    const u = { format: 'kind', version: 1, more: [{}] }
    const checked = Serialization.checkEnvelope('kind', 1, u)
    expect(E.isRight(checked) && checked.right).toBe(u)
  })
})
