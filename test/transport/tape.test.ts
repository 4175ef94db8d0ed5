/** Tapes: recorded content, redaction, JSON form, and replay. */
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it, test } from 'vitest'
import * as Auth from '../../src/Auth.js'
import * as Client from '../../src/Client.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as Http from '../../src/Http.js'
import * as OAuth2 from '../../src/OAuth2.js'
import * as Environment from '../../src/session/Environment.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import { memory } from '../../src/transport/Memory.js'
import { type Options, record } from '../../src/transport/Record.js'
import { replay } from '../../src/transport/Replay.js'
import { withRetry } from '../../src/transport/Retry.js'
import * as Tape from '../../src/transport/Tape.js'
import * as Body from '../../src/values/Body.js'
import * as Secret from '../../src/values/Secret.js'
import * as Clock from '../../src/wire/Clock.js'
import * as Fault from '../../src/wire/Fault.js'
import { reply, type Server } from '../../src/wire/Reply.js'
import { type Transport, withPlan } from '../../src/wire/Transport.js'
import { exchange, fault, plan, text } from './plans.js'
import { always, ok, raw, transport, web } from './servers.js'

const recorder = (options?: Options) => {
  let tape = Tape.empty
  const sink = (entry: Tape.Entry) => () => {
    tape = Tape.append(entry)(tape)
  }
  return { on: record(sink, options), tape: () => tape, json: () => JSON.stringify(Tape.encode(tape)) }
}

const reread = (tape: Tape.Tape): Tape.Tape => {
  const decoded = Tape.decode(JSON.parse(JSON.stringify(Tape.encode(tape))))
  if (E.isLeft(decoded)) throw new Error(decoded.left.message)
  return decoded.right
}

const url = 'http://h.test/'

