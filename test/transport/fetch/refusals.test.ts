import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it, test } from 'vitest'
import * as Plans from '../../../laws/arbitrary/Plan.js'
import type * as Plan from '../../../src/Plan.js'
import * as Request from '../../../src/Request.js'
import * as Session from '../../../src/session/Session.js'
import * as Transport from '../../../src/Transport.js'
import * as Fetch from '../../../src/transport/fetch/Fetch.js'
import * as Body from '../../../src/values/Body.js'
import * as Headers from '../../../src/values/Headers.js'
import { wire } from '../../../src/wire/Plan.js'
import { exchange, over, planOf, showsSecret } from './fakes.js'

// What fetch cannot do is refused before anything is sent, and what it can do is sent as the plan has it.

const RUNTIMES = {
  browser: Fetch.browser,
  node: Fetch.node,
  deno: Fetch.deno,
  bun: Fetch.bun,
  workerd: Fetch.workerd,
} as const
type Runtime = keyof typeof RUNTIMES
const runtimes = Object.keys(RUNTIMES) as ReadonlyArray<Runtime> // the keys are those of the record above

const namesOf = (plan: Plan.Plan, runtime: Runtime): ReadonlyArray<string> =>
  Fetch.refusals(RUNTIMES[runtime])(plan).map(({ name }) => name)

async function* pieces(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(3)
}

const withFields =
  (...fields: ReadonlyArray<readonly [string, string]>) =>
  (plan: Plan.Plan): Plan.Plan => ({ ...plan, headers: Headers.fromPairs(fields) })

const plain = planOf(Request.get('http://h.test/'))
const secure = planOf(Request.post('https://h.test/'))
const bytes = Body.bytes(new Uint8Array(3))

/** A plan, the restriction that it meets, and the runtimes that refuse it. */
const REFUSED: ReadonlyArray<readonly [what: string, plan: Plan.Plan, name: string, by: ReadonlyArray<Runtime>]> = [
  ['a unix socket', { ...plain, url: { ...plain.url, protocol: 'http+unix:' } }, 'scheme', runtimes],
  ['a port of mail', planOf(Request.get('http://h.test:25/')), 'port', ['browser', 'node', 'deno']],
  ['TRACE', { ...plain, method: 'TRACE' }, 'method', ['browser', 'node', 'deno', 'bun']],
  ['trace', { ...plain, method: 'trace' }, 'method', ['browser', 'node', 'deno', 'bun']],
  ['CONNECT', { ...plain, method: 'CONNECT' }, 'method', runtimes],
  ['TRACK', { ...plain, method: 'TRACK' }, 'method', runtimes],
  ['an unknown method', { ...plain, method: 'FOO' }, 'method', ['bun', 'workerd']],
  ['a method with a blank', { ...plain, method: 'GET /' }, 'method', runtimes],
  ['an empty method', { ...plain, method: '' }, 'method', runtimes],
  ['post', { ...plain, method: 'post' }, 'method case', runtimes],
  ['Options', { ...plain, method: 'Options' }, 'method case', runtimes],
  ['patch', { ...plain, method: 'patch' }, 'method case', ['bun', 'workerd']],
  ['bytes with GET', { ...plain, body: bytes }, 'body of GET', runtimes],
  ['bytes with HEAD', { ...plain, method: 'HEAD', body: bytes }, 'body of GET', runtimes],
  ['a stream with GET', { ...plain, body: Body.stream(pieces) }, 'body of GET', runtimes],
  ['a stream to http', { ...plain, method: 'POST', body: Body.stream(pieces) }, 'stream', ['browser']],
  ['a stream to https', { ...secure, body: Body.stream(pieces) }, 'stream', []],
  ['Cookie', withFields(['cookie', 'a=1'])(plain), 'cookie', ['browser']],
  ['another Host', withFields(['HOST', 'other.test'])(plain), 'host', ['browser', 'node', 'deno', 'workerd']],
  [
    'a longer Content-Length',
    withFields(['Content-Length', '4'])({ ...secure, body: bytes }),
    'content length',
    runtimes,
  ],
  ['a Content-Length without a body', withFields(['content-length', '4'])(secure), 'content length', runtimes],
  [
    'a Content-Length of a stream',
    withFields(['Content-Length', '9'])({ ...secure, body: Body.stream(pieces) }),
    'content length',
    ['browser'],
  ],
  ['Referer', withFields(['Referer', 'x'])(plain), 'header', ['browser']],
  ['a name that starts with Sec-', withFields(['SEC-GPC', '1'])(plain), 'header', ['browser']],
  ['a name that starts with Proxy-', withFields(['Proxy-Connection', 'x'])(plain), 'header', ['browser']],
  ['Accept-Encoding: identity', withFields(['Accept-Encoding', 'identity'])(plain), 'header', ['browser']],
  ['a User-Agent', withFields(['User-Agent', 'MyApp/1.0'])(plain), 'header', ['browser']],
  ['Connection: close', withFields(['Connection', 'close'])(plain), 'header', ['browser', 'workerd']],
  ['Expect', withFields(['Expect', '100-continue'])(plain), 'header', ['browser', 'node', 'workerd']],
  ['an override with TRACE', withFields(['X-HTTP-Method-Override', 'a, trace'])(plain), 'header', ['browser']],
  ['an override with PUT', withFields(['X-HTTP-Method-Override', 'PUT'])(plain), 'header', []],
  ['a value beyond ASCII', withFields(['X-A', 'é'])(plain), 'header syntax', ['workerd']],
  ['a value beyond Latin-1', withFields(['X-A', '€'])(plain), 'header syntax', runtimes],
  ['a line end', withFields(['X-A', 'a\r\nB: c'])(plain), 'header syntax', runtimes],
  ['a name with a blank', withFields(['X A', 'a'])(plain), 'header syntax', runtimes],
  ['a proxy', planOf(Request.withProxy('http://u:hunter2@p.test')(Request.get('http://h.test/'))), 'proxy', runtimes],
  ['verify', planOf(Request.withVerify(false)(Request.get('https://h.test/'))), 'tls', runtimes],
  ['a CA', planOf(Request.withCa('/ca.pem')(Request.get('https://h.test/'))), 'tls', runtimes],
  ['verify of http', planOf(Request.withVerify(false)(Request.get('http://h.test/'))), 'tls', []],
  ['connect', planOf(Request.withTimeouts({ connect: 5 })(Request.get('http://h.test/'))), 'connect timeout', runtimes],
  [
    'connect and read',
    planOf(Request.withTimeouts({ connect: 5, read: 5 })(Request.get('http://h.test/'))),
    'connect timeout',
    [],
  ],
]

