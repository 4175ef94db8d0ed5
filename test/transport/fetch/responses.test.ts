import { gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it, test, vi } from 'vitest'
import * as Request from '../../../src/Request.js'
import * as Transport from '../../../src/Transport.js'
import * as Fetch from '../../../src/transport/fetch/Fetch.js'
import * as Body from '../../../src/values/Body.js'
import * as Headers from '../../../src/values/Headers.js'
import * as Octets from '../../../src/values/Octets.js'
import * as Clock from '../../../src/wire/Clock.js'
import * as Coding from '../../../src/wire/coding/Coding.js'
import * as Fault from '../../../src/wire/Fault.js'
import { untyped } from '../../untyped.js'
import { type Call, endless, exchange, over, planOf, showsSecret } from './fakes.js'

// What a fetch may do instead of returning a Response: every outcome is a reply or a tagged Left.

const thrower = (error: unknown) => (): never => {
  throw error
}
/** A proxy whose every trap throws. */
const unreadable = (): object => {
  const traps = 'get has getPrototypeOf getOwnPropertyDescriptor ownKeys'.split(' ')
  return new Proxy({}, Object.fromEntries(traps.map((trap) => [trap, thrower(new Error(trap))])))
}
const broken = (error: unknown): ReadableStream<Uint8Array> =>
  new ReadableStream({ pull: (controller) => controller.error(error) })
const coded = (code: string, message = 'boom'): Error => Object.assign(new Error(message), { code })
const failed = (cause: unknown): Error => new TypeError('fetch failed', { cause })

describe('a fetch that', () => {
  const ODD: ReadonlyArray<readonly [what: string, respond: () => unknown, tag: Fault.FaultTag]> = [
    ['returns undefined', () => undefined, 'ProtocolError'],
    ['returns null', () => null, 'ProtocolError'],
    ['returns text', () => 'ok', 'ProtocolError'],
    ['returns an object', () => ({}), 'ProtocolError'],
    ['returns a list', async () => [], 'ProtocolError'],
    ['returns a status that is text', () => ({ status: '200', headers: [] }), 'ProtocolError'],
    ['returns an impossible status', () => ({ status: 99, headers: [], body: null }), 'ProtocolError'],
    ['returns no headers', () => ({ status: 200, body: null }), 'ProtocolError'],
    ['returns headers that are a record', () => ({ status: 200, headers: { a: 'b' }, body: null }), 'ProtocolError'],
    ['returns a header without a value', () => ({ status: 200, headers: [['a']], body: null }), 'ProtocolError'],
    ['returns a body that is text', () => ({ status: 200, headers: [], body: {} }), 'ProtocolError'],
    ['returns a body of text', () => ({ status: 200, headers: [], body: textChunks() }), 'ProtocolError'],
    ['returns Response.error()', () => Response.error(), 'ProtocolError'],
    ['returns an opaque response', () => ({ type: 'opaque', status: 0, headers: [], body: null }), 'ProtocolError'],
    ['returns a used body', usedResponse, 'ProtocolError'],
    ['throws a getter', () => Object.defineProperty({}, 'status', { get: thrower(new Error('no')) }), 'ProtocolError'],
    ['throws', thrower(new RangeError('no key')), 'ProtocolError'],
    ['throws undefined', thrower(undefined), 'ProtocolError'],
    ['throws text', thrower('no key'), 'ProtocolError'],
    ['throws a TypeError', thrower(new TypeError('Failed to fetch')), 'ConnectFailed'],
    ['rejects', async () => Promise.reject(new TypeError('Load failed')), 'ConnectFailed'],
    ['rejects with a fault', async () => Promise.reject(Fault.make('TlsFailed', 'mine')), 'TlsFailed'],
    ['rejects with a fault as its cause', async () => Promise.reject(failed(Fault.make('BodyCut', ''))), 'BodyCut'],
    ['rejects with a cycle of causes', async () => Promise.reject(cyclic()), 'ConnectFailed'],
    ['rejects with what cannot be read', async () => Promise.reject(unreadable()), 'ProtocolError'],
    ['aborts by itself', async () => Promise.reject(new DOMException('', 'AbortError')), 'Aborted'],
    ['times out by itself', async () => Promise.reject(new DOMException('', 'TimeoutError')), 'ReadTimeout'],
  ]
  test.each(ODD)('%s is a Left with its tag', async (_, respond, tag) => {
    const plan = planOf()
    const { fault } = await exchange(over(respond).transport, plan)
    expect(fault).toMatchObject({ _tag: tag })
  })
  test('is not a function is refused before it is called', async () => {
    for (const fetch of [5, 'fetch', {}, null]) {
      const transport = Transport.fetch(untyped({ fetch }))
      if (fetch === null) continue // as if it was not set
      expect(await exchange(transport)).toMatchObject({ fault: { _tag: 'Unsupported', unsupported: ['fetch'] } })
    }
  })
  test('is missing in the runtime is refused', async () => {
    vi.stubGlobal('fetch', undefined)
    try {
      const outcome = await exchange(Transport.fetch())
      expect(outcome).toMatchObject({ fault: { _tag: 'Unsupported', unsupported: ['fetch'], unsent: true } })
    } finally {
      vi.unstubAllGlobals()
    }
  })
  test('is replaced after the transport was made is used', async () => {
    const transport = Transport.fetch()
    vi.stubGlobal('fetch', async () => new Response('replaced'))
    try {
      expect(await exchange(transport)).toMatchObject({ text: 'replaced' })
    } finally {
      vi.unstubAllGlobals()
    }
  })
  test('returns anything does not make the transport throw', async () => {
    const property = fc.asyncProperty(fc.anything({ withNullPrototype: true, withMap: true }), async (value) => {
      const outcome = await over(() => value).transport(planOf(), {})()
      expect(E.isLeft(outcome) || outcome.right.status >= 200).toBe(true)
    })
    await fc.assert(property, { numRuns: 300 })
  })
})

