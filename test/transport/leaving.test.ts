/** Readers that stop early, and request streams that can be read once. */
import { PassThrough, Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describe, expect, test } from 'vitest'
import * as Client from '../../src/Client.js'
import * as Http from '../../src/Http.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import type { Source } from '../../src/wire/Reply.js'
import { always, transport, until } from './servers.js'

const reading = <A>(url: string, use: (body: Source) => Promise<A>) =>
  pipe(
    Request.get(url),
    Http.stream((_, body) => TE.tryCatch(() => use(body), String)),
    Client.use({ session: Session.empty, transport: transport() }),
  )()

const first = async (readable: AsyncIterable<Uint8Array>): Promise<number> => {
  for await (const piece of readable) return piece.length
  return 0
}

describe('a reader that stops early', () => {
  const endless = () => always('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nfirst')
  test('succeeds, even through a Readable that reads one chunk ahead', async () => {
    const server = await endless()
    const outcome = await reading(server.url, (body) => first(Readable.from(body)))
    expect(
      pipe(
        outcome,
        E.map(([length]) => length),
      ),
    ).toEqual(E.right(5))
    await until(() => server.sockets.size === 0)
    expect(server.sockets.size).toBe(0)
  })
  test.each<readonly [string, (body: Source) => Promise<unknown>]>([
    [
      'calls return',
      async (body) => {
        const pieces = body[Symbol.asyncIterator]()
        void pieces.next()
        await pieces.return?.()
      },
    ],
    [
      'discards the body',
      async (body) => {
        void body[Symbol.asyncIterator]().next()
        await body.discard()
      },
    ],
    [
      'discards the body after a race',
      async (body) => {
        const pieces = body[Symbol.asyncIterator]()
        await pieces.next()
        await Promise.race([pieces.next(), new Promise((done) => setTimeout(done, 20))])
        await body.discard()
      },
    ],
    [
      'discards the body inside its loop',
      async (body) => {
        for await (const _ of body) setTimeout(() => body.discard(), 20)
      },
    ],
  ])('succeeds if it %s while it waits for a chunk', async (_, stop) => {
    const { url } = await endless()
    expect(await reading(url, stop)).toMatchObject({ _tag: 'Right' })
    // The pending chunk must not reject without a handler: the test run would fail.
    await new Promise((done) => setTimeout(done, 20))
  })
  test('gets BodyCut from a body that it has discarded', async () => {
    const { url } = await endless()
    const outcome = await reading(url, async (body) => {
      await body.discard()
      return first(body)
    })
    expect(outcome).toMatchObject({ left: { _tag: 'BodyCut' } })
  })
  test('gets its own error if it failed', async () => {
    const { url } = await endless()
    const full = () => new Writable({ write: (_chunk, _encoding, done) => done(new Error('disk full')) })
    const outcome = await reading(url, (body) => pipeline(Readable.from(body), full()))
    expect(outcome).toEqual(E.left('Error: disk full'))
  })
})

describe('a request body that can be read once', () => {
  const post = (url: string, source: Readable) =>
    pipe(Http.post(url, Request.withOnce(source)), Client.use({ session: Session.empty, transport: transport() }))()
  test('fails the request if it failed before', async () => {
    const { url } = await always('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    const source = new PassThrough()
    source.destroy(new Error('gone'))
    expect(await post(url, source)).toMatchObject({ left: { _tag: 'RequestBodyFailed' } })
  })
  test.each(['http://127.0.0.1:1/', 'http://[/', 'ftp://h/'])(
    'is destroyed if the request to %s cannot be sent',
    async (url) => {
      const source = new PassThrough()
      expect(E.isLeft(await post(url, source))).toBe(true)
      expect(source.destroyed).toBe(true)
    },
  )
})
