/** `withCompression`: what is compressed, what is not, and that decoding gives back what would be sent without it. */
import { randomBytes } from 'node:crypto'
import * as zlib from 'node:zlib'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { newIORef } from 'fp-ts/lib/IORef.js'
import * as O from 'fp-ts/lib/Option.js'
import {
  Body,
  Client,
  Exchange,
  Explain,
  Headers,
  Http,
  Jar,
  Plan,
  Request,
  Secret,
  Session,
  Settings,
  Tape,
  Transport,
} from 'requests-ts'
import { describe, expect, it } from 'vitest'
import * as Coding from '../../src/wire/coding/Coding.js'
import { untyped } from '../untyped.js'

const HREF = 'http://h.test/logs'
const TEXT = 'a line of a log\n'.repeat(400)

type Coded = Settings.CompressionCoding
/** Whether this version of Node has zstd. */
const HAS_ZSTD = 'createZstdCompress' in zlib
const CODINGS: ReadonlyArray<Coded> = HAS_ZSTD ? ['gzip', 'br', 'zstd'] : ['gzip', 'br']
const coding = fc.constantFrom(...CODINGS)

const plan = (request: Request.Request, session = Session.empty): Plan.Plan => {
  const made = Plan.plan({ session, entropy: 'seed' })(request)
  if (E.isLeft(made)) throw new Error(made.left.message)
  return made.right
}
const fieldOf = (one: Plan.Plan, name: string): string | undefined => O.toUndefined(Headers.joined(name)(one.headers))