describe('a recorded tape', () => {
  it('holds no secret of a URL, a header field, a cookie or a form', async () => {
    const server: Server = {
      'GET /': {
        status: 302,
        headers: {
          location: 'http://me:CANARY@h.test/next',
          'set-cookie': ['sid=CANARY; Path=/; HttpOnly', 'CANARY', '=CANARY', 'gone=; Max-Age=0'],
          'x-auth-token': 'CANARY',
        },
      },
      'GET /next': { status: 200, body: 'done' },
    }
    const session = pipe(
      Session.defaults,
      Session.withBasicAuth('me', 'CANARY'),
      Session.withProxy('http://me:CANARY@proxy.test:8080'),
      Session.withSecretHeader('X-Vendor', 'CANARY'),
      Session.withHeader('X-Api-Key', 'CANARY'),
      Session.withCookie('own', 'CANARY'),
    )
    const { on, tape, json } = recorder()
    const program = Http.post('http://you:CANARY@h.test/form', Request.withForm({ password: 'CANARY' }))
    const options = { session, transport: on(memory(server)), environment: Environment.empty }
    await pipe(Http.get(url), Client.use(options))()
    await pipe(program, Client.use(options))()
    expect(tape().entries.length).toBe(3)
    expect(json()).not.toContain('CANARY')
    expect(json()).not.toContain(Buffer.from('me:CANARY').toString('base64'))
    const [first] = tape().entries
    expect(E.isRight(first?.outcome ?? E.left(0)) && first?.outcome).toMatchObject({
      right: {
        headers: [
          ['location', 'http://redacted:redacted@h.test/next'],
          ['set-cookie', 'sid=redacted; Path=/; HttpOnly'],
          ['set-cookie', 'redacted'],
          ['set-cookie', '=redacted'],
          ['set-cookie', 'gone=; Max-Age=0'],
          ['x-auth-token', 'redacted'],
        ],
      },
    })
  })
  it('encodes as HAR 1.2 with additional fields', async () => {
    const { on, tape } = recorder({ requestBody: 'Content' })
    const clock = Clock.fixed(new Date('2026-01-01T00:00:00Z'))
    const server = on(memory(() => ({ status: 200, headers: { 'content-type': 'image/x' }, body: Buffer.from([255]) })))
    const post = plan(`${url}?q=a+b#part`, { method: 'POST', body: Body.bytes(Buffer.from('grüße')) })
    await exchange(server, post, { clock })
    await exchange(
      on(() => async () => E.left(withPlan(post, Fault.unsent(Fault.make('ConnectFailed', 'refused'))))),
      post,
      { clock },
    )
    expect(Tape.encode(tape())).toMatchInlineSnapshot(`
      {
        "log": {
          "_tape": {
            "format": "requests-ts/tape",
            "version": 1,
          },
          "creator": {
            "name": "requests-ts",
            "version": "1",
          },
          "entries": [
            {
              "_order": 0,
              "cache": {},
              "request": {
                "_body": 7,
                "bodySize": 7,
                "cookies": [],
                "headers": [],
                "headersSize": -1,
                "httpVersion": "HTTP/1.1",
                "method": "POST",
                "postData": {
                  "mimeType": "",
                  "text": "grüße",
                },
                "queryString": [
                  {
                    "name": "q",
                    "value": "a b",
                  },
                ],
                "url": "http://h.test/?q=a+b",
              },
              "response": {
                "_end": "Whole",
                "bodySize": -1,
                "content": {
                  "encoding": "base64",
                  "mimeType": "image/x",
                  "size": 1,
                  "text": "/w==",
                },
                "cookies": [],
                "headers": [
                  {
                    "name": "content-type",
                    "value": "image/x",
                  },
                ],
                "headersSize": -1,
                "httpVersion": "HTTP/1.1",
                "redirectURL": "",
                "status": 200,
                "statusText": "OK",
              },
              "startedDateTime": "2026-01-01T00:00:00.000Z",
              "time": 0,
              "timings": {
                "receive": 0,
                "send": 0,
                "wait": 0,
              },
            },
            {
              "_order": 0,
              "cache": {},
              "request": {
                "_body": 7,
                "bodySize": 7,
                "cookies": [],
                "headers": [],
                "headersSize": -1,
                "httpVersion": "HTTP/1.1",
                "method": "POST",
                "postData": {
                  "mimeType": "",
                  "text": "grüße",
                },
                "queryString": [
                  {
                    "name": "q",
                    "value": "a b",
                  },
                ],
                "url": "http://h.test/?q=a+b",
              },
              "response": {
                "_fault": {
                  "message": "refused",
                  "tag": "ConnectFailed",
                  "unsent": true,
                },
                "bodySize": -1,
                "content": {
                  "mimeType": "x-unknown",
                  "size": 0,
                },
                "cookies": [],
                "headers": [],
                "headersSize": -1,
                "httpVersion": "",
                "redirectURL": "",
                "status": 0,
                "statusText": "",
              },
              "startedDateTime": "2026-01-01T00:00:00.000Z",
              "time": 0,
              "timings": {
                "receive": 0,
                "send": 0,
                "wait": 0,
              },
            },
          ],
          "version": "1.2",
        },
      }
    `)
  })
  it('holds streamed request bodies, and how the reading of a response body ended', async () => {
    const server = await web((request, response) => request.pipe(response))
    const { on, tape } = recorder({ requestBody: 'Content' })
    const sender = on(transport())
    async function* source() {
      yield Buffer.from('one ')
      yield Buffer.from('two')
    }
    expect(await text(sender, plan(server.url, { method: 'POST', body: Body.once(source()) }))).toBe('one two')
    expect(await text(sender, plan(server.url, { method: 'POST', body: Body.stream(source) }))).toBe('one two')
    const contents = tape().entries.map(
      ({ asked }) =>
        O.isSome(asked.body) &&
        O.isSome(asked.body.value.content) &&
        Buffer.from(asked.body.value.content.value).toString(),
    )
    expect(contents).toEqual(['one two', 'one two'])
    const sent = await sender(plan(server.url, { method: 'POST', body: Body.stream(source) }), {})()
    if (E.isRight(sent)) for await (const _ of sent.right.body) break
    expect(tape().entries.at(-1)?.outcome).toMatchObject({ right: { end: 'Left' } })
    const slow = await always('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst')
    for (const leave of ['return', 'discard'] as const) {
      const opened = await sender(plan(slow.url), {})()
      if (E.isLeft(opened)) expect.fail(opened.left.message)
      const pieces = opened.right.body[Symbol.asyncIterator]()
      await pieces.next()
      const pending = pieces.next()
      await (leave === 'return' ? pieces.return?.() : opened.right.body.discard())
      expect(await pending).toMatchObject({ done: true })
      expect(tape().entries.at(-1)?.outcome).toMatchObject({ right: { end: 'Left' } })
    }
    const again = replay(reread(tape()))
    expect(await text(again, plan(server.url, { method: 'POST', body: Body.once(source()) }))).toBe('one two')
  })
  it('holds one entry for a reply that is read to its end and then discarded', async () => {
    const { on, tape } = recorder()
    const sent = await on(memory(() => ({ status: 200, body: 'x' })))(plan(url), {})()
    if (E.isLeft(sent)) throw new Error(sent.left.message)
    for await (const _ of sent.right.body);
    await sent.right.body.discard()
    expect(tape().entries.map(({ outcome }) => E.isRight(outcome) && outcome.right.end)).toEqual(['Whole'])
  })
  it('orders entries by their start, not by their end', async () => {
    const { on, tape } = recorder()
    const sender = on(memory((sent) => ({ status: 200, body: sent.url.pathname })))
    const clock = Clock.fixed(new Date(0))
    const [a, b] = await Promise.all(['a', 'b'].map((path) => sender(plan(url + path), { clock })()))
    for (const sent of [b, a]) if (sent !== undefined && E.isRight(sent)) await sent.right.body.gather(99)()
    expect(tape().entries.map(({ asked }) => asked.url)).toEqual([`${url}a`, `${url}b`])
  })
})

