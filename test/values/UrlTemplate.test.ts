/** URL templates: what they refuse, that no value leaves its place, and the types of their variables. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Client, Http, Response, Session, Transport, Url } from 'requests-ts'
import { RuleSet, template } from 'requests-ts/laws'
import { describe, expect, it } from 'vitest'
import { untyped } from '../untyped.js'

type Given = Readonly<Record<string, Url.Value | null | undefined>>

/** Expands a template whose text the compiler does not know. */
const expand = (template: string, variables: Given): E.Either<Url.TemplateError, string> =>
  Url.template(template)(variables)

const tagOf = (template: string, variables: Given): string => {
  const outcome = expand(template, variables)
  return E.isLeft(outcome) ? outcome.left._tag : outcome.right
}

// --- values stay in their place ------------------------------------------------------------------------------------

const BASE = 'https://h.test/base/'

/** Node 20 leaves `..` in a path such as `/a/.b/..`. */
const resolved = (pathname: string): ReadonlyArray<string> =>
  pathname.split('/').reduce<ReadonlyArray<string>>((path, segment, i, all) => {
    const dots = segment.replace(/%2e/gi, '.')
    const kept = dots === '..' ? path.slice(0, Math.max(1, path.length - 1)) : path
    if (dots !== '.' && dots !== '..') return [...kept, segment]
    return i === all.length - 1 ? [...kept, ''] : kept
  }, [])

/** What a parser of browsers finds: host, number of segments and of parameters, fragment. */
const structureOf = (reference: string) => {
  const { origin, pathname, search } = new URL(reference, BASE)
  const hasFragment = reference.includes('#')
  return { origin, segments: resolved(pathname).length, parameters: search.split('&').length, hasFragment }
}

/** Characters and words with which a value could leave its place. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '.',
        '..',
        '/',
        '\\',
        '?',
        '#',
        '@',
        ':',
        '%',
        '%2e',
        '%2F',
        '%5c',
        '\t',
        '\n',
        '\r',
        ' ',
        '\0',
        ';',
      ),
      fc.constantFrom(
        '//evil.test',
        'javascript:',
        'https://evil.test/',
        '&a=1',
        '=',
        '+',
        '\u2025',
        '\uff0e',
        'é',
        '\u{1f600}',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join(''))

const scalar: fc.Arbitrary<string | number | boolean> = fc.oneof(
  { weight: 8, arbitrary: hostile },
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
)

/** The same template with other texts is the reference for its structure. */
const PLAIN: Given = { a: 'aaa', b: 'bbb', c: 'ccc' }

