import { inspect } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Jar from '../../../src/cookies/Jar.js'
import * as Exchange from '../../../src/Exchange.js'
import * as Plan from '../../../src/Plan.js'
import * as Environment from '../../../src/session/Environment.js'
import * as Request from '../../../src/session/Request.js'
import * as Session from '../../../src/session/Session.js'
import { merge } from '../../../src/stages/Merge.js'
import * as Provenance from '../../../src/stages/prepare/Provenance.js'
import type { Server } from '../../../src/wire/Reply.js'

// What every plan of an exchange carries along about where it came from: the request that was given, the jar, the
// environment and the time it was made with, and the plan and the redirect before it.

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
const inputsOf = (plan: Plan.Plan | undefined): Provenance.Inputs => {
  const inputs = plan === undefined ? O.none : Provenance.of(plan)
  return O.isSome(inputs) ? inputs.value : expect.fail('it has none')
}
const [first, second] = trace.hops

describe('the inputs', () => {
  it('of the first plan are what was given, and nothing came before', () => {
    expect(inputsOf(first?.plan)).toEqual({ merged: merge(session)(request), jar, environment, now, after: O.none })
  })
  it('are those before anything stayed behind', () => {
    const { merged } = inputsOf(first?.plan)
    expect(merged.session).toBe(session)
    expect(merged.settings.headers.has('x-api-key')).toBe(true)
  })
  it('of a plan that follows are the redirect, the plan it answered, and the jar after it', () => {
    const inputs = inputsOf(second?.plan)
    expect(inputs).toMatchObject({ environment, now })
    expect(inputs.jar).toBe(first?.jar)
    expect(inputs.after).toEqual(O.some({ plan: first?.plan, head: first?.head, credentialsAllowed: false }))
    expect(second?.plan.cause).toBe('Follow')
  })
  it('of a plan that answers a challenge have the jar after the challenge', () => {
    const asking: Server = ({ headers }) =>
      headers.fields.length > 0
        ? { status: 200 }
        : { status: 401, headers: { 'www-authenticate': 'Digest realm="r", nonce="n"', 'set-cookie': 'sid=1' } }
    const digest = Session.withDigestAuth('me', 'pw')(Session.empty)
    const answered = Exchange.simulate({ session: digest, jar: Jar.empty, now })(asking)(request).hops[1]
    const inputs = inputsOf(answered?.plan)
    expect(inputs.now).toBe(now)
    expect(Jar.toArray(inputs.jar).map(({ name }) => name)).toEqual(['sid'])
    expect(inputs.merged.request).toBe(request)
    expect(inputs.after).toEqual(O.none)
  })
  it('are shown by no printer', () => {
    const plan = first?.plan ?? expect.fail('nothing was sent')
    expect(inspect(plan.inputs)).toBe('‹inputs›')
    expect(JSON.stringify(plan)).toContain('"inputs":"‹inputs›"')
  })
})

describe('a plan that was put together by hand', () => {
  const { inputs: _, ...byHand } = first?.plan ?? expect.fail('nothing was sent')
  it('has none, and gets none later', () => {
    expect(Provenance.of(byHand)).toEqual(O.none)
    expect(Provenance.later(jar, now)(byHand)).toBe(byHand)
  })
})

it('a plan that is made again has a later jar and time, and all else as it was', () => {
  const plan = Plan.plan({ session })(request)
  if (E.isLeft(plan)) return expect.fail(plan.left.message)
  const again = Provenance.later(jar, now)(plan.right)
  expect(inputsOf(again)).toEqual({ ...inputsOf(plan.right), jar, now })
  expect({ ...again, inputs: undefined }).toEqual({ ...plan.right, inputs: undefined })
})

it('what is merged is the session, the request, and the request’s settings over the session’s', () => {
  const both = merge(session)(Request.withHeader('X-Api-Key', 'mine')(request))
  expect(both.session).toBe(session)
  expect(both.request.url).toBe('https://b.test/')
  expect(both.settings.headers.get('x-api-key')).toBe(both.request.settings.headers.get('x-api-key'))
  expect(both.settings.baseUrl).toBe(session.settings.baseUrl)
})
