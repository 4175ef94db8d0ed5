/** A request body that can be read once is sent once. No transport sends it again as an empty body. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import { describe, expect, test } from 'vitest'
import * as Client from '../../src/Client.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as Http from '../../src/Http.js'
import * as HttpError from '../../src/HttpError.js'
import * as Environment from '../../src/session/Environment.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Send from '../../src/stages/Send.js'
import * as Transport from '../../src/Transport.js'
import * as Body from '../../src/values/Body.js'
import * as Clock from '../../src/wire/Clock.js'
import { fault, plan } from './plans.js'
import { ok, raw, transport } from './servers.js'

async function* content(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('all of it')
}

const startServer = () => raw((socket) => socket.write(ok()))
const ANSWER = { status: 200, headers: { 'set-cookie': 'a=1' } }

const client = (sender: Transport.Transport): Client.Client =>
  Client.open({ session: Session.empty, transport: sender, environment: Environment.empty })()

const run = <A>(program: Http.Http<HttpError.HttpError, A>, sender: Transport.Transport) =>
  program(Jar.empty)(client(sender))()

const reading: Transport.Transport = (sent) => async () => {
  if (sent.body._tag === 'Once') for await (const _ of sent.body.source);
  return E.right(Transport.reply({ status: 200 }))
}

const transports: ReadonlyArray<readonly [string, () => Transport.Transport]> = [
  ['undici', transport],
  ['memory', () => Transport.memory(() => ANSWER)],
  ['a custom transport', () => reading],
  [
    'undici, decorated',
    () =>
      pipe(
        transport(),
        Transport.record(() => () => {}),
        Transport.withRetry({ base: 1 }),
      ),
  ],
  [
    'memory, decorated',
    () =>
      pipe(
        Transport.memory(() => ANSWER),
        Transport.record(() => () => {}, { requestBody: 'Content' }),
        Transport.withLimit({ concurrency: 4 }),
        Transport.withRetry({ base: 1 }),
      ),
  ],
]

describe.each(transports)('over %s', (_, make) => {
  test('fails the second send with UnrewindableBody and the jar of the first', async () => {
    const { url, received } = await startServer()
    const request = Request.withOnce(content())(Request.post(url))
    const twice = pipe(
      Http.send(request),
      SRTE.flatMap(() => Http.send(request)),
    )
    const outcome = await run(twice, make())
    expect(E.isLeft(outcome) && HttpError.show(outcome.left)).toMatch(/^UnrewindableBody: POST .* use withStream$/)
    expect(E.isLeft(outcome) && E.isRight(E.fromOption(() => 0)(HttpError.jar(outcome.left)))).toBe(true)
    expect(received.join('').split('POST').length).toBeLessThan(3)
  })

  test('sends one of two concurrent requests', async () => {
    const { url } = await startServer()
    const send = Http.attempt(Request.withOnce(content())(Request.post(url)))
    const outcome = await run(Http.parallel()([send, send]), make())
    const tags = E.isLeft(outcome) ? [] : outcome.right[0].map((one) => (E.isLeft(one) ? one.left._tag : 'sent'))
    expect(tags).toEqual(['sent', 'UnrewindableBody'])
  })

  test('rejects another request with the same source, and a body literal with it', async () => {
    const { url } = await startServer()
    const source = content()
    const first = await run(Http.post(url, Request.withOnce(source)), make())
    expect(E.isRight(first)).toBe(true)
    const byHand = Request.withBody({ ...Body.once(content()), source })
    for (const build of [Request.withOnce(source, 9), byHand]) {
      const outcome = await run(Http.put(url, build), make())
      expect(E.isLeft(outcome) && outcome.left._tag).toBe('UnrewindableBody')
    }
  })

  test('fails the second Send.send with an unsent RequestBodyFailed', async () => {
    const { url } = await startServer()
    const sender = { session: Session.empty, transport: make(), clock: Clock.system }
    const sent = plan(url, { method: 'POST', body: Body.once(content()) })
    const first = await Send.send(sender)(sent)()
    expect(E.isRight(first)).toBe(true)
    if (E.isRight(first)) await first.right.body.discard()
    expect(await Send.send(sender)(sent)()).toMatchObject({ left: { _tag: 'RequestBodyFailed', unsent: true } })
  })
})

test('a source that was not opened can be sent again', async () => {
  const { url, received } = await startServer()
  const request = Request.withOnce(content())(Request.post('http://127.0.0.1:1/'))
  const program = pipe(
    Http.send(request),
    Http.orElse((error) => (error._tag === 'ConnectFailed' ? Http.send({ ...request, url }) : SRTE.left(error))),
  )
  expect(E.isRight(await run(program, transport()))).toBe(true)
  expect(received.join('')).toContain('all of it')
})

test('a transport that is called directly fails when it opens a source again, and sends no empty body', async () => {
  const { url, received } = await startServer()
  const sent = plan(url, { method: 'POST', body: Body.once(content()) })
  const sender = transport()
  const first = await sender(sent, {})()
  if (E.isRight(first)) await first.right.body.discard()
  const failure = await fault(sender, sent)
  expect(failure).toMatchObject({ _tag: 'RequestBodyFailed', message: expect.stringContaining('use withStream') })
  expect(received.join('').match(/0\r\n\r\n/g)).toHaveLength(1)
})

test('a source that is not iterable is a Left: when a request is planned, or when a plan literal is sent', async () => {
  for (const nonsense of [null, 7, 'text', {}]) {
    // The cast: programs without types may pass anything.
    const source = nonsense as unknown as AsyncIterable<Uint8Array>
    const { url } = await startServer()
    const outcome = await run(Http.post(url, Request.withOnce(source)), transport())
    expect(E.isLeft(outcome) && outcome.left._tag).toBe('InvalidBody')
    const sender = { session: Session.empty, transport: transport(), clock: Clock.system }
    const sent = plan(url, { method: 'POST', body: { ...Body.once(content()), source } })
    expect(await Send.send(sender)(sent)()).toMatchObject({ left: { _tag: 'RequestBodyFailed' } })
  }
})
