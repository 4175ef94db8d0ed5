import { inspect } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Body from '../../src/values/Body.js'
import * as Entropy from '../../src/values/Entropy.js'
import type * as Multipart from '../../src/values/Multipart.js'
import * as Secret from '../../src/values/Secret.js'
import { untyped } from '../untyped.js'

async function* pieces(...texts: ReadonlyArray<string>) {
  for (const text of texts) yield Buffer.from(text)
}

const readAll = async (source: AsyncIterable<Uint8Array>): Promise<string> => {
  const read: Uint8Array[] = []
  for await (const piece of source) read.push(piece)
  return Buffer.concat(read).toString()
}

const payloadOf = (body: Body.Body, encoding: Body.Encoding = {}): Body.Payload =>
  pipe(
    Body.encode(encoding)(body),
    E.match(
      (problem) => expect.fail(problem),
      ({ payload }) => payload,
    ),
  )

const textOf = async (body: Body.Body, encoding: Body.Encoding = {}): Promise<string> => {
  const payload = payloadOf(body, encoding)
  if (payload._tag === 'Empty') return ''
  if (payload._tag === 'Bytes') return Buffer.from(Secret.open(payload.bytes)).toString()
  return readAll(payload._tag === 'Stream' ? payload.open() : payload.source)
}

const typeOf = (body: Body.Body, encoding: Body.Encoding = {}) =>
  pipe(
    Body.encode(encoding)(body),
    E.map(({ contentType }) => contentType),
  )

const problemOf = (body: Body.Body): string =>
  pipe(
    Body.encode()(body),
    E.match(
      (problem) => problem,
      () => expect.fail('encoded'),
    ),
  )

describe('Body.length', () => {
  it.each<[string, Body.Body, O.Option<number>]>([
    ['an empty body', Body.empty, O.none],
    ['bytes', Body.bytes(new Uint8Array(3)), O.some(3)],
    ['no bytes', Body.bytes(new Uint8Array(0)), O.some(0)],
    ['text, in octets', Body.text('é'), O.some(2)],
    ['a form', Body.form({ a: 'é' }), O.some(8)],
    ['a stream', Body.stream(() => pieces()), O.none],
    ['a stream of known length', Body.stream(() => pieces('ab'), 2), O.some(2)],
    ['a stream of no length', Body.stream(() => pieces(), 0), O.some(0)],
    ['a body that is read once', Body.once(pieces()), O.none],
    ['a body that is read once, of known length', Body.once(pieces('ab'), 2), O.some(2)],
    ['a part', Body.multipart({ a: 'b' }), O.some(89)],
    ['a part of known length', Body.multipart({ a: { open: () => pieces('b'), length: 1 } }), O.some(89)],
    ['a part of unknown length', Body.multipart({ a: { open: () => pieces('b') } }), O.none],
  ])('returns the octets of %s', (_, body, length) =>
    expect(Body.length(payloadOf(body, { contentType: 'x/y; boundary=0123456789abcdef' }))).toEqual(length),
  )
})

