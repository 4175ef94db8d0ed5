import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import { Auth, Exchange, Plan, Request, Secret, Session } from '../../src/index.js'
import { unsigned } from '../../src/stages/Unsigned.js'

const planOf = (request: Request.Request): Plan.Plan =>
  pipe(
    request,
    Plan.plan({ session: Session.empty }),
    E.getOrElse((): Plan.Plan => expect.fail('not planned')),
  )
const queryOf = (plan: Plan.Plan): URLSearchParams => new URL(Plan.wire(plan).url).searchParams
const names = fc.constantFrom('a', 'b c', 'ü', 'x=y', 'k&v', '%41')
const texts = fc.string({ unit: 'grapheme', maxLength: 8 })
const pairs = fc.uniqueArray(fc.tuple(names, texts), { maxLength: 4, selector: ([name]) => name })

describe('Plan.withQuery', () => {
  it('replaces parameters of the same name, keeps the others in their order, and is read as it was given', () => {
    fc.assert(
      fc.property(pairs, pairs, (before, given) => {
        const plan = planOf(Request.withQuery(Object.fromEntries(before))(Request.get('https://h.test/p')))
        const set = Plan.withQuery(Object.fromEntries(given))(plan)
        const kept = before.filter(([name]) => !given.some(([other]) => other === name))
        // In the order of the keys of an object.
        expect([...queryOf(set)]).toEqual([
          ...Object.entries(Object.fromEntries(kept)),
          ...Object.entries(Object.fromEntries(given)),
        ])
        expect(Plan.Eq.equals(Plan.withQuery(Object.fromEntries(given))(set), set)).toBe(true)
      }),
    )
  })
  it('hides secrets, old and new', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Z]{4,8}$/), fc.stringMatching(/^[A-Z]{4,8}$/), (old, added) => {
        const request = pipe(Request.get('https://h.test/'), Request.withSecretQuery('old', old))
        const plan = Plan.withQuery({ new: Secret.make(added), open: 'x' })(planOf(request))
        expect(Object.fromEntries(queryOf(plan))).toEqual({ old, new: added, open: 'x' })
        const printed = JSON.stringify(plan) + Plan.show(plan) + Plan.toHttp()(plan)
        for (const secret of [old, added]) expect(printed).not.toContain(secret)
      }),
    )
  })
  it('ignores values that are absent', () => {
    const plan = planOf(Request.get('https://h.test/?a=1'))
    expect(Plan.withQuery({ a: undefined })(plan)).toBe(plan)
  })
  it('signs each hop anew, and is removed without a trace', () => {
    let count = 0
    const auth = Auth.signer(
      'query',
      (plan) => {
        count += 1
        return Plan.withQuery({ date: `d${count}`, sig: Secret.make(`S1G${count}`) })(plan)
      },
      { public: ['date'] },
    )
    const request = Request.get('https://h.test/a?x=1')
    const trace = pipe(
      request,
      Exchange.simulate({ session: Session.withAuth(auth)(Session.empty) })(({ url }) =>
        url.pathname === '/a' ? { status: 307, headers: { Location: '/b?y=2' } } : { status: 200 },
      ),
    )
    expect(trace.hops.map(({ plan }) => new URL(Plan.wire(plan).url).search)).toEqual([
      '?x=1&date=d1&sig=S1G1',
      '?y=2&date=d2&sig=S1G2',
    ])
    expect(trace.hops.map(({ plan }) => plan.url.search)).toEqual([
      '?x=1&date=d1&sig=‹secret›',
      '?y=2&date=d2&sig=‹secret›',
    ])
    expect(trace.hops.map(({ plan }) => unsigned(plan).url.search)).toEqual(['?x=1', '?y=2'])
  })
})