async function* textChunks(): AsyncGenerator<string> {
  yield 'text'
}
const usedResponse = async (): Promise<Response> => {
  const response = new Response('ok')
  await response.text()
  return response
}
const cyclic = (): Error => {
  const error = new TypeError('loop')
  error.cause = error
  return error
}

describe('options that plain JavaScript sets', () => {
  test.each([
    ['redirects', 'No'],
    ['cookies', true],
    ['forbiddenHeaders', 'cookie'],
    ['forbiddenHeaders', [5]],
    ['methods', 'Any'],
    ['decodes', {}],
    ['unknown', 'Any'],
  ])('capabilities.%s: %j is refused', async (name, value) => {
    const transport = Transport.fetch(untyped({ fetch: () => new Response(), capabilities: { [name]: value } }))
    expect(await exchange(transport)).toMatchObject({
      fault: { _tag: 'Unsupported', unsupported: [`capabilities.${name}`] },
    })
  })
  test.each([undefined, null, {}])('%j is as no options', async (options) => {
    vi.stubGlobal('fetch', async () => new Response('ok'))
    try {
      expect(await exchange(Transport.fetch(untyped(options)))).toMatchObject({ text: 'ok' })
    } finally {
      vi.unstubAllGlobals()
    }
  })
  test('init cannot replace what the plan decides', async () => {
    const init = { method: 'PUT', headers: { a: 'b' }, body: 'x', redirect: 'follow', signal: null, duplex: 'half' }
    const { transport, calls } = over(undefined, { init: { ...init, credentials: 'include' } })
    await exchange(transport)
    const [call] = calls
    expect(call?.init).toMatchObject({ method: 'GET', headers: [], redirect: 'manual', credentials: 'include' })
    expect([call?.init.body, call?.init.signal instanceof AbortSignal]).toEqual([undefined, true])
  })
  test('init has the defaults of a browser only there', async () => {
    const [browser, server] = [over(undefined, { capabilities: Fetch.browser }), over()]
    await exchange(browser.transport)
    await exchange(server.transport)
    expect(browser.calls[0]?.init).toMatchObject({ credentials: 'omit', cache: 'no-store' })
    expect(server.calls[0]?.init).not.toHaveProperty('credentials')
  })
})