describe('Body.encode', () => {
  it('opens a stream again for each send', async () => {
    const body = Body.stream(() => pieces('a', 'b'))
    expect(payloadOf(body)).toBe(body)
    expect([await textOf(body), await textOf(body), typeOf(body)]).toEqual(['ab', 'ab', E.right(undefined)])
  })
  it('keeps bytes as they are', async () => {
    const body = Body.bytes(Buffer.from('a'))
    expect(payloadOf(body)).toBe(body)
    expect(typeOf(body)).toEqual(E.right(undefined))
  })
  it('lets a body of Body.once, or a plain record of its kind, be read only once', async () => {
    const byHand: Body.Once = { _tag: 'Once', source: pieces('a', 'b'), length: O.some(2) }
    for (const body of [Body.once(pieces('a', 'b'), 2), byHand]) {
      expect(payloadOf(body)).toMatchObject({ _tag: 'Once', length: O.some(2) })
      expect(await textOf(body)).toBe('ab')
      await expect(textOf(body)).rejects.toThrow('read only once')
      expect(typeOf(body)).toEqual(E.right(undefined))
    }
  })
  it('writes parts between boundaries, in memory or as a stream', async () => {
    const written = '--b\r\nContent-Disposition: form-data; name="n"\r\n\r\nv\r\n--b--\r\n'
    const whole = Body.multipart({ n: 'v' })
    const streamed = Body.multipart([{ name: 'n', content: { open: () => pieces('v') } }])
    const given = { contentType: 'multipart/mixed; boundary="b"' }
    expect([payloadOf(whole, given)._tag, payloadOf(streamed, given)._tag]).toEqual(['Bytes', 'Stream'])
    for (const body of [whole, streamed]) {
      expect(await textOf(body, given)).toBe(written)
      expect(typeOf(body, given)).toEqual(E.right('multipart/mixed; boundary="b"'))
    }
  })
  it('derives the boundary from the seed, the same in the body and in its type', async () => {
    const body = Body.multipart({ n: 'v' })
    const boundaryOf = async (encoding: Body.Encoding) => {
      const [first = ''] = (await textOf(body, encoding)).split('\r\n')
      expect(typeOf(body, encoding)).toEqual(E.right(`multipart/form-data; boundary=${first.slice(2)}`))
      return first.slice(2)
    }
    const boundary = await boundaryOf({ entropy: 'seed' })
    expect(boundary).toMatch(/^[0-9a-f]{32}$/)
    expect(await boundaryOf({ entropy: 'seed', contentType: 'multipart/form-data' })).toBe(boundary)
    expect(await boundaryOf({ entropy: 'other' })).not.toBe(boundary)
    expect(await boundaryOf({})).toBe(await boundaryOf({ entropy: '' }))
  })
  it('derives the boundary from the seed alone, as documented in Entropy', () => {
    for (const body of [Body.multipart({ n: 'v' }), Body.multipart({ n: 'w', m: { open: () => pieces() } })]) {
      const type = typeOf(body, { entropy: 'seed' })
      expect(type).toEqual(E.right(`multipart/form-data; boundary=${Entropy.draw('seed', 'boundary')}`))
    }
  })
  it('derives the boundary from the parts if there is no seed', () => {
    const types = ['v', 'w', 'v'].map((n) => typeOf(Body.multipart({ n })))
    expect(types[0]).toEqual(types[2])
    expect(types[0]).not.toEqual(types[1])
  })
  it('encodes streamed parts without a seed', async () =>
    expect(await textOf(Body.multipart({ n: { open: () => pieces('v') } }))).toMatch(
      /\r\n\r\nv\r\n--[0-9a-f]{32}--\r\n$/,
    ))
})

describe('Body.needsEntropy', () => {
  const streamed = { open: () => pieces('v') }
  class Streamed {
    open() {
      return pieces('v')
    }
  }
  const parts = (...contents: ReadonlyArray<unknown>): Body.Body =>
    Body.multipart(contents.map((content) => ({ name: 'n', content: untyped<Multipart.Content>(content) })))
  const broken = (given: unknown): Body.Body => ({ _tag: 'Multipart', parts: untyped(given) })

  it.each<[string, Body.Body, string | undefined, boolean]>([
    ['a streamed part', parts(streamed), undefined, true],
    ['a streamed part after other parts', parts('text', streamed), undefined, true],
    ['a streamed part of a class', parts(new Streamed()), undefined, true],
    ['a streamed part, and a type without a boundary', parts(streamed), 'multipart/mixed; boundary=""', true],
    ['a streamed part, and a type with a boundary', parts(streamed), 'multipart/mixed; boundary=b', false],
    ['parts in memory', parts('text', new Uint8Array(1)), undefined, false],
    ['bytes with a property named open', parts(Object.assign(new Uint8Array(1), streamed)), undefined, false],
    ['no part', parts(), undefined, false],
    ['contents that encode refuses', parts(null, undefined, 5, {}), undefined, false],
    ['a part that encode refuses, before a streamed part', broken([null, { content: streamed }]), undefined, true],
    ['parts that are not an array', broken(5), undefined, false],
    ['a stream', Body.stream(() => pieces('v')), undefined, false],
    ['JSON', Body.json([streamed]), undefined, false],
  ])('draws a random boundary for %s only if a digest is not enough', (_, body, contentType, expected) =>
    expect(Body.needsEntropy(contentType)(body)).toBe(expected),
  )
})

describe('Body.encode refuses', () => {
  const bytes = untyped<Uint8Array>('text')
  it.each<[string, Body.Body]>([
    ['bytes', Body.bytes(bytes)],
    ['bytes', Body.bytes(untyped(undefined))],
    ['bytes', Body.bytes(untyped([1, 2]))],
    ['stream', Body.stream(untyped(pieces()))],
    ['stream', Body.stream(untyped(undefined))],
    ['sent once', Body.once(untyped(undefined))],
    ['sent once', Body.once(untyped(null))],
    ['sent once', Body.once(untyped('text'))],
    ['sent once', Body.once(untyped([bytes]))],
    ['sent once', Body.once(untyped(() => pieces()))],
    ['text', Body.text(untyped(5))],
    ['text', Body.text(untyped(undefined))],
    ['name of each part', Body.multipart([{ name: untyped(1), content: '' }])],
  ])('an invalid value and names the %s', (problem, body) => {
    expect(Body.encode()(body)).toEqual(E.left(expect.stringContaining(`${problem} must be`)))
  })
})

