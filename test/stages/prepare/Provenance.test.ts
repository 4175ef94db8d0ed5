import { inspect } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { identity, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Jar from '../../../src/cookies/Jar.js'
import * as Plan from '../../../src/Plan.js'
import * as Environment from '../../../src/session/Environment.js'
import * as Request from '../../../src/session/Request.js'
import * as Session from '../../../src/session/Session.js'
import * as Exchange from '../../../src/stages/Exchange.js'
import { merge } from '../../../src/stages/Merge.js'
import * as Provenance from '../../../src/stages/prepare/Provenance.js'
import * as Headers from '../../../src/values/Headers.js'
import type { Server } from '../../../src/wire/Reply.js'

// Each plan of an exchange records its inputs: request, session, jar, environment and time. A redirected plan also
// records the redirect and the previous plan.

const now = new Date(5_000)
const environment = Environment.make({ no_proxy: 'x' })
const session = pipe(
  Session.withBaseUrl('https://me:pw@a.test/v1')(Session.empty),
  Session.withHeader('X-Api-Key', 'key'),
)
const server: Server = {
  'GET https://b.test/': { status: 302, headers: { location: 'https://c.test/', 'set-cookie': 'sid=1' } },
  'GET https://c.test/': { status: 200 },
}
const request = Request.get('https://b.test/')
const [jar] = Jar.absorb(new URL('https://b.test/'), ['old=1'], now)(Jar.empty)
const trace = Exchange.simulate({ session, environment, jar, now })(server)(request)
const provenanceOf = (plan: Plan.Plan | undefined): Provenance.Provenance => {
  const provenance = plan === undefined ? O.none : Provenance.of(plan)
  return O.isSome(provenance) ? provenance.value : expect.fail('the plan has no provenance')
}
const [first, second] = trace.hops

describe('Provenance (specification)', () => {
  it('of a first plan has the inputs and the original plan', () => {
    const plan = first?.plan ?? expect.fail('nothing was sent')
    const { method, url, headers, body, route } = plan
    const provenance = provenanceOf(plan)
    expect(provenance).toMatchObject({ _tag: 'First', given: merge(session)(request), jar, environment, now })
    expect(provenance).toMatchObject({ method, url, headers, body, route })
  })
  it('keeps the settings that were not sent to another origin', () => {
    const away = Plan.plan({ session: pipe(session, Session.withBaseUrl('https://base.test')) })(request)
    const provenance = provenanceOf(E.isRight(away) ? away.right : undefined)
    if (provenance._tag !== 'First') return expect.fail(provenance._tag)
    expect(provenance.given.settings.headers.has('x-api-key')).toBe(true)
    expect(provenance.merged.settings.headers.has('x-api-key')).toBe(false)
  })
  it('of a redirected plan has the redirect, the previous plan, and the jar after it', () => {
    const provenance = provenanceOf(second?.plan)
    expect(provenance).toMatchObject({ _tag: 'Redirected', environment, now, credentialsAllowed: false })
    if (provenance._tag !== 'Redirected') return
    expect(provenance.jar).toBe(first?.jar)
    expect(provenance.previous).toBe(first?.plan)
    expect(provenance.head).toBe(first?.head)
    expect(second?.plan.cause).toBe('Follow')
  })
  it('of a plan that answers a challenge has the jar after the challenge and the headers that are sent', () => {
    const server: Server = ({ headers }) =>
      headers.fields.length > 0
        ? { status: 200 }
        : { status: 401, headers: { 'www-authenticate': 'Digest realm="r", nonce="n"', 'set-cookie': 'sid=1' } }
    const digest = Session.withDigestAuth('me', 'pw')(Session.empty)
    const answered = Exchange.simulate({ session: digest, jar: Jar.empty, now })(server)(request).hops[1]
    const provenance = provenanceOf(answered?.plan)
    expect(provenance._tag).toBe('First')
    expect(provenance.headers).toBe(answered?.plan.headers)
    expect(Jar.toArray(provenance.jar).map(({ name }) => name)).toEqual(['sid'])
  })
  it('is hidden from every printer', () => {
    const plan = first?.plan ?? expect.fail('nothing was sent')
    expect(inspect(plan.provenance)).toBe('‹provenance›')
    expect(JSON.stringify(plan)).toContain('"provenance":"‹provenance›"')
  })
})

describe('Provenance of a plan that was built by hand (specification)', () => {
  const { provenance: _, ...byHand } = first?.plan ?? expect.fail('nothing was sent')
  it('is missing, also after it is sent again', () => {
    expect(Provenance.of(byHand)).toEqual(O.none)
    expect(Provenance.refresh(jar, now)(identity)(byHand)).toEqual(byHand)
  })
})

it('Provenance.refresh replaces the jar, the time and the headers of the provenance (specification)', () => {
  const plan = Plan.plan({ session })(request)
  if (E.isLeft(plan)) return expect.fail(plan.left.message)
  const again = Provenance.refresh(jar, now)(() => Headers.empty)(plan.right)
  expect(provenanceOf(again)).toEqual({ ...provenanceOf(plan.right), jar, now, headers: Headers.empty })
  expect({ ...again, provenance: undefined }).toEqual({ ...plan.right, provenance: undefined, headers: Headers.empty })
})

it('Merge.merge applies the settings of the request over those of the session', () => {
  const both = merge(session)(Request.withHeader('X-Api-Key', 'mine')(request))
  expect(both.session).toBe(session)
  expect(both.request.url).toBe('https://b.test/')
  expect(both.settings.headers.get('x-api-key')).toBe(both.request.settings.headers.get('x-api-key'))
  expect(both.settings.baseUrl).toBe(session.settings.baseUrl)
})