describe('a rejection is classified', () => {
  const NOT_SENT: ReadonlyArray<readonly [error: unknown, tag: Fault.FaultTag]> = [
    [failed(coded('ECONNREFUSED')), 'ConnectFailed'],
    [failed(coded('ENOTFOUND')), 'ConnectFailed'],
    [failed(coded('EHOSTUNREACH', 'connect EHOSTUNREACH 10.0.0.1:80')), 'ConnectFailed'],
    [failed(coded('EAI_AGAIN')), 'ConnectFailed'],
    [coded('ConnectionRefused'), 'ConnectFailed'],
    [failed(new Error('error sending request: client error (Connect): dns error: failed')), 'ConnectFailed'],
    [failed(coded('UND_ERR_CONNECT_TIMEOUT')), 'ConnectTimeout'],
    [failed(coded('CERT_HAS_EXPIRED')), 'TlsFailed'],
    [failed(coded('DEPTH_ZERO_SELF_SIGNED_CERT')), 'TlsFailed'],
    [failed(coded('ERR_TLS_CERT_ALTNAME_INVALID')), 'TlsFailed'],
    [failed(new Error('client error (Connect): invalid peer certificate: UnknownIssuer')), 'TlsFailed'],
    [failed(coded('UND_ERR_INVALID_ARG')), 'ProtocolError'],
    [failed(coded('UND_ERR_NOT_SUPPORTED')), 'ProtocolError'],
  ]
  test.each(NOT_SENT)('%s: nothing was sent', async (error, tag) => {
    const { fault } = await exchange(over(thrower(error)).transport)
    expect(fault).toMatchObject({ _tag: tag, unsent: true })
  })
  const MAY_BE_SENT: ReadonlyArray<readonly [error: unknown, tag: Fault.FaultTag]> = [
    [failed(coded('UND_ERR_SOCKET')), 'ConnectFailed'],
    [coded('ECONNRESET'), 'ConnectFailed'],
    [failed(coded('EHOSTUNREACH', 'read EHOSTUNREACH')), 'ConnectFailed'],
    [failed(coded('ENETUNREACH', 'write ENETUNREACH')), 'ConnectFailed'],
    [new Error('gateway: upstream connection refused (Connect)'), 'ProtocolError'],
    [new TypeError('Failed to fetch'), 'ConnectFailed'],
    [new Error('Network connection lost.'), 'ConnectFailed'],
    [failed(new Error('client error (SendRequest): connection closed')), 'ConnectFailed'],
    [failed(coded('UND_ERR_HEADERS_TIMEOUT')), 'ReadTimeout'],
    [failed(coded('ERR_SSL_WRONG_VERSION_NUMBER')), 'TlsFailed'],
    [failed(coded('HPE_INVALID_CONSTANT')), 'ProtocolError'],
    [failed(Object.assign(new Error('Expected HTTP/'), { name: 'HTTPParserError' })), 'ProtocolError'],
    [coded('Malformed_HTTP_Response'), 'ProtocolError'],
    [failed(coded('UND_ERR_REQ_CONTENT_LENGTH_MISMATCH')), 'RequestBodyFailed'],
    [new Error('no key'), 'ProtocolError'],
  ]
  test.each(MAY_BE_SENT)('%s: the server may have processed it', async (error, tag) => {
    const { fault } = await exchange(over(thrower(error)).transport)
    expect(fault).toMatchObject({ _tag: tag })
    expect(fault).not.toHaveProperty('unsent')
  })
  const IN_BODY: ReadonlyArray<readonly [error: unknown, tag: Fault.FaultTag]> = [
    [new TypeError('terminated', { cause: coded('UND_ERR_SOCKET') }), 'BodyCut'],
    [new TypeError('terminated', { cause: coded('Z_DATA_ERROR') }), 'DecodingFailed'],
    [new TypeError('terminated', { cause: coded('UND_ERR_BODY_TIMEOUT') }), 'ReadTimeout'],
    [coded('ZlibError'), 'DecodingFailed'],
    [new TypeError('Invalid gzip header'), 'DecodingFailed'],
    [new DOMException('', 'AbortError'), 'Aborted'],
    [undefined, 'BodyCut'],
  ]
  test.each(IN_BODY)('%s in a body', async (error, tag) => {
    const { fault, reply } = await exchange(over(() => new Response(broken(error))).transport)
    expect([reply?.status, fault?._tag]).toEqual([200, tag])
  })
  test('without the query of the URL, which may be secret', async () => {
    const text = 'error for url (http://h.test/a?key=hunter2): https://x.test/?hunter2 wss://h.test/#hunter2'
    for (const error of [new TypeError(text), failed(new Error(text)), failed(coded('ECONNRESET', text))]) {
      const { fault } = await exchange(over(thrower(error)).transport)
      expect(showsSecret({ ...fault, plan: undefined })).toBe(false)
      expect(fault?.message).toContain('http://h.test/a')
    }
  })
  test('without the query, in whatever form an error repeats it', async () => {
    const secret = fc.string({ unit: fc.constantFrom(...'abcXYZ09-._~()*!'), minLength: 12, maxLength: 24 })
    const form = fc.constantFrom<(url: string, target: string) => string>(
      (url) => `error for url (${url})`,
      (url) => `https://proxy.test/${encodeURIComponent(url)} failed`,
      (_, target) => `cannot GET ${target}`,
      (_, target) => `GET%20${encodeURIComponent(target)}`,
    )
    await fc.assert(
      fc.asyncProperty(secret, form, fc.boolean(), async (value, write, isNamed) => {
        const request = isNamed
          ? Request.withSecretQuery('key', value)(Request.get('http://h.test/p'))
          : Request.get(`http://h.test/p?key=${value}`)
        const { transport } = over(({ url }) => thrower(failed(new Error(write(url, url.slice(13)))))())
        const { fault } = await exchange(transport, planOf(request))
        expect(JSON.stringify({ ...fault, plan: undefined })).not.toContain(value)
      }),
    )
  })
})