describe('Body.json', () => {
  const written = (value: unknown) => textOf(Body.json(value))

  it.each<[unknown, string]>([
    [null, 'null'],
    [{ a: null, b: 'x', c: true, d: 0, e: [null, {}] }, '{"a":null,"b":"x","c":true,"d":0,"e":[null,{}]}'],
    ['null', '"null"'],
    [[undefined], '[null]'],
    [new Date(Number.NaN), 'null'],
    [{ a: { n: Number.NaN, toJSON: () => null } }, '{"a":null}'],
  ])('encodes %j as %s', async (value, text) => expect(await written(value)).toBe(text))

  it.each<[string, Body.Json, string]>([
    ['text as it is', Body.jsonText('[1.10, 1E400]', [1.1, 0]), '[1.10, 1E400]'],
    ['empty text as it is', Body.jsonText('', 1), ''],
    ['the value, if the text is not a string', { _tag: 'Json', value: [1], text: untyped(5) }, '[1]'],
    ['the value, if the text is inherited', Object.assign(Object.create({ text: '2' }), Body.json([1])), '[1]'],
  ])('sends %s', async (_, body, text) => {
    expect(await textOf(body)).toBe(text)
    expect(typeOf(body)).toEqual(E.right('application/json'))
  })

  it.each<[string, unknown]>([
    [' undefined', undefined],
    [' function', () => 1],
    [' a symbol', Symbol('s')],
    [' object', { toJSON: () => undefined }],
    [' NaN (at $)', Number.NaN],
    [' Infinity (at $[1])', [1, Number.POSITIVE_INFINITY]],
    [' -Infinity (at $.a.b[0])', { a: { b: [Number.NEGATIVE_INFINITY] } }],
    [' NaN (at $.b)', { a: [null, {}, 1], b: Number.NaN, c: Number.POSITIVE_INFINITY }],
    [': Do not know how to serialize a BigInt', { a: 1n }],
  ])('refuses a value and ends the error with "%s"', (end, value) => {
    expect(problemOf(Body.json(value)).endsWith(end)).toBe(true)
  })

  it('reports a cycle in one line', () => {
    const cycle: { self?: unknown } = {}
    cycle.self = [cycle]
    expect(problemOf(Body.json(cycle))).toMatch(/: Converting circular structure to JSON$/)
  })
  it.each<[string, unknown]>([
    ['no', new Error('no')],
    ['no', new Error('no\nwhere it was thrown')],
    ['nothing', 'nothing'],
    ['undefined', undefined],
  ])('reports "%s" when toJSON throws', (reason, thrown) => {
    const value = {
      toJSON: () => {
        throw thrown
      },
    }
    expect(problemOf(Body.json(value)).endsWith(`: ${reason}`)).toBe(true)
  })
})

describe('Body', () => {
  const bytes = (body: Body.Body) =>
    pipe(
      Body.encode()(body),
      E.map(({ payload, contentType }) => [
        payload._tag === 'Bytes' ? Buffer.from(Secret.open(payload.bytes)).toString() : payload._tag,
        contentType,
      ]),
    )
  it('encodes each kind', () => {
    expect(bytes(Body.json({ a: [1, null, 'é'] }))).toEqual(E.right(['{"a":[1,null,"é"]}', 'application/json']))
    expect(bytes(Body.form({ a: 'b c' }))).toEqual(E.right(['a=b+c', 'application/x-www-form-urlencoded']))
    expect(bytes(Body.text('héllo'))).toEqual(E.right(['héllo', undefined]))
    expect(bytes(Body.empty)).toEqual(E.right(['Empty', undefined]))
  })
  it('refuses values that JSON cannot represent', () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    const deep = JSON.parse('['.repeat(200_000) + ']'.repeat(200_000))
    for (const value of [cycle, 1n, Number.NaN, { a: [1, Number.POSITIVE_INFINITY] }, undefined, () => 1]) {
      expect(E.isLeft(bytes(Body.json(value)))).toBe(true)
    }
    // Node 26 can write so many lists.
    const lengthOfDeep = pipe(
      bytes(Body.json(deep)),
      E.match(
        () => 400_000,
        ([text]) => text?.length,
      ),
    )
    expect(lengthOfDeep).toBe(400_000)
    expect(bytes(Body.json({ a: [0, Number.NaN] }))).toEqual(E.left(expect.stringContaining('NaN (at $.a[1])')))
  })
  it('prints bytes as their length', () => {
    expect(inspect(Body.bytes(Buffer.from('pass=hunter2')), { depth: null })).not.toMatch(/hunter2|70 61|112/)
  })
})