describe('a plan with', () => {
  test.each(REFUSED)('%s is refused only where fetch does not send it', (_, plan, name, by) => {
    expect(runtimes.filter((runtime) => namesOf(plan, runtime).includes(name))).toEqual(by)
  })
  it('every restriction is in the table above', () => {
    const tested = new Set(REFUSED.map(([, , name]) => name))
    expect(Fetch.restrictions.map(({ name }) => name).filter((name) => !tested.has(name))).toEqual([])
  })
})

describe('fields that fetch writes itself', () => {
  it.each(runtimes)('do not make a plan of the default session unsendable in %s', (runtime) => {
    const json = Request.withJson({ a: 1 })(Request.post('https://h.test/'))
    expect(namesOf(planOf(Request.get('https://h.test/'), Session.defaults), runtime)).toEqual([])
    expect(namesOf(planOf(json, Session.defaults), runtime)).toEqual([])
  })
  it('are not passed to a browser, and the others are', async () => {
    const { transport, calls } = over(undefined, { capabilities: Fetch.browser })
    await exchange(transport, planOf(Request.withBearer('t')(Request.get('https://h.test/')), Session.defaults))
    expect(calls[0]?.init.headers).toEqual([
      ['Accept', '*/*'],
      ['Authorization', 'Bearer t'],
    ])
  })
  it('are a Host and a Content-Length that are those of the request', async () => {
    const plan = withFields(['Host', 'H.test'], ['Content-Length', '3'], ['Transfer-Encoding', 'chunked'])(secure)
    const { transport, calls } = over()
    expect(await exchange(transport, { ...plan, body: bytes })).toMatchObject({ text: 'ok' })
    expect(calls[0]?.init.headers).toEqual([])
  })
})

describe('Transport.fetch', () => {
  it('calls fetch if and only if nothing is refused', async () => {
    const property = fc.asyncProperty(Plans.plan, fc.constantFrom(...runtimes), async (plan, runtime) => {
      const { transport, calls } = over(undefined, { capabilities: RUNTIMES[runtime] })
      const names = namesOf(plan, runtime)
      const refused = Transport.refusal(transport)(plan)
      expect(O.isSome(refused)).toBe(names.length > 0)
      const { fault, reply } = await exchange(transport, plan)
      if (names.length === 0) expect([calls.length, reply?.status]).toEqual([1, 200])
      else {
        expect(fault).toMatchObject({ _tag: 'Unsupported', unsupported: names, unsent: true, plan })
        expect(calls).toEqual([])
      }
    })
    await fc.assert(property, { numRuns: 300 })
  })
  it('passes every field of the plan that it does not write itself', async () => {
    const written = /^(?:host|content-length|transfer-encoding|connection|accept-encoding|user-agent)$/
    const property = fc.asyncProperty(Plans.sent, fc.constantFrom(...runtimes), async (sent, runtime) => {
      const plan = Plans.planAt('https://h.test')(sent)
      const { transport, calls } = over(undefined, { capabilities: RUNTIMES[runtime] })
      await exchange(transport, plan)
      const [call] = calls
      if (call === undefined) return
      expect(call.url).toBe(wire(plan).url)
      expect(call.init.method).toBe(plan.method)
      const kept = ([name]: readonly [string, string]): boolean => !written.test(name.toLowerCase())
      expect(call.init.headers.filter(kept)).toEqual(wire(plan).headers.filter(kept))
    })
    await fc.assert(property, { numRuns: 300 })
  })
  it('shows no value of a field in a refusal', async () => {
    const names = ['Cookie', 'Authorization', 'Referer', 'X-A', 'Host', 'Proxy-Authorization', 'Content-Length', 'a b']
    const property = fc.asyncProperty(
      fc.subarray(names, { minLength: 1 }),
      fc.constantFrom('hunter2', 'hunter2€', 'hunter2\n'),
      fc.constantFrom(...runtimes),
      async (fields, value, runtime) => {
        const plan = withFields(...fields.map((name): readonly [string, string] => [name, value]))(planOf())
        const { transport } = over(undefined, { capabilities: RUNTIMES[runtime] })
        const { fault } = await exchange(transport, plan)
        expect(showsSecret({ ...fault, plan: undefined })).toBe(false)
      },
    )
    await fc.assert(property, { numRuns: 200 })
  })
})