describe('a value', () => {
  RuleSet.toTests(it, { numRuns: 1_000 })(template((text) => Url.template(text)))
  it('never changes host, segments, parameters or fragment in templates of any shape', () => {
    const literal = fc.constantFrom(
      '/',
      'x',
      '.',
      '..',
      ':',
      '//',
      '?',
      '#',
      '&y=',
      '=',
      'https:',
      'h.test',
      '@',
      '%2e',
      'é',
    )
    const expression = fc.constantFrom('{a}', '{/a}', '{.b}', '{a,b}', '{;b}', '{?c}', '{&c}', '{b:1}', '{c}')
    const shape = fc.array(fc.oneof(literal, expression), { maxLength: 7 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(shape, scalar, scalar, scalar, (text, a, b, c) => {
        const [plain, outcome] = [expand(text, PLAIN), expand(text, { a, b, c })]
        fc.pre(E.isRight(outcome) && URL.canParse(outcome.right, BASE))
        fc.pre(E.isRight(plain) && URL.canParse(plain.right, BASE))
        const expected = structureOf(plain.right)
        fc.pre(!/a{3}|b{1,3}|c{3}/.test(expected.origin)) // the template lets a value choose a part of the host
        expect(structureOf(outcome.right)).toEqual(expected)
      }),
      { numRuns: 5_000 },
    )
  })
})

describe('a template refuses', () => {
  it.each<readonly [string, Given]>([
    ['/users/{id}', { id: '.' }],
    ['/users/{id}', { id: '..' }],
    ['/users/{id}', { id: '' }],
    ['/users/{id}/posts', { id: '' }],
    ['/{a}/evil.test', { a: '' }],
    ['{a}/evil.test', { a: '' }],
    ['x:{a}//evil.test', { a: '' }],
    ['https:{;a}//evil.test', {}],
    ['/.{a}', { a: '.' }],
    ['/{a}.', { a: '.' }],
    ['/{a}{b}', { a: '.', b: '.' }],
    ['/x{/a*}', { a: ['b', '..', 'c'] }],
    ['/x{/a*}', { a: ['b', ''] }],
    ['/{.a}', { a: '.' }],
    ['/{a:2}', { a: '..x' }],
    ['/{+a}', { a: 'x/../y' }],
    ['/{+a}', { a: '%2E%2e/y' }],
    ['/{+a}', { a: '.%2e' }],
    ['/{+a}', { a: '/evil.test' }],
    ['/x/{+a}', { a: 'y?z' }],
    ['/x/{+a}', { a: 'y#z' }],
    ['/x?y={+a}', { a: 'y#z' }],
    ['/x/{+a}', { a: '' }],
    ['x{+a}', { a: ':y' }],
    ['https:{+a}', { a: '//evil.test' }],
    ['{type}:{id}', { type: 'https', id: 'evil.test' }],
    ['{a}{+b}', { a: 'https', b: '://evil.test' }],
    ['https://h.test{a}', { a: '.evil.test' }],
    ['https://h.test{+a}', { a: '@evil.test' }],
    ['https://{a}.h.test/', { a: 'evil.test/' }],
    ['https://{+a}.h.test/', { a: 'evil.test/' }],
    ['https://{a}.h.test/', { a: '' }],
    ['https://{+a}/x', { a: '/evil.test' }],
    ['https://h.test:{+a}/', { a: '1@evil.test' }],
    ['//{a}.h.test/', { a: 'evil.test/' }],
    ['{+base}{a}', { base: 'https://h.test', a: '.evil.test' }],
    ['{+base}users', { base: 'https://h.test' }],
    ['{+base,other}/x', { base: 'https://h.test', other: '@evil.test' }],
    ['{+base*}/x', { base: ['https://h.test', '@evil.test'] }],
    ['{+base}/x', { base: ['https://h.test', '@evil.test'] }],
    ['{+base*}/x', { base: { 'https://h.test': '@evil.test' } }],
    ['{+base*}/x', { base: 'https://h.test' }],
    ['{+base}/{a}', { base: 'http:', a: 'evil.test' }],
    ['{+base}{/a}', { base: 'https:', a: 'evil.test' }],
    ['{+base}/{a}', { base: 'https:/', a: 'evil.test' }],
    ['/users/{id};v=1', { id: '..' }],
    ['/users/{id}{;v}/x', { id: '.', v: 1 }],
    ['/users/{+a}', { a: '..;v=1/x' }],
    ['/users/{+a}', { a: 'x/%2e%2E;/y' }],
    ['/{/a}', { a: 'evil.test' }],
    ['/x{?a}', { a: '\ud800' }],
    ['/x{?a*}', { a: { '\udc00': '1' } }],
    ['/x{?a}', { a: Number.NaN }],
    ['/x{?a}', { a: Number.POSITIVE_INFINITY }],
    ['/x{?a:3}', { a: ['abc'] }],
    ['/x{?a:3}', { a: { b: 'c' } }],
    ['/x{/a*}', { a: ['b', null] }],
    ['/x{?a}', untyped({ a: { b: { c: 1 } } })],
    ['/x{?a}', untyped({ a: [[1]] })],
    ['/x{?a}', untyped({ a: new Map([['b', 1]]) })],
    ['/x{?a}', untyped({ a: new Date(0) })],
    ['/x{?a}', untyped({ a: () => 1 })],
    ['/x{?a}', untyped({ a: Symbol('b') })],
    ['/x{?a}', untyped({ a: 1n })],
    [
      '/x{?a}',
      {
        get a(): string {
          throw new Error('no')
        },
      },
    ],
  ])('%s (case %#)', (template, variables) => {
    expect(tagOf(template, variables)).toBe('InvalidVariable')
  })
  it.each<readonly [string, Given]>([
    ['/users/{id}', {}],
    ['/users/{id}', { id: null }],
    ['/users/{id}', { id: undefined }],
    ['/users{/id*}', { id: [] }],
    ['/report{.format}', {}],
    ['{+base}/x', {}],
    ['/users/{toString}', {}],
    ['/users/{__proto__}', {}],
    ['/users/{id}', untyped(null)],
    ['/users/{id}', untyped(5)],
  ])('%s with %j, whose path has no value', (template, variables) => {
    expect(tagOf(template, variables)).toBe('MissingVariable')
  })
  it.each([
    ['{', 0],
    ['/a}', 2],
    ['/a/{}', 4],
    ['/a/{b', 3],
    ['/a/{b,', 3],
    ['{{a}}', 1],
    ['{a{b}}', 2],
    ['{=a}', 1],
    ['{|a}', 1],
    ['{?=a}', 2],
    ['{a:0}', 2],
    ['{a:10000}', 7],
    ['{a:}', 2],
    ['{a*:3}', 3],
    ['{a:3*}', 4],
    ['{a,}', 3],
    ['{,a}', 1],
    ['{a.}', 2],
    ['{a b}', 2],
    ['{a\0}', 2],
    ['{%2}', 1],
    ['/a b', 2],
    ['/a\\b', 2],
    ['/100%', 4],
    ['/a\n', 2],
    ['/\ud800', 1],
    ['"', 0],
  ])('the text %j', (template, position) => {
    expect(expand(template, { a: 1, b: 2 })).toMatchObject(E.left({ _tag: 'InvalidTemplate', position }))
  })
  it.each([undefined, null, 5, {}])('the template %j, which is not text', (template) => {
    expect(Url.template(untyped<string>(template))({})).toMatchObject({ left: { _tag: 'InvalidTemplate' } })
  })
  it('a value without repeating it', () => {
    const outcome = expand('/x/{+key}', { key: 'S3CRET?' })
    expect(JSON.stringify(outcome)).not.toContain('S3CRET')
    expect(outcome).toMatchObject({ left: { variable: 'key' } })
  })
  it('values that make a URL of more than 1,048,576 characters, before it writes them', () => {
    const [text, list] = ['a'.repeat(100_000), Array.from({ length: 100_000 }, () => '')]
    expect(tagOf('/x{?a}', { a: 'a'.repeat(1_048_576) })).toMatch(/^\/x\?a=a+$/)
    expect(tagOf('/x{?a}', { a: 'a'.repeat(1_048_577) })).toBe('InvalidVariable')
    expect(tagOf('/{a}'.repeat(100_000), { a: text })).toBe('InvalidVariable')
    expect(tagOf(`/x{?a${',a'.repeat(100_000)}}`, { a: list })).toBe('InvalidVariable')
    expect(tagOf(`/x{?a${',a'.repeat(100_000)}}`, { a: Object.fromEntries(list.entries()) })).toBe('InvalidVariable')
  })
  it('nothing that is only a scheme with its host in the template', () => {
    expect(tagOf('https:{a}', { a: 'evil.test' })).toBe('InvalidTemplate')
  })
})

describe('a template returns', () => {
  it.each<readonly [string, Given, string]>([
    ['/users/{id}', { id: 7 }, '/users/7'],
    ['/users/{id}', { id: 'a/b c' }, '/users/a%2Fb%20c'],
    ['/users/{id}', { id: '...' }, '/users/...'],
    ['/users/{id}', { id: '%2e%2e' }, '/users/%252e%252e'],
    ['/users/{a,b}', { a: '', b: 'x' }, '/users/,x'],
    ['/search{?q,page}', { q: '' }, '/search?q='],
    ['/search{?q,page}', {}, '/search'],
    ['/search{?tags*}', { tags: ['a', 'b'] }, '/search?tags=a&tags=b'],
    ['/search{?tags}', { tags: ['a', null, 'b'] }, '/search?tags=a,b'],
    ['/search{?filter*}', { filter: { a: 1, b: undefined, 'c&d': 'e=f' } }, '/search?a=1&c%26d=e%3Df'],
    ['/m{;a,b}', { a: '', b: false }, '/m;a;b=false'],
    ['/files/{+path}', { path: '/a/b.txt/' }, '/files//a/b.txt/'],
    ['/files/{+path}', { path: 'a%2Fb%' }, '/files/a%2Fb%25'],
    ['{+url}', { url: 'https://x.test/y?z=1#f' }, 'https://x.test/y?z=1#f'],
    ['{+base}/users/{id}', { base: 'https://x.test/v1', id: 7 }, 'https://x.test/v1/users/7'],
    ['{+base}//{host}/x', { base: 'https:', host: 'h.test' }, 'https://h.test/x'],
    ['/a/..;v={v}', { v: 1 }, '/a/..;v=1'],
    ['/a/{+x}', { x: '...;v/x;..' }, '/a/...;v/x;..'],
    ['/a?b={+c}', { c: '1&d=2' }, '/a?b=1&d=2'],
    ['https://{tenant}.api.test/', { tenant: 'a-b' }, 'https://a-b.api.test/'],
    ['https://{host}:{port}/', { host: 'h.test', port: 8080 }, 'https://h.test:8080/'],
    ['../{id}', { id: 7 }, '../7'],
    ['/a{#frag}', { frag: 'x/../y?z' }, '/a#x/../y?z'],
    ['/a//{id}', { id: 7 }, '/a//7'],
    ['/é/{id}', { id: 'ü' }, '/%C3%A9/%C3%BC'],
    ['/{id:1}', { id: '\u{1f600}x' }, '/%F0%9F%98%80'],
    ['/{a.b}', { 'a.b': 1 }, '/1'],
    ['/{%41}', { '%41': 1 }, '/1'],
    ['', {}, ''],
  ])('for %s with %j: %s', (template, variables, expected) => {
    expect(expand(template, variables)).toEqual(E.right(expected))
  })
  it('the same URL each time, without changing its variables', () => {
    const users = Url.template('/users/{id}{?page}')
    const variables = Object.freeze({ id: 7 })
    expect([users(variables), users({ id: 8, page: 2 }), users(variables)]).toEqual(
      ['/users/7', '/users/8?page=2', '/users/7'].map(E.right),
    )
  })
  it('a URL for a request', async () => {
    const transport = Transport.memory({ 'GET /v1/users/7?page=2': { status: 200, body: 'Ada' } })
    const user = pipe(
      Url.template('/users/{id}{?page}')({ id: 7, page: 2 }),
      Http.fromEither,
      Http.flatMap((url) => Http.get(url)),
      Http.map(Response.text),
    )
    const session = Session.at('https://api.test/v1')
    expect(await pipe(user, Client.runWith({ session, transport }))()).toEqual(E.right('Ada'))
  })
})

describe('the types of the variables', () => {
  it('are those of the expressions of the text', () => {
    const users = Url.template('/users/{id}{/name:3}{?page,fields*}{&id}{#frag}')
    expect(users({ id: 1, name: 'ada' })).toEqual(E.right('/users/1/ada&id=1'))
    expect(users({ id: 1, name: 'ada', page: null, fields: { a: 1 }, frag: undefined })).toEqual(
      E.right('/users/1/ada?a=1&id=1'),
    )
    // @ts-expect-error: the path needs `name`
    expect(E.isLeft(users({ id: 1 }))).toBe(true)
    // @ts-expect-error: the path needs a value
    expect(E.isLeft(users({ id: 1, name: undefined }))).toBe(true)
    // @ts-expect-error: a list has no prefix
    expect(E.isLeft(users({ id: 1, name: ['ada'] }))).toBe(true)
    // @ts-expect-error: `pgae` is misspelled
    users({ id: 1, name: 'ada', pgae: 1 })
    const given = { id: 1, name: 'ada', pgae: 1 }
    // @ts-expect-error: `pgae` is misspelled, also in a variable
    users(given)
    // @ts-expect-error: without variables
    expect(E.isLeft(users())).toBe(true)
    // @ts-expect-error: a date is not a value
    expect(E.isLeft(users({ id: new Date(), name: 'ada' }))).toBe(true)
  })
  it('allow to omit the record if every variable is optional', () => {
    expect(Url.template('/users{?page}')()).toEqual(E.right('/users'))
    expect(Url.template('/users')()).toEqual(E.right('/users'))
    // @ts-expect-error: the template does not have this variable
    expect(Url.template('/users')({ page: 1 })).toEqual(E.right('/users'))
    // @ts-expect-error: `pgae` is misspelled
    expect(Url.template('/users{?page}')({ pgae: 1 })).toEqual(E.right('/users'))
  })
  it('are a record for a text that the compiler does not know', () => {
    const text: string = '/users/{id}'
    const prefixed: `${string}/{id}` = `${text}/{id}`
    expect(Url.template(text)({ id: 1, other: [1] })).toEqual(E.right('/users/1'))
    expect(Url.template(prefixed)({ id: 1, other: [1] })).toEqual(E.right('/users/1/1'))
  })
})