/** Returns what a transport would send. */
const sentBytes = async ({ body }: Plan.Plan): Promise<Buffer> => {
  if (body._tag === 'Empty') return Buffer.alloc(0)
  if (body._tag === 'Bytes') return Buffer.from(Secret.open(body.bytes))
  const chunks: Uint8Array[] = []
  for await (const chunk of body._tag === 'Stream' ? body.open() : body.source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Decodes with zlib itself. The cast: the types of Node 20 do not have zstd. */
const decoded = (one: Plan.Plan, bytes: Buffer): Buffer => {
  const { zstdDecompressSync } = zlib as unknown as { zstdDecompressSync: (bytes: Buffer) => Buffer }
  switch (fieldOf(one, 'Content-Encoding')) {
    case 'gzip':
      return zlib.gunzipSync(bytes)
    case 'br':
      return zlib.brotliDecompressSync(bytes)
    case 'zstd':
      return zstdDecompressSync(bytes)
    default:
      return bytes
  }
}

async function* inPieces(pieces: ReadonlyArray<string>) {
  for (const piece of pieces) yield Buffer.from(piece)
}

const words = fc.array(fc.constantFrom('a', 'line', ' of a log\n', 'é', '0123456789'.repeat(30)), { maxLength: 120 })
const text = words.map((all) => all.join(''))
const lengthOf = (pieces: ReadonlyArray<string>): number => Buffer.byteLength(pieces.join(''))

/** A function that makes the request, because a one-shot body can be used once. */
const making = fc.oneof<fc.Arbitrary<() => (request: Request.Request) => Request.Request>[]>(
  text.map((one) => () => Request.withText(one)),
  text.map((one) => () => Request.withBytes(Buffer.from(one))),
  fc.uint8Array({ maxLength: 3000 }).map((bytes) => () => Request.withBytes(bytes)),
  text.map((one) => () => Request.withJson({ text: one })),
  text.map((one) => () => Request.withForm({ text: one, a: 1 })),
  text.map((one) => () => Request.withMultipart({ field: one, file: { content: one, filename: 'a.txt' } })),
  words.map(
    (all) => () => Request.withMultipart({ file: { content: { open: () => inPieces(all) }, filename: 'a.txt' } }),
  ),
  words.map((all) => () => Request.withStream(() => inPieces(all))),
  words.map((all) => () => Request.withStream(() => inPieces(all), lengthOf(all))),
  words.map((all) => () => Request.withOnce(inPieces(all))),
  words.map((all) => () => Request.withOnce(inPieces(all), lengthOf(all))),
)

describe('every body under every coding', () => {
  it('is what would be sent without compression, after decoding', async () => {
    await fc.assert(
      fc.asyncProperty(making, coding, fc.constantFrom(0, 1024), async (make, one, minimumSize) => {
        const request = () => make()(Request.post(HREF))
        const plain = plan(request())
        const made = plan(Request.withCompression(one, { minimumSize })(request()))
        const sent = await sentBytes(made)
        expect(decoded(made, sent)).toEqual(await sentBytes(plain))
        const isCoded = fieldOf(made, 'Content-Encoding') === one
        if (made.body._tag === 'Bytes') {
          expect(fieldOf(made, 'Content-Length')).toBe(String(sent.length))
          if (isCoded) expect(sent.length).toBeLessThan((await sentBytes(plain)).length)
        } else if (isCoded) {
          expect([fieldOf(made, 'Content-Length'), fieldOf(made, 'Transfer-Encoding')]).toEqual([undefined, 'chunked'])
        }
        expect(fieldOf(made, 'Content-Type')).toBe(fieldOf(plain, 'Content-Type'))
        expect(made.body._tag).toBe(plain.body._tag)
      }),
    )
  })
  it('that can be repeated is sent with the same bytes each time, and planned equally', async () => {
    await fc.assert(
      fc.asyncProperty(making, coding, async (make, one) => {
        const request = Request.withCompression(one, { minimumSize: 0 })(make()(Request.post(HREF)))
        const [first, second] = [plan(request), plan(request)]
        if (first.body._tag === 'Once') return
        const sent = await sentBytes(first)
        expect(await sentBytes(first)).toEqual(sent)
        expect(await sentBytes(second)).toEqual(sent)
        if (request.body._tag !== 'Multipart') expect(Plan.Eq.equals(first, second)).toBe(true)
      }),
    )
  })
  it('that can be sent once is sent once: another plan of it refuses', async () => {
    const request = pipe(Request.post(HREF), Request.withOnce(inPieces([TEXT])), Request.withCompression('gzip'))
    const [first, second] = [plan(request), plan(request)]
    expect(decoded(first, await sentBytes(first)).toString()).toBe(TEXT)
    await expect(sentBytes(second)).rejects.toThrow('only once')
    const memory = Transport.memory(() => ({ status: 200 }))
    const send = pipe(Http.send(request), Client.runWith({ session: Session.empty, transport: memory }))
    expect(await send()).toMatchObject({ left: { _tag: 'UnrewindableBody' } })
  })
  it('that is sent twice by a program is sent once', async () => {
    const request = pipe(Request.post(HREF), Request.withOnce(inPieces([TEXT])), Request.withCompression('gzip'))
    const sent: string[] = []
    const transport: Transport.Transport = (one) => async () => {
      sent.push(decoded(one, await sentBytes(one)).toString())
      return E.right(Transport.reply({ status: 200 }))
    }
    const twice = pipe(
      Http.send(request),
      Http.flatMap(() => Http.send(request)),
    )
    expect(await pipe(twice, Client.runWith({ session: Session.empty, transport }))()).toMatchObject({
      left: { _tag: 'UnrewindableBody' },
    })
    expect(sent).toEqual([TEXT])
  })
})

describe('a body is sent as it is', () => {
  const logs = pipe(Request.post(HREF), Request.withText(TEXT))
  const gzip = Request.withCompression('gzip')
  it.each<[string, Request.Request, string]>([
    ['if it is empty', gzip(Request.post(HREF)), 'the body is empty'],
    ['if it is an empty text', gzip(Request.withText('')(Request.post(HREF))), 'the body is empty'],
    [
      'if it is an empty stream',
      gzip(Request.withStream(() => inPieces([]), 0)(Request.post(HREF))),
      'the body is empty',
    ],
    ['if it is short', gzip(Request.withText('a'.repeat(1023))(Request.post(HREF))), 'fewer than 1024 bytes'],
    [
      'if a stream is known to be short',
      gzip(Request.withStream(() => inPieces(['abc']), 3)(Request.post(HREF))),
      'fewer than 1024 bytes',
    ],
    [
      'if it would not be smaller',
      pipe(Request.post(HREF), Request.withBytes(randomBytes(3000)), gzip),
      'not be smaller',
    ],
    [
      'if Content-Encoding is set',
      pipe(logs, gzip, Request.withHeader('content-encoding', 'identity')),
      'you set content-encoding',
    ],
    [
      'if a digest of it is set',
      pipe(logs, gzip, Request.withHeader('Content-Digest', 'sha-256=:x:')),
      'you set Content-Digest',
    ],
    ...[
      'Content-MD5',
      'Repr-Digest',
      'Digest',
      'Content-Range',
      'X-Amz-Content-Sha256',
      'x-amz-checksum-crc32c',
      'x-amz-checksum-sha256',
      'x-goog-hash',
      'x-ms-blob-content-md5',
      'x-ms-content-crc64',
    ].flatMap((name): Array<[string, Request.Request, string]> => {
      const own = Request.withHeader(name, 'x')
      const stream = Request.withStream(() => inPieces([TEXT]))(Request.post(HREF))
      return [
        [`if you set ${name}`, pipe(logs, gzip, own), `you set ${name}`],
        [`if you set ${name} of a stream`, pipe(stream, gzip, own), `you set ${name}`],
      ]
    }),
    ['if the request removes the compression of the session', Request.withoutCompression(logs), ''],
  ])('%s', (_, request, why) => {
    const made = plan(request, Session.withCompression('gzip')(Session.empty))
    const plain = plan(request)
    expect(fieldOf(made, 'Content-Encoding')).toBe(
      fieldOf(
        Request.withoutCompression(request).settings === request.settings
          ? plain
          : plan(Request.withoutCompression(request)),
        'Content-Encoding',
      ),
    )
    const setting = Plan.explain(made).settings.find(({ name }) => name === 'compression')
    if (why === '') expect(setting?.value).toBe('none')
    else expect(setting?.how).toContain(why)
  })
  it('but not with the length that you set for it before it was compressed', () => {
    const stream = Request.withStream(() => inPieces([TEXT]))
    const made = pipe(Request.post(HREF), stream, Request.withHeader('Content-Length', String(TEXT.length)), gzip, plan)
    expect(Plan.wire(made).headers).toEqual([
      ['Transfer-Encoding', 'chunked'],
      ['Content-Encoding', 'gzip'],
    ])
    expect(Plan.explain(made).dropped.map(({ what }) => what)).toEqual(['header Content-Length'])
  })
  it('by another origin than that of the base URL, whose server may not decode it', () => {
    const session = pipe(Session.at('https://api.test'), Session.withCompression('gzip'))
    const to = (url: string) => fieldOf(plan(Request.withText(TEXT)(Request.post(url)), session), 'Content-Encoding')
    expect([to('logs'), to('https://other.test/logs')]).toEqual(['gzip', undefined])
  })
})

describe('a setting that cannot be used', () => {
  it.each<[string, unknown, unknown]>([
    ['a coding that does not exist', 'deflate', {}],
    ['a coding that is not text', 7, {}],
    ['a minimum that is not a number', 'gzip', { minimumSize: '1' }],
    ['a minimum below zero', 'gzip', { minimumSize: -1 }],
    ['options that are not a record', 'gzip', 6],
    [
      'options whose getter throws',
      'gzip',
      Object.defineProperty({}, 'minimumSize', {
        enumerable: true,
        get: () => {
          throw new Error('no')
        },
      }),
    ],
    ...(HAS_ZSTD ? [] : [['zstd in a runtime without it', 'zstd', {}] satisfies [string, unknown, unknown]]),
  ])('is an error of planning: %s', (_, given, options) => {
    const request = pipe(
      Request.post(HREF),
      Request.withText(TEXT),
      Request.withCompression(untyped(given), untyped(options)),
    )
    expect(Plan.plan({ session: Session.empty })(request)).toMatchObject({
      left: { _tag: 'InvalidSettings', setting: 'compression' },
    })
    expect(() => [
      Request.Show.show(request),
      Request.Eq.equals(request, { ...request }),
      Request.encode()(request),
    ]).not.toThrow()
  })
})

describe.skipIf(HAS_ZSTD)('a coding that the runtime does not have', () => {
  const zstd = Request.withCompression('zstd')
  it.each<[string, Request.Request]>([
    ['a request without a body', Request.get(HREF)],
    ['a short body', Request.withText('short')(Request.post(HREF))],
    [
      'a body that you have compressed',
      pipe(
        Request.post(HREF),
        Request.withBytes(zlib.gzipSync(randomBytes(3000))),
        Request.withHeader('Content-Encoding', 'gzip'),
      ),
    ],
  ])('is not needed for %s', (_, request) => {
    expect(Plan.wire(plan(zstd(request)))).toEqual(Plan.wire(plan(request)))
  })
})

/** A source that records what happens to it. */
const observed = (pieces: ReadonlyArray<string | Error | 'never'>) => {
  const log: string[] = []
  const open = (): AsyncIterable<Uint8Array> => {
    let i = 0
    return {
      [Symbol.asyncIterator]: () => {
        log.push('open')
        return {
          next: () => {
            const piece = pieces[i++]
            if (piece === 'never') return new Promise(() => {})
            if (piece instanceof Error) return Promise.reject(piece)
            log.push(piece === undefined ? 'end' : 'read')
            return Promise.resolve(
              piece === undefined
                ? { done: true as const, value: undefined }
                : { done: false as const, value: Buffer.from(piece) },
            )
          },
          return: () => {
            log.push('return')
            return Promise.resolve({ done: true as const, value: undefined })
          },
        }
      },
    }
  }
  return { log, open }
}

const iteratorOf = (one: Plan.Plan): AsyncIterator<Uint8Array> => {
  if (one.body._tag !== 'Stream') throw new Error('not a stream')
  return one.body.open()[Symbol.asyncIterator]()
}
const streamed = (open: () => AsyncIterable<Uint8Array>, given: Coded, length?: number) =>
  plan(pipe(Request.post(HREF), Request.withStream(open, length), Request.withCompression(given, { minimumSize: 0 })))

describe.each(CODINGS)('a stream that is compressed with %s', (one) => {
  it('is not opened by planning, nor before it is read', () => {
    const { log, open } = observed(['a'])
    iteratorOf(streamed(open, one))
    expect(log).toEqual([])
  })
  it('that fails fails the body with the same error', async () => {
    const error = new Error('the disk is gone')
    const { open } = observed(['a', error])
    await expect(sentBytes(streamed(open, one))).rejects.toBe(error)
    const thrown = streamed(() => {
      throw error
    }, one)
    expect(() => iteratorOf(thrown)).toThrow(error)
  })
  it('that is left is closed at once, also while it waits for a source that never yields', async () => {
    const { log, open } = observed(['a', 'never'])
    const iterator = iteratorOf(streamed(open, one))
    const soon = (pending: unknown) =>
      Promise.race([pending, new Promise((resolve) => setTimeout(resolve, 20, 'pending'))])
    // gzip yields its header at once.
    if (one === 'gzip') await iterator.next()
    expect(await soon(iterator.next())).toBe('pending')
    await iterator.return?.()
    expect(log).toEqual(['open', 'read', 'return'])
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
  })
  it('yields only bytes', async () => {
    async function* strings() {
      yield untyped<Uint8Array>('a')
    }
    await expect(sentBytes(streamed(strings, one))).rejects.toThrow('Uint8Array')
  })
  it.each([
    ['shorter', 5],
    ['longer', 1],
  ])('and is %s than its declared length fails', async (_, length) => {
    const { open } = observed(['a', 'bc'])
    await expect(sentBytes(streamed(open, one, length))).rejects.toThrow(`declared length is ${length}`)
  })
  it('is read only as fast as its compressed bytes are taken', async () => {
    let read = 0
    async function* noise() {
      for (let i = 0; i < 200; i++) {
        read += 65_536
        yield randomBytes(65_536)
      }
    }
    const iterator = iteratorOf(streamed(noise, one))
    for (let taken = 0; taken < 200_000; ) {
      const step = await iterator.next()
      taken += step.value?.length ?? Number.POSITIVE_INFINITY
    }
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(read).toBeLessThan(8_000_000)
    await iterator.return?.()
  })
})

describe('a redirect', () => {
  const hops = (status: number, location: string) =>
    Exchange.simulate({ session: Session.empty, jar: Jar.empty, now: new Date(0) })({
      'POST /logs': { status, headers: { location } },
      'POST /2': { status: 200 },
      'GET /2': { status: 200 },
      'POST http://other.test/': { status: 200 },
    })(pipe(Request.post(HREF), Request.withText(TEXT), Request.withCompression('gzip'))).hops.map(
      ({ plan: one }) => one,
    )
  it.each([
    [307, '/2'],
    [308, '/2'],
    [307, 'http://other.test/'],
  ])('with %s to %s keeps the body and its coding', (status, location) => {
    const [first, second] = hops(status, location)
    expect(second?.body).toBe(first?.body)
    expect(second && fieldOf(second, 'Content-Encoding')).toBe('gzip')
  })
  it('to a GET drops the coding with the body', () => {
    const [, second] = hops(303, '/2')
    expect(second?.headers.fields).toEqual([])
    expect(second?.body._tag).toBe('Empty')
  })
})

describe('what shows a compressed body', () => {
  const request = pipe(Request.post(HREF), Request.withJson({ text: TEXT }), Request.withCompression('gzip'))
  const made = plan(request)
  const bytes = made.body._tag === 'Bytes' ? Buffer.from(Secret.open(made.body.bytes)) : Buffer.alloc(0)

  it('explains the header, the body and its length', () => {
    const { entries, settings } = Explain.toData(Plan.explain(made))
    const rowOf = (name: string) => entries.find((row) => row.name === name)
    expect(rowOf('Content-Encoding')).toMatchObject({
      value: 'gzip',
      layer: 'request',
      how: 'the body has 6811 bytes before it',
    })
    expect(rowOf('Content-Length')).toMatchObject({
      value: `${bytes.length}`,
      layer: 'prepare',
      how: 'the length of the body (a JSON body, compressed with gzip)',
    })
    expect(entries.find(({ field }) => field === 'body')).toMatchObject({
      value: `${bytes.length} bytes`,
      how: 'a JSON body, compressed with gzip',
    })
    expect(settings.find(({ name }) => name === 'compression')).toMatchObject({
      value: 'gzip, from 1024 bytes',
      layer: 'request',
    })
    expect(
      Plan.explain(plan(Request.withoutCompression(request))).settings.find(({ name }) => name === 'compression')
        ?.value,
    ).toBe('none')
    const stream = plan(
      pipe(
        Request.post(HREF),
        Request.withStream(() => inPieces([TEXT])),
        Request.withCompression('br'),
      ),
    )
    expect(Explain.toData(Plan.explain(stream)).entries.find(({ name }) => name === 'Content-Encoding')?.how).toBe(
      'while it is sent',
    )
    expect(Explain.rebuild(Plan.explain(made))).toEqual(O.some({ ...made, provenance: undefined }))
  })
  it('has no findings of its own', () => {
    expect(Plan.lint(plan(request, Session.defaults)).map(({ rule }) => rule)).toEqual([])
  })
  it('is a HAR entry with the bytes as base64, without fields of a form', () => {
    const form = pipe(Request.post(HREF), Request.withForm({ text: TEXT }), Request.withCompression('gzip'), plan)
    const postData = Plan.toHar({ reveal: true })(form).log.entries[0]?.request.postData
    expect(postData).toMatchObject({ params: [], _encoding: 'base64' })
    expect(zlib.gunzipSync(Buffer.from(postData?.text ?? '', 'base64')).toString()).toContain('text=a+line')
  })
  it('has a canonical text that does not depend on the boundary', () => {
    const canonical = (entropy: string) =>
      pipe(
        Request.post(HREF),
        Request.withMultipart({ a: TEXT }),
        Request.withCompression('gzip'),
        Plan.plan({ session: Session.empty, entropy }),
        E.map(Plan.canonical({ reveal: true })),
      )
    expect(canonical('one')).toEqual(canonical('two'))
    expect(E.isRight(canonical('one')) && canonical('one')).toMatchObject({
      right: expect.stringContaining('a line of a log'),
    })
    const other = Plan.canonical({ reveal: true })(plan(Request.withCompression('br')(request)))
    expect(Plan.canonical({ reveal: true })(made)).not.toBe(other)
  })
  it.each([
    ['a form', Request.withForm({ text: TEXT })],
    ['a multipart body', Request.withMultipart({ text: TEXT })],
  ])('is found on a tape: %s', async (_, withBody) => {
    const tape = newIORef(Tape.empty)()
    const one = pipe(Request.post(HREF), withBody, Request.withCompression('gzip'))
    const send = (transport: Transport.Transport) =>
      pipe(Http.send(one), Client.runWith({ session: Session.empty, transport }))()
    const memory = Transport.memory({ 'POST /logs': { status: 201 } })
    await send(Transport.record((entry) => tape.modify(Tape.append(entry)), { requestBody: 'Content' })(memory))
    expect(await send(Transport.replay(tape.read()))).toMatchObject({ right: { status: 201 } })
  })
  it('prints, compares and saves the setting', () => {
    expect(Settings.Show.show(request.settings)).toBe('compression: gzip')
    const again = pipe(request, Request.encode({ reveal: true }), E.flatMap(Request.decode))
    expect(E.isRight(again) && Request.Eq.equals(again.right, request)).toBe(true)
    expect(Request.Eq.equals(request, Request.withCompression('gzip', { minimumSize: 1 })(request))).toBe(false)
  })
  it('is what a signature covers', () => {
    expect(Coding.decode(['gzip'], bytes, 1e6)).toEqual(E.right(Buffer.from(JSON.stringify({ text: TEXT }))))
    expect(Body.length(made.body)).toEqual(O.some(bytes.length))
  })
})
