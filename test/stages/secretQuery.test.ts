/**
 * A query value that is a secret is sent, and shown by nothing: not by a plan, a message, a printer, a tape or an archive.
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
  it('reads as secret in the URL of the plan', () => {
    expect(plan.url.href).toBe('http://h.test/p?a=1&key=‹secret›#f')
    expect(plan.url.search).toBe('?a=1&key=‹secret›')
  })
  it('is in Plan.wire, and where the user asks for it', () => {
    const sent = `http://h.test/p?a=1&key=${ENCODED}`
    expect(L.Plan.wire(plan).url).toBe(`${sent}#f`)
    expect(L.Plan.toCurl({ reveal: true })(plan)).toContain(`key=${ENCODED}`)
    expect(L.Plan.toHttp({ reveal: true })(plan)).toContain(`GET /p?a=1&key=${ENCODED} HTTP/1.1`)
    expect(L.Plan.canonical({ reveal: true })(plan)).toContain(ENCODED)
    const [entry] = L.Plan.toHar({ reveal: true })(plan).log.entries
    expect(entry?.request.queryString).toContainEqual({ name: 'key', value: VALUE })
  })
  it('is one of the parts that rebuild the plan', () => {
    const rebuilt = L.Explain.rebuild(L.Plan.explain(plan))
    expect(
      pipe(
        rebuilt,
        O.map((one) => L.Plan.wire(one).url),
        O.toUndefined,
      ),
    ).toBe(L.Plan.wire(plan).url)
  })
  it('is encoded as any other value is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, value) => {
        const secret = planOf(L.Request.withSecretQuery(name, value)(L.Request.get('http://h.test/')))
        const open = planOf(L.Request.withQuery([[name, value]])(L.Request.get('http://h.test/')))
        expect(L.Plan.wire(secret).url).toBe(L.Plan.wire(open).url)
      }),
    )
  })
  it('of the request takes the place of the session’s, and is taken away by null', () => {
    const session = L.Session.withSecretQuery('key', 'old')(L.Session.empty)
    expect(L.Plan.wire(planOf(L.Request.withSecretQuery('key', 'new')(L.Request.get('http://h/')), session)).url).toBe(
      'http://h/?key=new',
    )
    expect(planOf(L.Request.withQuery({ key: null })(L.Request.get('http://h/')), session).url.href).toBe('http://h/')
  })
  it('is saved with a session only where that is wanted', () => {
    const session = L.Session.withSecretQuery('key', VALUE)(L.Session.empty)
    const unasked = L.Session.encode()(session)
    expect(E.isLeft(unasked) ? unasked.left.paths : []).toEqual(['query.key'])
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
  ])('that the server repeats in %j is hidden', (location, shown) => {
    const trace = follow(location)
    const last = trace.hops.at(-1)?.plan
    expect(last?.url.href).toBe(shown)
    expect(last === undefined ? '' : L.Plan.wire(last).url).toContain(ENCODED)
    expect(isShown(L.Story.render()(L.Story.ofTrace(trace)))).toBe(false)
    if (E.isRight(trace.outcome)) expect(isShown(JSON.stringify(L.Response.ok(trace.outcome.right)))).toBe(false)
  })
  it.each([`http://[${ENCODED}/`, `ftp://h/?key=${ENCODED}`])('is not in the message that refuses %j', (location) => {
    const { outcome } = follow(location)
    expect(E.isLeft(outcome) && !isShown(outcome.left.message)).toBe(true)
  })
})

describe('a request that leaves the base URL', () => {
  const session = pipe(
    L.Session.empty,
    L.Session.withBaseUrl('https://api.test/v1'),
    L.Session.withQuery({ q: 'session' }),
    L.Session.withSecretQuery('key', VALUE),
    L.Session.withHeader('Host', 'internal.test'),
    L.Session.withHeader('X-Tok', 'session'),
    L.Session.withBearer('t'),
  )
  it('takes neither Host nor query nor what the request names sensitive along', () => {
    const away = planOf(L.Request.withSensitiveHeaders('X-Tok')(L.Request.get('https://other.test/x')), session)
    expect(L.Plan.wire(away)).toMatchObject({ url: 'https://other.test/x', headers: [] })
    const dropped = L.Plan.explain(away).dropped.map(({ what }) => what)
    expect(dropped).toEqual(expect.arrayContaining(['auth', 'query', 'header Host', 'header X-Tok']))
  })
  it('has a query of its own', () => {
    expect(planOf(L.Request.withQuery({ a: 1 })(L.Request.get('https://other.test/x')), session).url.search).toBe(
      '?a=1',
    )
  })
  it('is the same for blanks before the scheme', () => {
    expect(L.Plan.wire(planOf(L.Request.get(' https://other.test/x'), session)).url).toBe('https://other.test/x')
  })
  it('to its own origin takes everything along', () => {
    const home = planOf(L.Request.get('https://api.test/x'), session)
    expect(L.Plan.wire(home).url).toBe(`https://api.test/x?q=session&key=${ENCODED}`)
  })
})
