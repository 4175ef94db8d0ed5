/** JSON decoded with zod, valibot, arktype and io-ts, through each function that takes a decoder or a schema. */
import { type } from 'arktype'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { Client, Http, HttpError, Response, Session, Stream, Transport } from '../src/index.js'
import { untyped } from './untyped.js'

interface User {
  readonly id: number
  readonly tags: ReadonlyArray<string>
}

const SCHEMAS: ReadonlyArray<readonly [string, Response.StandardSchema<User>]> = [
  ['zod', z.object({ id: z.number(), tags: z.array(z.string()) })],
  ['zod mini', z.strictObject({ id: z.number(), tags: z.array(z.string()) })],
  ['valibot', v.object({ id: v.number(), tags: v.array(v.string()) })],
  ['arktype', type({ id: 'number', tags: 'string[]' })],
]
const zodAsync = z.object({ id: z.number(), tags: z.array(z.string()) }).refine(async ({ id }) => id !== 13)
const valibotAsync = v.pipeAsync(
  v.object({ id: v.number(), tags: v.array(v.string()) }),
  v.checkAsync(async ({ id }) => id !== 13, 'unlucky'),
)
const ASYNC: ReadonlyArray<readonly [string, Response.StandardSchema<User>]> = [
  ['zod', zodAsync],
  ['valibot', valibotAsync],
]

const GOOD = { id: 7, tags: ['a'] }
const BAD = { id: 'hunter2', tags: ['a', 5] }

const transport = Transport.memory({
  'GET /good': { status: 200, body: JSON.stringify(GOOD) },
  'GET /bad': { status: 200, body: JSON.stringify(BAD) },
  'GET /unlucky': { status: 200, body: '{"id":13,"tags":[]}' },
  'GET /text': { status: 200, body: 'no' },
  'GET /missing': { status: 404, body: '{}' },
})
const get = (path: string) => Http.get(`http://h.test/${path}`)
const run = Client.runWith({ transport })

const responseOf = async (path: string): Promise<Response.Response> => {
  const outcome = await pipe(get(path), run)()
  if (E.isRight(outcome)) return outcome.right
  throw new Error(HttpError.show(outcome.left))
}

const tagOf = (outcome: E.Either<{ readonly _tag: string }, unknown>): unknown =>
  E.isLeft(outcome) ? outcome.left._tag : outcome.right

