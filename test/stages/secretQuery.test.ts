/**
 * A secret query value is sent, and is never shown by a plan, a message, a printer, a tape or an archive.
 */

import { inspect } from 'node:util'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as L from '../../src/index.js'

const VALUE = 'S3cr3t/+ü&='
const ENCODED = 'S3cr3t%2F%2B%C3%BC%26%3D'

const planOf = (request: L.Request.Request, session: L.Session.Session = L.Session.defaults) => {
  const plan = L.Plan.plan({ session })(request)
  if (E.isLeft(plan)) throw new Error(plan.left.message)
  return plan.right
}
const isShown = (text: string): boolean => text.includes(VALUE) || text.includes(ENCODED) || text.includes('S3cr3t')

const request = pipe(L.Request.get('http://h.test/p?a=1#f'), L.Request.withSecretQuery('key', VALUE))
const plan = planOf(request)

const printers: Readonly<Record<string, (plan: L.Plan.Plan) => unknown>> = {
  'JSON.stringify': JSON.stringify,
  inspect: (plan) => inspect(plan, { depth: 20 }),
  'Plan.show': L.Plan.show,
  'Plan.toHttp': L.Plan.toHttp(),
  'Plan.toCurl': L.Plan.toCurl(),
  'Plan.toHar': (plan) => JSON.stringify(L.Plan.toHar()(plan)),
  'Plan.canonical': L.Plan.canonical(),
  'Plan.explain': (plan) => inspect(L.Plan.explain(plan), { depth: 20 }),
  'Explain.render': (plan) => L.Explain.render()(L.Plan.explain(plan)),
  'Explain.toData': (plan) => JSON.stringify(L.Explain.toData(L.Plan.explain(plan))),
  'Plan.diff': (other) => L.Diff.render()(L.Plan.diff(planOf(L.Request.get('http://h.test/p')))(other)),
  'Plan.lint': (plan) => L.Lint.render()(L.Plan.lint(plan)),
}

describe('a secret query value', () => {
  it.each(Object.entries(printers))('is not shown by %s', (_, print) => {
    expect(isShown(String(print(plan)))).toBe(false)
    expect(
      isShown(
        String(
          print(planOf(L.Request.get('http://h.test/'), L.Session.withSecretQuery('key', VALUE)(L.Session.defaults))),
        ),
      ),
    ).toBe(false)
  })
  it('is redacted in the URL of the plan', () => {
    expect(plan.url.href).toBe('http://h.test/p?a=1&key=‹secret›#f')
    expect(plan.url.search).toBe('?a=1&key=‹secret›')
  })
  it('is in Plan.wire, and in the output of printers with reveal', () => {
    const sent = `http://h.test/p?a=1&key=${ENCODED}`
    expect(L.Plan.wire(plan).url).toBe(`${sent}#f`)
    expect(L.Plan.toCurl({ reveal: true })(plan)).toContain(`key=${ENCODED}`)
    expect(L.Plan.toHttp({ reveal: true })(plan)).toContain(`GET /p?a=1&key=${ENCODED} HTTP/1.1`)
    expect(L.Plan.canonical({ reveal: true })(plan)).toContain(ENCODED)
    const [entry] = L.Plan.toHar({ reveal: true })(plan).log.entries
    expect(entry?.request.queryString).toContainEqual({ name: 'key', value: VALUE })
  })
  it('is restored by Explain.rebuild', () => {
    const rebuilt = L.Explain.rebuild(L.Plan.explain(plan))
    expect(
      pipe(
        rebuilt,
        O.map((one) => L.Plan.wire(one).url),
        O.toUndefined,
      ),
    ).toBe(L.Plan.wire(plan).url)
  })
  it('is encoded like any other value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, value) => {
        const secret = planOf(L.Request.withSecretQuery(name, value)(L.Request.get('http://h.test/')))
        const open = planOf(L.Request.withQuery([[name, value]])(L.Request.get('http://h.test/')))
        expect(L.Plan.wire(secret).url).toBe(L.Plan.wire(open).url)
      }),
    )
  })
  it('of the session is replaced by the request’s and removed by null', () => {
    const session = L.Session.withSecretQuery('key', 'old')(L.Session.empty)
    expect(L.Plan.wire(planOf(L.Request.withSecretQuery('key', 'new')(L.Request.get('http://h/')), session)).url).toBe(
      'http://h/?key=new',
    )
    expect(planOf(L.Request.withQuery({ key: null })(L.Request.get('http://h/')), session).url.href).toBe('http://h/')
  })
  it('is encoded with a session only if reveal is set', () => {
    const session = L.Session.withSecretQuery('key', VALUE)(L.Session.empty)
    const redacted = L.Session.encode()(session)
    expect(E.isLeft(redacted) ? redacted.left.paths : []).toEqual(['query.key'])
    const again = pipe(session, L.Session.encode({ reveal: true }), E.flatMap(L.Session.decode))
    expect(
      pipe(
        again,
        E.map((read) => L.Plan.wire(planOf(L.Request.get('http://h/'), read)).url),
      ),
    ).toEqual(E.right(`http://h/?key=${ENCODED}`))
  })
})

