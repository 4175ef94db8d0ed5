/** Problem details (RFC 9457): what is read, and what the message of a `StatusError` repeats. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import {
  Client,
  Exchange,
  Har,
  Http,
  HttpError,
  Request,
  Response,
  Session,
  Story,
  Stream,
  Transport,
} from 'requests-ts'
import { describe, expect, it } from 'vitest'

const TYPE = 'application/problem+json'

const get = Request.get('http://h.test/a/b')

const responseOf = (
  body: string | Uint8Array,
  type = TYPE,
  request = get,
  status = 403,
  reason?: string,
): Response.Response => {
  const reply = { status, headers: { 'content-type': type }, body, ...(reason === undefined ? {} : { reason }) }
  const { outcome } = pipe(
    request,
    Exchange.simulate({ session: Session.empty })(() => reply),
  )
  return E.isRight(outcome) ? outcome.right : expect.fail(outcome.left.message)
}

const problemOf = (json: unknown, type?: string) => Response.problem(responseOf(JSON.stringify(json), type))
const membersOf = (json: unknown): Response.Problem => {
  const found = problemOf(json)
  return O.isSome(found) ? found.value : expect.fail('it is missing')
}

const messageOf = (json: unknown, request = get, reason?: string): string => {
  const checked = Response.ok(responseOf(JSON.stringify(json), TYPE, request, 403, reason))
  return E.isLeft(checked) ? checked.left.message : expect.fail('it is ok')
}

describe('a problem', () => {
  it('has the members of the RFC, and all others as extensions', () => {
    const json = { type: 'https://example.com/probs/credit', title: 'T', status: 403, detail: 'D', instance: 'urn:x:1' }
    expect(membersOf({ ...json, balance: 30, accounts: ['/account/12345'] })).toEqual({
      type: json.type,
      title: O.some('T'),
      status: O.some(403),
      detail: O.some('D'),
      instance: O.some('urn:x:1'),
      extensions: { balance: 30, accounts: ['/account/12345'] },
    })
  })
  it('without members is about:blank', () => {
    const none = { title: O.none, status: O.none, detail: O.none, instance: O.none }
    expect(membersOf({})).toEqual({ type: 'about:blank', ...none, extensions: {} })
  })
  it('ignores each member of a wrong type, and keeps the others', () => {
    const wrong = fc.jsonValue().filter((value) => typeof value !== 'string')
    const name = fc.constantFrom('type', 'title', 'detail', 'instance')
    fc.assert(
      fc.property(name, wrong, (key, value) => {
        const given = { type: 'urn:t', title: 'T', detail: 'D', instance: 'urn:i', extra: 1 }
        const { [key]: _, ...rest } = given
        expect(membersOf({ ...given, [key]: value })).toEqual(membersOf(rest))
      }),
    )
  })
  it.each(['403', 99, 600, 403.5, null, true, [403], 1e300])('ignores the status %j', (status) => {
    expect(membersOf({ status }).status).toEqual(O.none)
  })
  it.each([
    ['/probs/x', 'http://h.test/probs/x'],
    ['x', 'http://h.test/a/x'],
    ['', 'http://h.test/a/b'],
    ['//other.test/x', 'http://other.test/x'],
    ['HTTPS://Example.com', 'HTTPS://Example.com'],
    ['tag:me@h.test,2021-09-17:x', 'tag:me@h.test,2021-09-17:x'],
    ['javascript:alert(1)', 'javascript:alert(1)'],
  ])('has the URI %j as %s', (written, read) => {
    expect(membersOf({ type: written }).type).toBe(read)
    expect(membersOf({ instance: written }).instance).toEqual(O.some(read))
  })
  it.each(['', '#x', 'b#x', '?x=1'])('with the reference %j does not have the masked query', (type) => {
    const request = Request.withSecretQuery('key', 'hunter2!')(get)
    const found = Response.problem(responseOf(JSON.stringify({ type }), TYPE, request))
    expect(O.isSome(found) && found.value.type).toBe(new URL(type, 'http://h.test/a/b').href)
  })
  it('with a reference that cannot be resolved is about:blank', () => {
    expect(membersOf({ type: '//[bad', instance: '//[bad' })).toMatchObject({ type: 'about:blank', instance: O.none })
  })
  it.each([
    [TYPE, true],
    ['Application/Problem+JSON; charset=utf-8', true],
    ['application/problem+json;profile="x"', true],
    ['application/json', false],
    ['application/problem+xml', false],
    ['application/problem+jsonx', false],
    ['text/html', false],
    ['', false],
  ])('of the media type %j is read: %s', (type, isRead) => {
    expect(O.isSome(problemOf({ title: 'T' }, type))).toBe(isRead)
  })
  it.each(['', '<h1>502</h1>', '[]', '[{"title":"T"}]', '"T"', 'null', '1', '{"title":"T"', '\ufffe'])(
    'is missing if the body is %j',
    (body) => {
      expect(Response.problem(responseOf(body))).toEqual(O.none)
      expect(Response.ok(responseOf(body))).toMatchObject({ left: { _tag: 'StatusError' } })
    },
  )
  it('is read whatever the status is', () => {
    expect(O.isSome(Response.problem(responseOf('{}', TYPE, get, 200)))).toBe(true)
  })
  it('of more than 1,048,576 octets is not parsed', () => {
    const largest = `{"title":"${'a'.repeat(1_048_576 - 12)}"}`
    expect(O.isSome(Response.problem(responseOf(largest)))).toBe(true)
    expect(Response.problem(responseOf(`${largest} `))).toEqual(O.none)
  })
  it('that nests a million lists is read or none, and does not throw', () => {
    const body = `{"a":${'['.repeat(500_000)}${']'.repeat(500_000)},"title":"T"}`
    expect(E.isLeft(Response.ok(responseOf(body)))).toBe(true)
  })
  it('never changes a prototype', () => {
    const text = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"title":"T"}'
    const found = Response.problem(responseOf(text))
    const extensions: object = O.isSome(found)
      ? Object.assign({}, found.value.extensions)
      : expect.fail('it is missing')
    expect(Object.keys(extensions)).toEqual(['constructor'])
    expect('polluted' in extensions || 'polluted' in {}).toBe(false)
  })
  it('is never read from a prototype', () => {
    Object.defineProperty(Object.prototype, 'title', { value: 'polluted', configurable: true })
    const found = problemOf({})
    Reflect.deleteProperty(Object.prototype, 'title')
    expect(found).toMatchObject(O.some({ title: O.none }))
  })
  it('keeps HTML as it is', () => {
    expect(membersOf({ detail: '<script>alert(1)</script>' }).detail).toEqual(O.some('<script>alert(1)</script>'))
  })
  it('never throws, whatever the body is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (body) => {
        expect(Response.problem(responseOf(body))).toHaveProperty('_tag')
        expect(Response.ok(responseOf(body))).toMatchObject({ left: { _tag: 'StatusError' } })
      }),
    )
  })
})

const START = '403 Client Error: Forbidden for url: http://h.test/a/b (GET)'

describe('the message of a StatusError', () => {
  it.each([
    [{ title: 'Not enough credit', detail: 'It costs 50.' }, ': Not enough credit: It costs 50.'],
    [{ title: 'Forbidden', detail: 'It costs 50.' }, ': It costs 50.'],
    [{ detail: ' It costs 50. ' }, ': It costs 50.'],
    [{ title: ' ', detail: '' }, ''],
    [{ title: 5, detail: null }, ''],
    [{}, ''],
  ])('for %j ends with %j', (json, end) => {
    expect(messageOf(json)).toBe(START + end)
  })
  it('is one line without control characters, and has a bounded length', () => {
    const text = fc.string({ unit: 'binary', maxLength: 600 })
    const control = fc.constantFrom('\x1b[2J', '\r\n', '\u202e', '\ud800', '\0')
    fc.assert(
      fc.property(fc.array(fc.oneof(text, control)), fc.array(fc.oneof(text, control)), (title, detail) => {
        const message = messageOf({ title: title.join(''), detail: detail.join('') })
        expect(message).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Surrogate}\u202a-\u202e\u2066-\u2069]/u)
        expect(message.length).toBeLessThanOrEqual(START.length + 2 + 100 + 2 + 300)
      }),
    )
  })
  it.each<readonly [string, Request.Request]>([
    ['a password', Request.withBasicAuth('me', 'hunter2!')(get)],
    ['a token', Request.withBearer('hunter2!')(get)],
    ['a secret header', Request.withHeader('X-Api-Key', 'hunter2!')(get)],
    ['a cookie', Request.withCookie('sid', 'hunter2!')(get)],
    ['a secret query', Request.withSecretQuery('key', 'hunter2!')(get)],
    ['a form', pipe(Request.post('http://h.test/a/b'), Request.withForm({ pass: 'hunter2!' }))],
    ['a JSON body', pipe(Request.post('http://h.test/a/b'), Request.withJson({ user: { pass: 'hunter2!' } }))],
  ])('does not repeat %s of the request', (_, request) => {
    const message = messageOf({ title: 'Bad hunter2!', detail: 'hunter2! and hunter2%21 are wrong' }, request)
    expect(message).not.toContain('hunter2')
    expect(message).toContain(': Bad ‹secret›: ‹secret› and ‹secret› are wrong')
  })
  const sent = Request.post('http://h.test/a/b')
  const authorized = (value: string) => Request.withHeader('Authorization', value)(get)
  const withJsonText = (text: string) =>
    pipe(sent, Request.withText(text), Request.withHeader('Content-Type', 'application/json'))
  /** All ways in which a request sends a value of letters and digits. */
  const SENDING: Readonly<Record<string, (value: string) => Request.Request>> = {
    'a password': (value) => Request.withBasicAuth('me', value)(get),
    'a user without a password': (value) => Request.withBasicAuth(value, '')(get),
    'the user of a URL': (value) => Request.get(`http://${value}:@h.test/a/b`),
    'the password of a URL': (value) => Request.get(`http://me:${value}@h.test/a/b`),
    'a token': (value) => Request.withBearer(value)(get),
    'a header without a scheme': authorized,
    'a word after another': (value) => authorized(`Key me ${value}`),
    'a parameter': (value) => authorized(`Token token=${value}`),
    'a quoted parameter': (value) => authorized(`Token token="${value}"`),
    'a quoted parameter with an escape': (value) => authorized(`Token token="\\${value}"`),
    'a parameter with blanks': (value) => authorized(`Token a="b, c" ,token = "${value}" `),
    'a parameter that is not closed': (value) => authorized(`Token token="${value}`),
    'a signature': (value) =>
      authorized(`AWS4-HMAC-SHA256 Credential=AKID/2015, SignedHeaders=host;date, Signature=${value}`),
    'a response of Digest': (value) => authorized(`Digest username="me", realm="r", response="${value}", qop=auth`),
    'credentials of a proxy': (value) => Request.withProxy({ http: `http://me:${value}@proxy.test:1` })(get),
    'a secret header': (value) => Request.withHeader('X-Api-Key', value)(get),
    'a parameter of a secret header': (value) => Request.withHeader('X-Auth-Token', `id=5; key=${value}`)(get),
    'a cookie': (value) => Request.withCookie('sid', value)(get),
    'a quoted cookie': (value) => Request.withHeader('Cookie', `a=b; sid="${value}";c=d`)(get),
    'a secret query': (value) => Request.withSecretQuery('key', value)(get),
    'a form': (value) => Request.withForm({ pass: value })(sent),
    'a form with blanks': (value) => Request.withForm({ pass: ` ${value}\r\n` })(sent),
    'a field of a multipart body': (value) => Request.withMultipart([{ name: 'p', content: ` ${value} ` }])(sent),
    'a JSON text': (value) => Request.withJson(value)(sent),
    'a member': (value) => Request.withJson({ user: { pass: value } })(sent),
    'a member with blanks': (value) => Request.withJson({ pass: `\t${value} ` })(sent),
    'an item': (value) => Request.withJson([[1, { pass: [value] }]])(sent),
    'a member that another one hides': (value) => withJsonText(`{"p":"${value}","p":"other"}`),
    'members that others hide': (value) => withJsonText(`{"p":{"q":["${value}"]},"p" : {"q":1}}`),
    'an escaped member': (value) =>
      withJsonText(`{"p":"${[...value].map((c) => `\\u00${c.charCodeAt(0).toString(16)}`).join('')}"}`),
  }
  it.each(Object.entries(SENDING))('does not repeat %s', (_, send) => {
    const value = fc.stringMatching(/^[a-z]{2}[a-z\d]{2,20}[\dA-Z]{2}$/)
    const separator = fc.constantFrom('', ' ', '"', "'", '=', ': ')
    fc.assert(
      fc.property(value, separator, (secret, around) => {
        const text = `Bad${around}${secret}${around}`
        const message = messageOf({ title: `T ${text}`, detail: `D ${text}` }, send(secret), text)
        expect(message).not.toContain(secret)
        expect(message.split('‹secret›').length - 1).toBeGreaterThanOrEqual(3)
      }),
      { numRuns: 20 },
    )
  })
  it.each(['1234567890123456789', '-1234567890123456789.5', '1e400', '12345.6000', '0.1234567890123456789'])(
    'does not repeat the number %s of JSON text',
    (number) => {
      for (const text of [number, `{"account":${number}}`, `[0,{"a":[${number} ]}]`, `{"a":${number},"a":"x"}`]) {
        const detail = `no ${number} and ${Number(number)}`
        expect(messageOf({ detail }, withJsonText(text))).toContain(
          Number.isFinite(Number(number)) ? ': no ‹secret› and ‹secret›' : ': no ‹secret› and ',
        )
      }
    },
  )
  it('repeats the names of an authorization that are not secret', () => {
    const request = authorized(
      'Digest username="alice", realm="shop", uri="/a/b", qop=auth, algorithm=SHA-256, nc=00000001',
    )
    const detail = 'auth of alice for shop at /a/b with SHA-256 failed'
    expect(messageOf({ detail }, request)).toContain(detail)
  })
  it('repeats the reason of the server', () => {
    const login = Request.withBasicAuth('me', 'hunter2!')(get)
    for (const [reason, shown] of [
      ['Forbidden', 'Forbidden'],
      ['FORBIDDEN', 'FORBIDDEN'],
      ['Bad hunter2!', 'Bad ‹secret›'],
      ['No credit', 'No credit'],
      ['', ''],
    ] as const) {
      expect(messageOf({}, login, reason)).toBe(START.replace('Forbidden', shown))
      expect(messageOf({}, get, reason)).toBe(START.replace('Forbidden', reason))
    }
    expect(messageOf({}, get, `a\x1b[31m${'b'.repeat(500)}`).length).toBeLessThan(200)
  })
  it('repeats a reason without secrets in stories, diagrams and archives', async () => {
    const transport = Transport.memory(() => ({ status: 403, reason: 'Bad hunter2!' }))
    const login = Request.withBasicAuth('me', 'hunter2!')(get)
    const outcome = await Client.runWith({ session: Session.empty, transport })(Http.attempt(login))()
    if (E.isLeft(outcome) || E.isLeft(outcome.right)) return expect.fail('it has a response')
    const story = Story.ofOutcome(outcome.right)
    const response = outcome.right.right
    for (const text of [Story.render()(story), Story.toMermaid(story), JSON.stringify(Har.ofResponse()(response))]) {
      expect(text).toContain('Bad')
      expect(text).not.toContain('hunter2!')
    }
    expect(JSON.stringify(Har.ofResponse({ reveal: true })(response))).toContain('Bad hunter2!')
  })
  it('has the usual reason if that of the server may contain a value that cannot be searched for', () => {
    const request = pipe(sent, Request.withText('<p>hunter2!</p>'))
    expect(messageOf({}, request, 'Bad hunter2!')).toBe(START.replace('GET', 'POST'))
    expect(messageOf({}, request, 'forbidden')).toContain('403 Client Error: forbidden for')
  })
  it.each<readonly [string, unknown]>([
    ['large', 'hunter2!'.repeat(10_000)],
    ['of many values', Array.from({ length: 2_000 }, (_, i) => `value ${i}`)],
  ])('does not repeat a server if the body of the request is too %s to search', (_, body) => {
    const request = pipe(Request.post('http://h.test/a/b'), Request.withJson(body))
    expect(messageOf({ title: 'T', detail: 'D' }, request)).toBe(START.replace('GET', 'POST'))
  })
  const post = Request.post('http://h.test/a/b')
  const password = '<a><password>hunter2!</password></a>'
  const typed = (type: string) => Request.withHeader('Content-Type', type)
  it.each<readonly [string, Request.Request]>([
    ['XML', pipe(post, typed('text/xml'), Request.withText(password))],
    ['lines of JSON', pipe(post, typed('application/x-ndjson'), Request.withText('{"pass":"hunter2!"}\n{}\n'))],
    ['JSON with a byte order mark', pipe(post, typed('application/json'), Request.withText('\ufeff{"p":"hunter2!"}'))],
    ['JSON that is sent as another type', pipe(post, typed('text/xml'), Request.withText('{"a":"1"}'))],
    ['text without a type', pipe(post, Request.withText('pass=hunter2!'))],
    ['JSON in JSON', pipe(post, Request.withJson({ a: JSON.stringify({ pass: 'hunter2!' }) }))],
    ['binary', pipe(post, typed('application/octet-stream'), Request.withBytes(Buffer.from('\0hunter2!')))],
    ['a file', pipe(post, Request.withMultipart([{ name: 'f', filename: 'f.txt', content: password }]))],
    [
      'compressed JSON',
      pipe(post, Request.withJson({ p: 'hunter2!', pad: 'x'.repeat(4000) }), Request.withCompression('gzip')),
    ],
    [
      'a stream',
      pipe(
        post,
        Request.withStream(async function* () {
          yield Buffer.from('hunter2!')
        }),
      ),
    ],
  ])('does not repeat a server if the body of the request is %s', (_, request) => {
    expect(messageOf({ title: 'Bad hunter2!', detail: 'hunter2!' }, request)).toBe(START.replace('GET', 'POST'))
  })
  it.each(['scope', 'resource', 'client_id', 'audience'])('does not repeat the value of %s', (name) => {
    const request = pipe(post, Request.withJson({ [name]: 'hunter2!' }))
    expect(messageOf({ detail: 'not hunter2!' }, request)).toContain(': not ‹secret›')
  })
  it('does not repeat a text that may contain a long value, and repeats a shorter one', () => {
    const request = Request.withBearer('t'.repeat(500))(get)
    expect(messageOf({ title: 'T', detail: `not ${'t'.repeat(500)}` }, request)).toBe(`${START}: T`)
    expect(messageOf({ title: 'T', detail: 'is wrong' }, request)).toBe(`${START}: T: is wrong`)
    const escaped = Request.withBearer('%74'.repeat(500))(get)
    expect(messageOf({ title: 't'.repeat(500) }, escaped)).toBe(START)
  })
  it('never shows a part of a value, wherever the text is cut', () => {
    const secret = 'hunter2!'.repeat(40)
    const request = Request.withBearer(secret)(get)
    const encoded = fc.constantFrom(secret, encodeURIComponent(secret), secret.replaceAll('h', '%2568'))
    fc.assert(
      fc.property(fc.nat(5_000), encoded, fc.nat(20), (before, text, count) => {
        const detail = `${'x'.repeat(before)}${`${text} `.repeat(count)}`
        expect(messageOf({ detail }, request)).not.toMatch(/unter/)
      }),
      { numRuns: 200 },
    )
  })
  it.each<readonly [string, unknown]>([
    ['padded with zeros', { data: '0'.repeat(60_000) }],
    ['of zeros and a digit', { data: `${'0'.repeat(60_000)}1` }],
    ['of many zeros', Array.from({ length: 160 }, (_, i) => '0'.repeat(240 + i))],
    ['of many values', Array.from({ length: 990 }, (_, i) => `aaaaaaaa${i}`)],
  ])('takes little time for a body %s and a text of a million zeros', (_, body) => {
    const request = pipe(post, Request.withJson(body))
    for (const unit of ['0', '%30', 'a', '%2561']) {
      const response = responseOf(JSON.stringify({ detail: unit.repeat(1_000_000 / unit.length) }), TYPE, request)
      const start = process.cpuUsage()
      expect(E.isLeft(Response.ok(response))).toBe(true)
      expect(process.cpuUsage(start).user / 1000).toBeLessThan(1_000)
    }
  })
  it('repeats the problem for Http.ok, Http.json and Stream.ok', async () => {
    const transport = Transport.memory({
      'GET /a/b': { status: 403, headers: { 'content-type': TYPE }, body: '{"title":"T","detail":"D"}' },
    })
    const programs = [
      pipe(Http.send(get), Http.ok),
      pipe(Http.send(get), Http.json(E.right)),
      pipe(get, Http.stream(Stream.ok((_, body) => pipe(body, Stream.lines(), Stream.toArray)))),
    ]
    for (const program of programs) {
      const outcome = await pipe(program, Http.mapError(HttpError.show), Client.runWith({ transport }))()
      expect(outcome).toEqual(E.left(`StatusError: ${START}: T: D`))
    }
  })
  it('needs no time for a response below 400, however large its problem is', () => {
    const response = responseOf('{}', TYPE, get, 200)
    const reads = { count: 0 }
    const watched = Object.defineProperty({ ...response }, 'bytes', {
      get: () => {
        reads.count += 1
        return response.bytes
      },
    })
    expect(E.isRight(Response.ok(watched))).toBe(true)
    expect(reads.count).toBe(0)
  })
})