const chunks = async function* (text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

describe.each(SCHEMAS)('a schema of %s', (_, schema) => {
  it('decodes a response, as Response.json, Response.schema, schemaTask and Http.json do', async () => {
    const good = await responseOf('good')
    const bad = await responseOf('bad')
    const all = async (response: Response.Response, path: string) => [
      Response.json(schema)(response),
      Response.schema(schema)(response),
      await Response.schemaTask(schema)(response)(),
      await pipe(get(path), Http.json(schema), run)(),
    ]
    for (const outcome of await all(good, 'good')) expect(outcome).toEqual(E.right(GOOD))
    for (const outcome of await all(bad, 'bad')) {
      if (!E.isLeft(outcome) || outcome.left._tag !== 'InvalidPayload') throw new Error('it was not rejected')
      expect(outcome.left.paths).toEqual(['id', 'tags[1]'])
      expect(outcome.left.message).toContain('expected number, got string')
      expect(outcome.left.message).not.toContain('hunter2')
      expect(outcome.left.response.status).toBe(200)
    }
  })
  it('is not asked about text that is not JSON, or a status of 400 or above', async () => {
    expect(tagOf(await pipe(get('text'), Http.json(schema), run)())).toBe('NotJson')
    expect(tagOf(await pipe(get('missing'), Http.json(schema), run)())).toBe('StatusError')
  })
  it('decodes lines of JSON', async () => {
    const lines = chunks(`${JSON.stringify(GOOD)}\n${JSON.stringify(BAD)}\n\nno\n`)
    const rows = []
    for await (const row of Stream.jsonLines(schema)(lines)) rows.push(row)
    expect(rows).toMatchObject([
      { right: GOOD },
      { left: { _tag: 'InvalidPayload', line: 2, paths: ['id', 'tags[1]'] } },
      { left: { _tag: 'NotJson', line: 4 } },
    ])
  })
})

describe.each(ASYNC)('an asynchronous schema of %s', (_, schema) => {
  it('is awaited by Http.json, Response.schemaTask and Stream.jsonLines', async () => {
    expect(await pipe(get('good'), Http.json(schema), run)()).toEqual(E.right(GOOD))
    expect(tagOf(await pipe(get('unlucky'), Http.json(schema), run)())).toBe('InvalidPayload')
    expect(await Response.schemaTask(schema)(await responseOf('good'))()).toEqual(E.right(GOOD))
    const rows = []
    for await (const row of Stream.jsonLines(schema)(chunks('{"id":13,"tags":[]}\n{"id":1,"tags":[]}')))
      rows.push(tagOf(row))
    expect(rows).toEqual(['InvalidPayload', { id: 1, tags: [] }])
  })
  it('is SchemaFailed where a result is needed at once', async () => {
    const response = await responseOf('good')
    expect(Response.json(schema)(response)).toMatchObject({ left: { _tag: 'SchemaFailed', response } })
    expect(tagOf(Response.schema(schema)(response))).toBe('SchemaFailed')
  })
})

describe('the keys of a path', () => {
  const secret = 'alice@example.com'
  const cases: ReadonlyArray<readonly [string, Response.StandardSchema<unknown>, unknown, ReadonlyArray<string>]> = [
    ['a record of zod', z.record(z.string(), z.number()), { [secret]: 'x' }, ['[*]']],
    ['a key that a record of zod rejects', z.record(z.string().max(3), z.number()), { [secret]: 1 }, ['[*]']],
    [
      'a record of lists of zod',
      z.record(z.string(), z.array(z.object({ id: z.number() }))),
      { [secret]: [{}] },
      ['[*][0].id'],
    ],
    [
      'another key of zod',
      z.object({ id: z.number() }).catchall(z.number()),
      { id: 'x', [secret]: 'x' },
      ['id', '[*]'],
    ],
    ['a strict object of zod', z.strictObject({ id: z.number() }), { id: 1, [secret]: 'x' }, ['$']],
    ['a phone number as a key of zod', z.record(z.string(), z.number()), { '4915112345678': 'x' }, ['[*]']],
    [
      'wrappers, unions and recursion of zod',
      z
        .object({
          get sub() {
            return z.lazy(() => z.object({ id: z.number() })).optional()
          },
          kind: z.discriminatedUnion('k', [z.object({ k: z.literal('a'), w: z.number() })]).readonly(),
          both: z.intersection(z.object({ l: z.number() }), z.record(z.string(), z.any())).nullable(),
          pair: z.tuple([z.object({ t: z.number() })]),
        })
        .refine(() => true)
        .transform((x) => x)
        .pipe(z.any()),
      { sub: { id: 'x' }, kind: { k: 'a', w: 'x' }, both: { l: 'x' }, pair: [{ t: 'x' }] },
      ['sub.id', 'kind.w', 'both.l', 'pair[0].t'],
    ],
    ['a record of valibot', v.record(v.string(), v.number()), { [secret]: 'x' }, ['[*]']],
    [
      'a key that a record of valibot rejects',
      v.record(v.pipe(v.string(), v.maxLength(3)), v.any()),
      { [secret]: 1 },
      ['[*]'],
    ],
    [
      'an optional record of valibot',
      v.object({ a: v.optional(v.record(v.string(), v.number())) }),
      { a: { [secret]: 'x' } },
      ['a[*]'],
    ],
    ['a strict object of valibot', v.strictObject({ id: v.number() }), { id: 'x', [secret]: 1 }, ['id', '[*]']],
    [
      'an object with rest of valibot',
      v.objectWithRest({ id: v.number() }, v.object({ n: v.number() })),
      { id: 'x', [secret]: { n: 'x' } },
      ['id', '[*].n'],
    ],
    [
      'wrappers, unions and recursion of valibot',
      v.pipe(
        v.object({
          sub: v.nullable(v.lazy(() => v.object({ id: v.number() }))),
          kind: v.variant('k', [v.object({ k: v.literal('a'), w: v.number() })]),
          both: v.intersect([v.object({ l: v.number() }), v.record(v.string(), v.any())]),
          pair: v.tuple([v.object({ t: v.number() })]),
          list: v.array(v.object({ i: v.number() })),
        }),
        v.check(() => true),
      ),
      { sub: { id: 'x' }, kind: { k: 'a', w: 'x' }, both: { l: 'x' }, pair: [{}], list: [{ i: 1 }, { i: 'x' }] },
      ['sub.id', 'kind.w', 'both.l', 'pair[0].t', 'list[1].i'],
    ],
    ['an index signature of arktype', type({ '[string]': { id: 'number' } }), { [secret]: { id: 'x' } }, ['[*].id']],
    [
      'other keys of arktype',
      type({ 'id?': 'number', '[string]': 'number' }),
      { id: 'x', [secret]: 'x' },
      ['id', '[*]'],
    ],
    ['a key that arktype rejects', type({ 'id?': 'number', '+': 'reject' }), { id: 1, [secret]: 'x' }, ['[*]']],
    [
      'unions, tuples and steps of arktype',
      type({
        id: 'number',
        pair: [{ t: 'number' }],
        list: type({ i: 'number' }).array(),
        'sub?': [{ x: 'number' }, '|', 'null'],
      }).pipe((x) => x),
      { id: 'x', pair: [{}], list: [{ i: 'x' }], sub: { x: 'x' } },
      ['id', 'list[0].i', 'pair[0].t', 'sub.x'],
    ],
  ]
  it.each(cases)('are printed if the schema declares them: %s', async (_, schema, json, expected) => {
    const outcome = await pipe(
      Http.get('http://h.test/'),
      Http.json(schema),
      Client.runWith({ transport: Transport.memory(() => ({ status: 200, body: JSON.stringify(json) })) }),
    )()
    if (!E.isLeft(outcome) || outcome.left._tag !== 'InvalidPayload') throw new Error('it was not rejected')
    expect([...outcome.left.paths].sort()).toEqual([...expected].sort())
    expect(outcome.left.message).not.toMatch(/alice|49151/)
  })
  it('are printed for a schema of another library, and do not throw for one that cannot be read', async () => {
    const issues = [{ message: 'no', path: ['id'] }]
    const standard = (vendor: string) => ({ version: 1 as const, vendor, validate: () => ({ issues }) })
    const unreadable = Object.defineProperty({ '~standard': standard('zod') }, '_zod', {
      get: () => {
        throw new Error(secret)
      },
    })
    const paths = (schema: Response.StandardSchema<unknown>, response: Response.Response) => {
      const outcome = Response.schema(schema)(response)
      return E.isLeft(outcome) && outcome.left._tag === 'InvalidPayload' && outcome.left.paths
    }
    const response = await responseOf('good')
    expect(paths({ '~standard': standard('other') }, response)).toEqual(['id'])
    expect(paths({ '~standard': standard('constructor') }, response)).toEqual(['id'])
    expect(paths(unreadable, response)).toEqual(['[*]'])
  })
})

describe('a schema that never decides', () => {
  const never: Response.StandardSchema<unknown> = {
    '~standard': { version: 1, vendor: 'x', validate: () => new Promise(() => {}) },
  }
  const program = pipe(get('good'), Http.json(never))
  it('ends with the signal of the program, with plan, history and jar', async () => {
    const session = Session.withHeader('X-A', '1')(Session.defaults)
    const aborted = pipe(program, Http.withSignal(AbortSignal.timeout(20)), Client.runWith({ transport, session }))
    expect(await aborted()).toMatchObject({
      left: { _tag: 'Aborted', plan: { method: 'GET' }, history: [], jar: expect.anything() },
    })
  })
  it('ends with the client', async () => {
    const client = Client.open({ transport })()
    const running = pipe(program, Client.runIn(client))()
    setTimeout(() => Client.close(client)(), 20)
    expect(await running).toMatchObject({ left: { _tag: 'ClientClosed', plan: {} } })
  })
  it('that ends later is ignored, also if it throws', async () => {
    let fail = (_: Error): void => {}
    const late: Response.StandardSchema<unknown> = {
      '~standard': {
        version: 1,
        vendor: 'x',
        validate: () =>
          new Promise((_, reject) => {
            fail = reject
          }),
      },
    }
    const aborted = pipe(get('good'), Http.json(late), Http.withSignal(AbortSignal.timeout(20)), run)
    expect(await aborted()).toMatchObject({ left: { _tag: 'Aborted' } })
    fail(new Error('too late'))
    await new Promise((resolve) => setImmediate(resolve))
  })
})

describe('a schema that is broken', () => {
  const error = new Error('hunter2')
  const fail = (): never => {
    throw error
  }
  it.each<[string, Response.StandardSchema<unknown>]>([
    ['valibot', v.pipe(v.unknown(), v.transform(fail))],
    ['arktype', type('unknown').pipe(fail)],
  ])('of %s is SchemaFailed with what it threw', async (_, schema) => {
    const left = { _tag: 'SchemaFailed', error, message: expect.not.stringContaining('hunter2') }
    expect(Response.json(schema)(await responseOf('good'))).toMatchObject({ left })
    expect(await pipe(get('good'), Http.json(schema), run)()).toMatchObject({ left })
  })
  it('of zod is asynchronous if it throws, and then SchemaFailed with what it threw', async () => {
    const schema = z.unknown().transform(fail)
    expect(tagOf(Response.json(schema)(await responseOf('good')))).toBe('SchemaFailed')
    expect(await pipe(get('good'), Http.json(schema), run)()).toMatchObject({ left: { _tag: 'SchemaFailed', error } })
  })
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['an io-ts codec instead of its decode', t.string],
    ['text', 'User'],
    ['a schema of another version', { '~standard': { version: 2, vendor: 'x', validate: () => ({ value: 1 }) } }],
  ])('is SchemaFailed for %s', async (_, wrong) => {
    const schema: Response.StandardSchema<unknown> = untyped(wrong)
    const response = await responseOf('good')
    expect(tagOf(Response.json(schema)(response))).toBe('SchemaFailed')
    expect(tagOf(Response.schema(schema)(response))).toBe('SchemaFailed')
    expect(tagOf(await Response.schemaTask(schema)(response)())).toBe('SchemaFailed')
    expect(tagOf(await pipe(get('good'), Http.json(schema), run)())).toBe('SchemaFailed')
    for await (const row of Stream.jsonLines(schema)(chunks('1'))) expect(tagOf(row)).toBe('SchemaFailed')
  })
})

describe('a decoder', () => {
  it('of io-ts works as before', async () => {
    const User = t.type({ id: t.number, tags: t.array(t.string) })
    expect(await pipe(get('good'), Http.json(User.decode), run)()).toEqual(E.right(GOOD))
    expect(await pipe(get('bad'), Http.json(User.decode), run)()).toMatchObject({ left: { paths: ['id', 'tags[1]'] } })
  })
})