describe('a reply', () => {
  it('has the status, the reason and the fields that fetch lists', async () => {
    const headers = new globalThis.Headers([
      ['X-B', '2'],
      ['Set-Cookie', 'a=1; Path=/'],
      ['X-A', '1'],
      ['Set-Cookie', 'b=2'],
    ])
    const { reply } = await exchange(
      over(() => new Response('é', { status: 404, statusText: 'No', headers })).transport,
    )
    expect(reply).toMatchObject({ status: 404, reason: 'No' })
    const fields = reply === undefined ? [] : Headers.reveal(reply.headers)
    expect(fields.filter(([name]) => name !== 'content-type')).toEqual([
      ['x-a', '1'],
      ['x-b', '2'],
      ['set-cookie', 'a=1; Path=/'],
      ['set-cookie', 'b=2'],
    ])
  })
  it('of a library has the chunks of an async iterable', async () => {
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield Octets.fromText('a')
      yield Octets.fromText('b')
    }
    const response = { status: 200, statusText: 'OK', headers: new Map([['a', 'b']]), body: chunks() }
    expect(await exchange(over(() => response).transport)).toMatchObject({ text: 'ab' })
  })
  it('without a stream is read at once', async () => {
    const response = { status: 200, headers: [], arrayBuffer: async () => Octets.fromText('whole').buffer }
    expect(await exchange(over(() => response).transport)).toMatchObject({ text: 'whole' })
    const broken = {
      status: 200,
      headers: [],
      arrayBuffer: () => Promise.reject(new TypeError('Network request failed')),
    }
    expect(await exchange(over(() => broken).transport)).toMatchObject({ fault: { _tag: 'BodyCut' } })
  })
  it.each([204, 304])('with status %i has no body', async (status) => {
    expect(await exchange(over(() => new Response(null, { status })).transport)).toMatchObject({ text: '' })
  })
  it('is read once', async () => {
    const sent = await over().transport(planOf(), {})()
    if (E.isLeft(sent)) return expect.unreachable(sent.left.message)
    expect(await sent.right.body.gather(9)()).toMatchObject({ _tag: 'Right' })
    expect(await sent.right.body.gather(9)()).toMatchObject({ left: { _tag: 'BodyCut' } })
  })
  it('that is a hidden redirect is Unsupported, and not unsent', async () => {
    const hidden = { type: 'opaqueredirect', status: 0, headers: [], body: null }
    const { fault } = await exchange(over(() => hidden, { capabilities: Fetch.browser }).transport)
    expect(fault).toMatchObject({ _tag: 'Unsupported', unsupported: ['redirect'] })
    expect(fault).not.toHaveProperty('unsent')
  })
  it('after redirects that fetch followed has the final URL, without the cookies of that URL', async () => {
    const response = {
      ...{ status: 200, headers: [['set-cookie', 'a=1']], body: null },
      ...{ redirected: true, url: 'https://u:p@other.test/b?c#d' },
    }
    const options = { capabilities: Fetch.browser, hiddenRedirects: 'follow' } as const
    const { transport, calls } = over(() => response, options)
    const { reply } = await exchange(transport)
    expect(calls[0]?.init.redirect).toBe('follow')
    expect([reply?.finalUrl, reply?.headers.fields]).toEqual(['https://other.test/b?c#d', []])
    const secret = planOf(Request.withSecretQuery('key', 'hunter2')(Request.get('http://h.test/')))
    expect((await exchange(transport, secret)).reply?.finalUrl).toBe('https://other.test/b#d')
  })
  it.each(['', '/relative'])('after redirects to the URL %j has no cookies of that URL', async (url) => {
    const response = { status: 200, headers: [['set-cookie', 'a=1']], body: null, redirected: true, url }
    const { reply } = await exchange(over(() => response).transport)
    expect([reply?.finalUrl, reply?.headers.fields]).toEqual([undefined, []])
  })
  it('is a Left if the clock of the caller throws', async () => {
    let reads = 0
    const monotonic = (): number => {
      reads += 1
      return reads === 1 ? 0 : thrower(new Error('no time'))()
    }
    const { fault } = await exchange(over().transport, planOf(), { clock: { ...Clock.system, monotonic } })
    expect(fault?._tag).toBe('ProtocolError')
  })
  it('is never followed by fetch where redirects are shown', async () => {
    const { transport, calls } = over(undefined, { hiddenRedirects: 'follow' })
    await exchange(transport)
    expect(calls[0]?.init.redirect).toBe('manual')
  })
})