describe('decoding a tape', () => {
  const made = { entries: [] }
  it.each([
    [null, ''],
    [{}, ''],
    [{ log: { version: '1.2', creator: { name: 'a browser', version: '1' }, entries: [] } }, ''],
    [{ log: { ...Tape.encode(made).log, _tape: { format: 'requests-ts/tape', version: 2 } } }, 'version'],
    [{ log: { ...Tape.encode(made).log, entries: [{}] } }, 'log.entries.0.startedDateTime'],
  ])('rejects %j', (json, problem) => {
    const message = expect.stringContaining(problem)
    expect(Tape.decode(json)).toMatchObject({ left: { _tag: 'Unreadable', message } })
  })
  it('rejects a header value with a line break, and an unknown fault tag', async () => {
    const { on, json } = recorder()
    await exchange(on(memory(() => ({ status: 200, headers: { 'x-a': 'INNOCENT' } }))), plan(url))
    expect(Tape.decode(JSON.parse(json().replace('INNOCENT', 'a\\r\\nx-b: c')))._tag).toBe('Left')
    const odd = json().replace('"_end":"Whole"', '"_fault":{"tag":"Nonsense","message":""}')
    expect(Tape.decode(JSON.parse(odd))).toMatchObject({
      left: { _tag: 'Unreadable', problems: [expect.stringMatching(/^log\.entries\.0: .*"Nonsense"/)] },
    })
  })
  it('is the inverse of encoding', () => {
    const pair = fc.tuple(fc.constantFrom('a', 'B-c'), fc.constantFrom('', 'x', '\xff y'))
    const bytes = fc.uint8Array({ maxLength: 5 }).map((octets) => new Uint8Array(octets))
    const failure = fc.record({
      _tag: fc.constantFrom('BodyCut' as const, 'ReadTimeout' as const),
      message: fc.string(),
      cause: fc.constant(undefined),
    })
    const entry: fc.Arbitrary<Tape.Entry> = fc.record({
      started: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(1e13) }),
      order: fc.nat(),
      asked: fc.record({
        method: fc.constantFrom('GET', 'PUT'),
        url: fc.constantFrom('http://h.test/', 'https://h.test:8443/a?b=c%20d&e'),
        headers: fc.array(pair),
        body: fc.oneof(
          fc.constant(O.none),
          fc
            .record({
              length: fc.oneof(fc.constant(O.none), fc.nat().map(O.some)),
              content: fc.oneof(fc.constant(O.none), bytes.map(O.some)),
            })
            .map(O.some),
        ),
      }),
      outcome: fc.oneof(
        failure.map((left): Tape.Entry['outcome'] => E.left(left)),
        fc
          .record({
            status: fc.nat(599),
            reason: fc.string(),
            headers: fc.array(pair),
            elapsed: fc.nat(),
            bytes,
            end: fc.oneof(fc.constantFrom('Whole' as const, 'Left' as const), failure),
          })
          .map((right): Tape.Entry['outcome'] => E.right(right)),
      ),
    })
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 4 }), (entries) => {
        expect(reread({ entries })).toEqual({ entries })
      }),
    )
  })
})