describe('a secret query value on a redirect', () => {
  const follow = (location: string, status = 302) =>
    pipe(
      request,
      L.Exchange.simulate({ session: L.Session.defaults })((plan) =>
        plan.cause === 'Start' ? { status, headers: { location } } : { status: 404, body: 'gone' },
      ),
    )
  it.each([
    [`/q/?key=${ENCODED}&b=2`, 'http://h.test/q/?key=‹secret›&b=2#f'],
    [`http://other.test/?x=1&echo=${ENCODED}`, 'http://other.test/?x=1&echo=‹secret›#f'],
    [`?${ENCODED}`, 'http://h.test/p?‹secret›#f'],
    ['#g', 'http://h.test/p?a=1&key=‹secret›#g'],
  ])('is redacted if the server repeats it in the Location %j', (location, shown) => {
    const trace = follow(location)
    const last = trace.hops.at(-1)?.plan
    expect(last?.url.href).toBe(shown)
    expect(last === undefined ? '' : L.Plan.wire(last).url).toContain(ENCODED)
    expect(isShown(L.Story.render()(L.Story.ofTrace(trace)))).toBe(false)
    if (E.isRight(trace.outcome)) expect(isShown(JSON.stringify(L.Response.ok(trace.outcome.right)))).toBe(false)
  })
  it.each([`http://[${ENCODED}/`, `ftp://h/?key=${ENCODED}`])(
    'is not in the error message about the Location %j',
    (location) => {
      const { outcome } = follow(location)
      expect(E.isLeft(outcome) && !isShown(outcome.left.message)).toBe(true)
    },
  )
})