describe('a coded body', () => {
  const HELLO = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, 0x29, 0, 0, 0x68, 0x65, 0x6c, 0x6c, 0x6f)
  const raw = (coding: string, ...chunks: ReadonlyArray<Uint8Array>) => ({
    status: 200,
    headers: [['content-encoding', coding]],
    body: new ReadableStream({
      start: (controller) => {
        for (const chunk of chunks) controller.enqueue(chunk)
        controller.close()
      },
    }),
  })
  const read = async (response: object, capabilities: Partial<Fetch.Capabilities> = {}): Promise<unknown> => {
    const { text, fault } = await exchange(over(() => response, { capabilities }).transport)
    return text ?? fault?._tag
  }
  const plain = Octets.fromText('plain')

  it('that fetch has decoded is not decoded again, and keeps its field', async () => {
    expect(await read(raw('gzip', plain))).toBe('plain')
    expect(await read(raw('GZIP, br', plain))).toBe('plain')
    const { reply } = await exchange(over(() => raw('gzip', plain)).transport)
    expect(reply === undefined ? '' : Headers.combined(reply.headers, 'Content-Encoding')).toBe('gzip')
  })
  it('that fetch does not know is decoded here', async () => {
    const zipped = new Uint8Array(gzipSync('hello'))
    expect(await read(raw('gzip', zipped), { decodes: [] })).toBe('hello')
    expect(await read(raw('x-gzip', zipped), Fetch.deno)).toBe('hello')
    expect(await read(raw('gzip, gzip', new Uint8Array(gzipSync(zipped))), Fetch.bun)).toBe('hello')
    expect(await read(raw('gzip', plain), { decodes: [] })).toBe('DecodingFailed')
    expect(await read(raw('foo', plain))).toBe('plain')
  })
  it('of zstd is decoded if its first octets show that fetch has not', async () => {
    const isKnown = Coding.supported.includes('zstd')
    const whole = isKnown ? 'hello' : Octets.toText(HELLO)
    expect(await read(raw('zstd', plain))).toBe('plain')
    expect(await read(raw('zstd'))).toBe('')
    expect(await read(raw('zstd', HELLO))).toBe(whole)
    expect(await read(raw('zstd', ...Array.from(HELLO, (octet) => Uint8Array.of(octet))))).toBe(whole)
    expect(await read(raw('zstd', HELLO), Fetch.bun)).toBe(Octets.toText(HELLO))
    expect(await read(raw('zstd', untyped('text')))).toBe('ProtocolError')
  })
})