describe('replaying', () => {
  const on = async (...paths: ReadonlyArray<string>): Promise<Tape.Tape> => {
    const { on, tape } = recorder()
    const sender = on(memory((sent) => ({ status: 200, body: sent.url.pathname })))
    for (const path of paths) await text(sender, plan(url + path))
    return tape()
  }
  it('uses each outcome once, and names the difference from the nearest entry', async () => {
    const sender = replay(await on('a', 'a'))
    expect([await text(sender, plan(`${url}a`)), await text(sender, plan(`${url}a`))]).toEqual(['/a', '/a'])
    expect(await fault(sender, plan(`${url}a`))).toMatchObject({ _tag: 'ProtocolError' })
    expect(await fault(sender, plan(`${url}b`))).toMatchObject({
      _tag: 'ProtocolError',
      message: expect.stringContaining(`GET ${url}b`),
    })
    const other = plan(`${url}a`, { headers: [['X-New', '1']], body: Body.bytes(Buffer.from('x')) })
    expect((await fault(sender, other)).message).toMatch(/x-new, .*length/)
  })
  it('starts at the beginning of the tape in each transport', async () => {
    const tape = await on('a')
    for (const _ of [1, 2]) expect(await text(replay(tape), plan(`${url}a`))).toBe('/a')
  })
  it('ignores User-Agent, Accept-Encoding and the values of secrets', async () => {
    const { on, tape } = recorder()
    const mine = {
      headers: [
        ['User-Agent', 'a'],
        ['Accept-Encoding', 'gzip'],
        ['Authorization', Secret.make('mine')],
      ] as const,
    }
    const yours = {
      headers: [
        ['user-agent', 'b'],
        ['authorization', 'yours'],
      ] as const,
    }
    await text(on(memory(() => ({ status: 200, body: 'x' }))), plan(url, mine))
    expect(await text(replay(tape()), plan(url, yours))).toBe('x')
    expect(await fault(replay(tape()), plan(url))).toMatchObject({
      _tag: 'ProtocolError',
      message: expect.stringContaining('authorization'),
    })
  })
  it('finds a multipart body with another boundary by its recorded content', async () => {
    const { on, tape } = recorder({ requestBody: 'Content' })
    const send = (sender: Transport, seed: string, value: string) =>
      pipe(
        Http.post(url, Request.withMultipart({ field: value })),
        Client.use({ session: Session.empty, transport: sender, environment: Environment.empty, random: () => seed }),
      )()
    await send(on(memory(() => ({ status: 201 }))), 'one', 'a')
    const replayed = replay(reread(tape()))
    expect(await send(replayed, 'two', 'b')).toMatchObject({ left: { _tag: 'ProtocolError' } })
    expect(await send(replayed, 'three', 'a')).toMatchObject({ right: [{ status: 201 }, {}] })
  })
  it('fills the jar with the recorded cookies, with redacted values', async () => {
    const server: Server = {
      'GET /': { status: 302, headers: { location: '/in', 'set-cookie': ['a=1; Path=/', 'b=2; Path=/'] } },
      'GET /in': { status: 200, headers: { 'set-cookie': 'b=; Max-Age=0; Path=/' } },
    }
    const { on, tape } = recorder()
    const run = (sender: Transport) =>
      pipe(
        Http.get(url),
        Client.use({ session: Session.defaults, transport: sender, clock: Clock.fixed(new Date(0)) }),
      )()
    const cookies = (outcome: Awaited<ReturnType<typeof run>>) =>
      E.isRight(outcome) && Jar.toArray(outcome.right[1]).map(({ name, value }) => [name, Secret.reveal(value)])
    expect(cookies(await run(on(memory(server))))).toEqual([['a', '1']])
    expect(cookies(await run(replay(reread(tape()))))).toEqual([['a', 'redacted']])
  })
  it('keeps a cookie too long for a jar too long', async () => {
    const { on, tape } = recorder()
    const long = { status: 200, headers: { 'set-cookie': `a=${'x'.repeat(5000)}` } }
    await text(on(memory(() => long)), plan(url))
    const again = await replay(tape())(plan(url), {})()
    const line = E.isRight(again) ? Secret.reveal(again.right.headers.fields[0]?.[1] ?? '') : ''
    const [jar, refused] = Jar.absorb(new URL(url), [line], new Date(0))(Jar.empty)
    expect([Jar.toArray(jar).length, refused.map(({ _tag }) => _tag)]).toEqual([0, ['TooLong']])
  })
  it('fails with Aborted if the signal has aborted', async () => {
    expect((await fault(replay(await on('a')), plan(`${url}a`), { signal: AbortSignal.abort() }))._tag).toBe('Aborted')
  })
})