describe('a secret query value that a Location repeats', () => {
  const KEY = 'S3CRET'
  const withKey = L.Request.withSecretQuery('k', KEY)(L.Request.get('http://h.test/'))
  const isKeyShown = (text: string): boolean => /S3(?:C|%(?:25)*43)RET/i.test(text)
  const run = async (location: string, session = L.Session.defaults) => {
    const sent: string[] = []
    let tape = L.Tape.empty
    const server: L.Transport.Server = (plan) => {
      sent.push(L.Plan.wire(plan).url)
      return plan.cause === 'Start' ? { status: 302, headers: { location } } : { status: 404, body: 'not JSON' }
    }
    const keep = (entry: L.Tape.Entry) => () => {
      tape = L.Tape.append(entry)(tape)
    }
    const send = (transport: L.Transport.Transport) =>
      pipe(L.Http.attempt(withKey), L.Client.use({ session, transport, environment: L.Environment.empty }))()
    const ran = await send(L.Transport.record(keep)(L.Transport.memory(server)))
    const outcome = E.isRight(ran) ? ran.right[0] : expect.fail('attempt never fails')
    return { outcome, sent, tape, send }
  }
  const shownOf = (outcome: E.Either<L.Exchange.SendError, L.Response.Response>): ReadonlyArray<string> => {
    if (E.isLeft(outcome))
      return [L.HttpError.show(outcome.left), inspect(outcome, { depth: 20 }), JSON.stringify(outcome)]
    const response = outcome.right
    const noJson = L.Response.json(E.right)(response)
    if (E.isRight(noJson)) expect.fail('the body is not JSON')
    const hops = [...response.history, { plan: response.plan, head: response }]
    return [
      ...Object.values(printers).map((print) => String(print(response.plan))),
      ...[response.url, noJson.left.message, L.HttpError.show(noJson.left), JSON.stringify(L.Har.ofHops()(hops))],
      ...[inspect(response, { depth: 20 }), JSON.stringify(response)],
      L.Story.render()(L.Story.ofOutcome(outcome)),
    ]
  }
  const locations: ReadonlyArray<readonly [location: string, target: string, shown: string]> = [
    ['/x?k=S3CRET', '/x?k=S3CRET', '/x?k=‹secret›'],
    ['/login?next=/?k=S3CRET', '/login?next=/?k=S3CRET', '/login?next=/?k=‹secret›'],
    ['/login?next=%2F%3Fk%3DS3CRET', '/login?next=%2F%3Fk%3DS3CRET', '/login?next=%2F%3Fk%3D‹secret›'],
    ['/login?next=%2F%3Fk%3DS3%2543RET', '/login?next=%2F%3Fk%3DS3%2543RET', '/login?next=%2F%3Fk%3D‹secret›'],
    ['/x?k=S3%43RET', '/x?k=S3CRET', '/x?k=‹secret›'],
    ['/x?p=50%&k=S3%43RET', '/x?p=50%25&k=S3%2543RET', '/x?p=50%25&k=‹secret›'],
    ['/t/S3CRET/x', '/t/S3CRET/x', '/t/‹secret›/x'],
    ['t/S3CRET', '/t/S3CRET', '/t/‹secret›'],
    ['//h.test/S3CRET?a', '/S3CRET?a', '/‹secret›?a'],
  ]
  it.each(locations)('is redacted in %j, which is requested unchanged', async (location, target, shown) => {
    const { outcome, sent } = await run(location)
    expect(sent).toEqual(['http://h.test/?k=S3CRET', `http://h.test${target}`])
    expect(E.isRight(outcome) && outcome.right.url).toBe(`http://h.test${shown}`)
    expect(shownOf(outcome).filter(isKeyShown)).toEqual([])
  })
  it.each(locations)('is redacted in %j on a tape that can still be replayed', async (location, _, shown) => {
    const { tape, send } = await run(location)
    const json = JSON.stringify(L.Tape.encode(tape))
    expect(isKeyShown(json + inspect(tape, { depth: 20 }))).toBe(false)
    expect(json).toContain(`http://h.test${shown}`)
    const again = L.Tape.decode(JSON.parse(json))
    const replayed = await send(L.Transport.replay(E.isRight(again) ? again.right : expect.fail('unreadable')))
    expect(E.isRight(replayed) && E.isRight(replayed.right[0]) && replayed.right[0].right.status).toBe(404)
  })
  it.each([
    '/x#k=S3CRET',
    '#S3%43RET',
    'http://e.test:99999/?next=%2F%3Fk%3DS3%43RET',
    'http://[S3CRET/',
    'ftp://h/S3CRET',
  ])('is redacted in the response or the error after the Location %j', async (location) => {
    const { outcome, tape } = await run(location)
    expect([...shownOf(outcome), JSON.stringify(L.Tape.encode(tape))].filter(isKeyShown)).toEqual([])
  })
  it('is redacted in the hops of a simulation and in their HAR', () => {
    for (const [location] of locations) {
      const trace = L.Exchange.simulate({ session: L.Session.defaults })((plan) =>
        plan.cause === 'Start' ? { status: 302, headers: { location, link: '</?k=S3CRET>' } } : { status: 200 },
      )(withKey)
      expect(isKeyShown(inspect(trace, { depth: 20 }) + JSON.stringify(L.Har.ofHops()(trace.hops)))).toBe(false)
    }
  })
  it.each([
    ['3600', 'Max-Age=3600'],
    ['h.test', 'Domain=h.test'],
    ['2099', 'Expires=Thu, 01 Jan 2099 00:00:00 GMT'],
    ['0', 'Max-Age=0'],
  ])('with the value %j does not change the cookie attribute %s on a tape', async (secret, attribute) => {
    const entries: L.Tape.Entry[] = []
    const keep = (entry: L.Tape.Entry) => () => void entries.push(entry)
    const server = () => ({ status: 200, headers: { 'set-cookie': `sid=1; ${attribute}; Path=/a/${secret}` } })
    await pipe(
      L.Http.get('http://h.test/', L.Request.withSecretQuery('k', secret)),
      L.Client.use({ session: L.Session.empty, transport: L.Transport.record(keep)(L.Transport.memory(server)) }),
    )()
    const tape = entries.reduce((made, entry) => L.Tape.append(entry)(made), L.Tape.empty)
    const json = JSON.stringify(L.Tape.encode(tape))
    expect(json).toContain(`; ${attribute}; Path=`)
    if (secret.length >= 4) expect(json).not.toContain(`/a/${secret}`)
  })
  it('in a path still matches cookies of that path and resolves the next relative Location', async () => {
    const server: L.Transport.Server = (plan) => {
      const { url, headers } = L.Plan.wire(plan)
      switch (new URL(url).pathname) {
        case '/':
          return { status: 302, headers: { location: '/t/S3CRET/a' } }
        case '/t/S3CRET/a':
          return { status: 302, headers: { location: 'b', 'set-cookie': 'sid=1; Path=/t/S3CRET' } }
        default:
          return { status: 200, body: `${url} ${JSON.stringify(headers)}` }
      }
    }
    let tape = L.Tape.empty
    const keep = (entry: L.Tape.Entry) => () => {
      tape = L.Tape.append(entry)(tape)
    }
    const send = (transport: L.Transport.Transport) =>
      pipe(
        L.Http.get('http://h.test/', L.Request.withSecretQuery('k', KEY)),
        L.Client.use({ session: L.Session.empty, transport }),
      )()
    const ran = await send(L.Transport.record(keep)(L.Transport.memory(server)))
    if (E.isLeft(ran)) expect.fail(ran.left.message)
    expect(L.Response.text(ran.right[0])).toBe('http://h.test/t/S3CRET/b [["Cookie","sid=1"]]')
    expect(ran.right[0].url).toBe('http://h.test/t/‹secret›/b')
    expect(L.Jar.toArray(ran.right[1]).map(({ setBy }) => setBy)).toEqual([O.some('http://h.test/t/‹secret›/a')])
    expect(tape.entries.map(({ asked }) => asked.url)).toEqual([
      'http://h.test/?k=‹secret›',
      'http://h.test/t/‹secret›/a',
      'http://h.test/t/‹secret›/b',
    ])
    const replayed = await send(L.Transport.replay(tape))
    expect(E.isRight(replayed) && replayed.right[0].status).toBe(200)
  })
  it('is redacted if it comes from the session', async () => {
    const session = L.Session.withSecretQuery('s', 'T0KEN')(L.Session.defaults)
    const { outcome } = await run('/login?next=%2F%3Fs%3DT0KEN', session)
    expect(E.isRight(outcome) && outcome.right.url).toBe('http://h.test/login?next=%2F%3Fs%3D‹secret›')
  })
})