describe('a response that arrives too late', () => {
  it('is cancelled', async () => {
    const { stream, isCancelled } = endless()
    let respond = (_: Response): void => {}
    const response = new Promise<Response>((resolve) => {
      respond = resolve
    })
    const abort = new AbortController()
    const pending = exchange(over(() => response).transport, planOf(), { signal: abort.signal })
    abort.abort()
    expect(await pending).toMatchObject({ fault: { _tag: 'Aborted' } })
    respond(new Response(stream))
    await vi.waitFor(() => expect(isCancelled()).toBe(true))
  })
})

describe('a request body', () => {
  async function* pieces(...items: ReadonlyArray<unknown>): AsyncGenerator<Uint8Array> {
    for (const item of items) yield untyped(item)
  }
  const readBody = async ({ init }: { readonly init: RequestInit }): Promise<Response> =>
    new Response(init.body instanceof ReadableStream ? await new Response(init.body).text() : init.body)
  const post = (body: Body.Payload) => ({ ...planOf(Request.post('https://h.test/')), headers: Headers.empty, body })

  it('of bytes is passed as it is', async () => {
    const octets = Octets.fromText('abc')
    const { transport, calls } = over(readBody)
    expect(await exchange(transport, post(Body.bytes(octets)))).toMatchObject({ text: 'abc' })
    expect(calls[0]?.init.body).toBe(octets)
  })
  it('in shared memory is copied, because fetch rejects it', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(3))
    const { transport, calls } = over(readBody)
    await exchange(transport, post(Body.bytes(shared)))
    expect(calls[0]?.init.body).toMatchObject({ buffer: expect.any(ArrayBuffer) })
  })
  it('of a stream is pulled chunk by chunk, with its length where it is known', async () => {
    const { transport, calls } = over(readBody)
    const body = Body.stream(() => pieces(Octets.fromText('ab'), Octets.fromText('c')), 3)
    expect(await exchange(transport, post(body))).toMatchObject({ text: 'abc' })
    expect(calls[0]?.init).toMatchObject({ duplex: 'half', headers: [['Content-Length', '3']] })
  })
  test.each([
    ['throws', () => pieces(Octets.fromText('a')), 9],
    ['yields text', () => pieces('text'), undefined],
    ['is longer than its length', () => pieces(new Uint8Array(5)), 3],
    ['is shorter than its length', () => pieces(new Uint8Array(1)), 3],
  ])('that %s is RequestBodyFailed', async (_, open, length) => {
    const { fault } = await exchange(over(readBody).transport, post(Body.stream(open, length)))
    expect(fault?._tag).toBe('RequestBodyFailed')
  })
  it('that throws is RequestBodyFailed with its error', async () => {
    const open = (): never => {
      throw new Error('disk gone')
    }
    const { fault } = await exchange(over(readBody).transport, post(Body.stream(open)))
    expect(fault).toMatchObject({ _tag: 'RequestBodyFailed', cause: { message: 'disk gone' } })
  })
  it('joins several Cookie fields, because workerd would use a comma', async () => {
    const { transport, calls } = over()
    const plan = {
      ...planOf(),
      headers: Headers.fromPairs([
        ['Cookie', 'a=1'],
        ['X-A', '1'],
        ['cookie', 'b=2'],
      ]),
    }
    await exchange(transport, plan)
    expect(calls[0]?.init.headers).toEqual([
      ['X-A', '1'],
      ['Cookie', 'a=1; b=2'],
    ])
  })
})