describe('record and withRetry', () => {
  const failing = (): Transport => {
    let calls = 0
    return memory(() => ({ status: ++calls < 3 ? 503 : 200, body: `${calls}` }))
  }
  const policy = { base: 1, jitter: 0 }
  const clock = Clock.fixed(new Date(0))
  const statuses = ({ entries }: Tape.Tape) => entries.map(({ outcome }) => E.isRight(outcome) && outcome.right.status)

  test('record inside withRetry holds every attempt, and withRetry repeats the replay in the same way', async () => {
    const { on, tape } = recorder()
    expect(await text(pipe(failing(), on, withRetry(policy)), plan(url), { clock })).toBe('3')
    expect(statuses(tape())).toEqual([503, 503, 200])
    expect(await text(pipe(replay(reread(tape())), withRetry(policy)), plan(url), { clock })).toBe('3')
  })
  test('record outside withRetry holds only the final outcome', async () => {
    const { on, tape } = recorder()
    expect(await text(pipe(failing(), withRetry(policy), on), plan(url), { clock })).toBe('3')
    expect(statuses(tape())).toEqual([200])
    expect(await text(replay(reread(tape())), plan(url))).toBe('3')
  })
  test('withRetry outside record does not send an opened one-shot body again', async () => {
    async function* source() {
      yield Buffer.from('x')
    }
    let attempts = 0
    const refusing: Transport = (sent) => async () => {
      attempts += 1
      if (attempts === 1) return E.left(withPlan(sent, Fault.unsent(Fault.make('ConnectFailed', 'refused'))))
      if (sent.body._tag === 'Once') for await (const _ of sent.body.source);
      return E.right(reply({ status: 503 }))
    }
    const { on } = recorder({ requestBody: 'Content' })
    const put = plan(url, { method: 'PUT', body: Body.once(source()) })
    await exchange(pipe(refusing, on, withRetry(policy)), put, { clock })
    expect(attempts).toBe(2)
  })
})

test('over sockets, a recording of a replay equals the tape, and the connection is reused', async () => {
  const server = await raw((socket) => socket.write(ok('real')))
  const { on, tape } = recorder()
  const sender = on(transport())
  for (const _ of [1, 2, 3]) expect(await text(sender, plan(server.url))).toBe('real')
  expect(server.connections()).toBe(1)
  const second = recorder()
  const again = second.on(replay(tape()))
  for (const _ of [1, 2, 3]) expect(await text(again, plan(server.url))).toBe('real')
  const bare = (made: Tape.Tape) => made.entries.map(({ asked, outcome }) => ({ asked, outcome }))
  expect(bare(second.tape())).toEqual(bare(tape()))
})

describe('a tape of a program with a token', () => {
  const clock = Clock.fixed(new Date(0))
  const auth = Auth.oauth2({
    name: 'api',
    tokenUrl: 'https://auth.test/token',
    clientId: 'me',
    clientSecret: 'CANARY-secret',
    grant: OAuth2.refreshToken('CANARY-seed'),
  })
  const session = pipe(Session.empty, Session.withBaseUrl('https://api.test'), Session.withAuth(auth))
  let issued = 0
  const server: Server = ({ url, headers }) => {
    if (url.hostname === 'auth.test') {
      issued += 1
      const token = `CANARY-${'x'.repeat(issued)}`
      return {
        status: 200,
        json: { access_token: token, refresh_token: `r${token}`, expires_in: 3600, token_type: 'Bearer' },
      }
    }
    return { status: headers.fields.some(([, value]) => Secret.reveal(value).endsWith('CANARY-x')) ? 401 : 200 }
  }
  const program = pipe(
    Http.get('a'),
    Http.flatMap(() => Http.get('b')),
    Http.map(({ status, history }) => [...history.map(({ plan: { cause } }) => cause), status]),
  )
  const run = (given: Transport) => pipe(program, Client.runWith({ session, transport: given, clock }))()

  test('contains no token, and replays the renewals', async () => {
    const { on, tape, json } = recorder({ requestBody: 'Content' })
    expect(await run(on(memory(server)))).toEqual(E.right(['Start', 'Token', 200]))
    expect(json()).not.toContain('CANARY')
    expect(tape().entries.map(({ asked: { method } }) => method)).toEqual(['POST', 'GET', 'GET', 'POST', 'GET'])
    const second = recorder()
    expect(await run(second.on(replay(reread(tape()))))).toEqual(E.right(['Start', 'Token', 200]))
    expect(second.tape().entries).toHaveLength(5)
  })
  test('contains no token of a reply that is text', async () => {
    const text = Auth.renewable({
      name: 'text',
      obtain: Request.post('https://auth.test/token'),
      read: ({ bytes }) => E.right({ accessToken: Buffer.from(bytes).toString() }),
    })
    const { on, json } = recorder()
    const given = on(memory({ 'POST /token': { status: 200, body: 'CANARY' }, 'GET /': { status: 200 } }))
    const outcome = await pipe(
      Http.get('https://h.test/', Request.withAuth(text)),
      Client.runWith({ session: Session.empty, transport: given, clock }),
    )()
    expect(E.isRight(outcome) && outcome.right.status).toBe(200)
    expect(json()).not.toContain('CANARY')
  })
})