describe('a request outside the origin of the base URL', () => {
  const session = pipe(
    L.Session.empty,
    L.Session.withBaseUrl('https://api.test/v1'),
    L.Session.withQuery({ q: 'session' }),
    L.Session.withSecretQuery('key', VALUE),
    L.Session.withHeader('Host', 'internal.test'),
    L.Session.withHeader('X-Tok', 'session'),
    L.Session.withBearer('t'),
  )
  it('is sent neither Host nor query nor the headers that it names sensitive', () => {
    const away = planOf(L.Request.withSensitiveHeaders('X-Tok')(L.Request.get('https://other.test/x')), session)
    expect(L.Plan.wire(away)).toMatchObject({ url: 'https://other.test/x', headers: [] })
    const dropped = L.Plan.explain(away).dropped.map(({ what }) => what)
    expect(dropped).toEqual(expect.arrayContaining(['auth', 'query', 'header Host', 'header X-Tok']))
  })
  it('keeps its own query', () => {
    expect(planOf(L.Request.withQuery({ a: 1 })(L.Request.get('https://other.test/x')), session).url.search).toBe(
      '?a=1',
    )
  })
  it('is recognized with blanks before the scheme', () => {
    expect(L.Plan.wire(planOf(L.Request.get(' https://other.test/x'), session)).url).toBe('https://other.test/x')
  })
  it('differs from one to that origin, which is sent everything', () => {
    const home = planOf(L.Request.get('https://api.test/x'), session)
    expect(L.Plan.wire(home).url).toBe(`https://api.test/x?q=session&key=${ENCODED}`)
  })
})