describe('an attempt over fetch', () => {
  it('does not count the wait for a slow request body as silence', async () => {
    async function* slow(): AsyncGenerator<Uint8Array> {
      await new Promise((resolve) => setTimeout(resolve, 400))
      yield Octets.fromText('late')
    }
    const respond = async ({ init }: Call): Promise<Response> => new Response(await new Response(init.body).text())
    const plan = planOf(
      pipe(Request.post('https://h.test/'), Request.withStream(slow), Request.withTimeouts({ read: 150 })),
    )
    expect(await exchange(over(respond).transport, plan)).toMatchObject({ text: 'late' })
  })
  it('fails with a request body that fails, even if fetch ignores the failure', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Octets.fromText('a')
      throw new Error('disk gone')
    }
    const respond = async ({ init }: Call): Promise<Response> => {
      await new Response(init.body).text().catch(() => '')
      return new Response('ok')
    }
    const plan = planOf(Request.withStream(failing)(Request.post('https://h.test/')))
    expect(await exchange(over(respond).transport, plan)).toMatchObject({ fault: { _tag: 'RequestBodyFailed' } })
  })
  it('keeps no timeout for a body that is not read', async () => {
    vi.useFakeTimers()
    try {
      const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) })
      const plan = planOf(Request.withTimeouts({ read: 60_000 })(Request.get('http://h.test/')))
      const { transport } = over(() => new Response(body))
      const sent = await transport(plan, {})()
      await vi.waitFor(() => expect(vi.getTimerCount()).toBe(0))
      expect(E.isRight(sent)).toBe(true)
      if (E.isRight(sent)) await sent.right.body.discard()
    } finally {
      vi.useRealTimers()
    }
  })
  it('stops reading a body that is not wanted yet, and continues', async () => {
    let pulled = 0
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled += 1
        if (pulled > 40) controller.close()
        else controller.enqueue(new Uint8Array(65_536))
      },
    })
    const sent = await over(() => new Response(body)).transport(planOf(), {})()
    if (E.isLeft(sent)) return expect.unreachable(sent.left.message)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(pulled).toBeLessThan(10)
    expect(await sent.right.body.gather(1e9)()).toMatchObject({ right: { length: 40 * 65_536 } })
  })
  it.each([
    [
      'coded',
      'basic',
      [
        ['content-encoding', 'gzip'],
        ['content-length', '5'],
      ],
      undefined,
    ],
    ['of another origin, which may be coded', 'cors', [['content-length', '5']], undefined],
    ['neither', 'basic', [['content-length', '5']], 5],
  ])('reports the total of a body that is %s', async (_, type, headers, total) => {
    const seen: Transport.Progress[] = []
    const response = { status: 200, type, headers, body: new Response('plain').body }
    const progress = (one: Transport.Progress) => () => void seen.push(one)
    await exchange(over(() => response).transport, planOf(), { progress })
    expect(seen).toEqual([{ direction: 'down', bytes: 5, ...(total === undefined ? {} : { total }) }])
  })
})

describe('Fetch.detect', () => {
  test.each([
    ['Node.js/24', Fetch.node],
    ['Deno/2.9.6', Fetch.deno],
    ['Bun/1.4.5', Fetch.bun],
    ['Cloudflare-Workers', Fetch.workerd],
    ['another', Fetch.node],
    [undefined, Fetch.node],
  ])('knows the runtime %s', (userAgent, capabilities) => {
    vi.stubGlobal('navigator', { userAgent })
    try {
      expect(Fetch.detect()).toBe(capabilities)
    } finally {
      vi.unstubAllGlobals()
    }
  })
  test.each([
    ['streams', true, 'Https'],
    ['no streams', false, 'None'],
  ])('knows a browser with %s by its Request', (_, streams, requestStreams) => {
    class BrowserRequest {
      readonly headers: { has(name: string): boolean }
      constructor(_: string, init: { readonly duplex?: string; readonly body?: unknown }) {
        const isText = !streams && init.body !== undefined
        if (streams) void init.duplex
        this.headers = { has: (name) => isText && name === 'content-type' }
      }
    }
    vi.stubGlobal('navigator', { userAgent: 'Mozilla/5.0' })
    vi.stubGlobal('Request', BrowserRequest)
    try {
      expect(Fetch.detect()).toEqual({ ...Fetch.browser, requestStreams })
    } finally {
      vi.unstubAllGlobals()
    }
  })
})
