import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import * as Plan from '../../src/Plan.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import { hide, secretsOf } from '../../src/stages/ReplyRedaction.js'
import * as Secret from '../../src/values/Secret.js'
import { head } from '../../src/wire/Reply.js'

// Which header fields of a reply are secret: those that are sensitive by name, and those that its request makes secret.

type Change = (request: Request.Request) => Request.Request

const planOf = (change: Change, session = Session.empty): Plan.Plan => {
  const plan = Plan.plan({ session })(change(Request.get('http://h/')))
  return E.isRight(plan) ? plan.right : expect.fail(plan.left.message)
}
/** Returns the names of the fields that `hide` hides. */
const hidden = (plan: Plan.Plan, fields: ReadonlyArray<readonly [string, string]>) =>
  hide(plan, head({ status: 200, headers: fields })).headers.fields.flatMap(([name, value]) =>
    Secret.is(value) ? [name] : [],
  )
const reply: ReadonlyArray<readonly [string, string]> = [
  ['Server', 's'],
  ['Set-Cookie', 'a=1'],
  ['X-Token', 't'],
  ['X-Other', 'o'],
  ['Location', '/?key=s3cret'],
]

const sensitive = (...names: ReadonlyArray<string>): Session.Session =>
  Session.withSensitiveHeaders(...names)(Session.empty)
const none: Change = (request) => request

describe('the fields of a reply that are hidden', () => {
  it.each<[string, Change, Session.Session, ReadonlyArray<string>]>([
    ['no setting', none, Session.empty, ['Set-Cookie']],
    ['withSensitiveHeaders', none, sensitive('x-token'), ['Set-Cookie', 'X-Token']],
    [
      'withSensitiveHeaders in another spelling',
      none,
      sensitive('X-TOKEN', 'x-OTHER'),
      ['Set-Cookie', 'X-Token', 'X-Other'],
    ],
    [
      'a secret field of the request',
      Request.withSecretHeader('x-token', 'mine'),
      Session.empty,
      ['Set-Cookie', 'X-Token'],
    ],
    ['a field of the request that is not secret', Request.withHeader('x-token', 'mine'), Session.empty, ['Set-Cookie']],
    ['a sensitive field that the request sends', Request.withHeader('Cookie', 'a=1'), Session.empty, ['Set-Cookie']],
    ['a secret query value', Request.withSecretQuery('key', 's3cret'), Session.empty, ['Set-Cookie', 'Location']],
    [
      'all of them',
      Request.withSecretQuery('key', 's3cret'),
      pipe(sensitive('x-token'), Session.withSecretHeader('X-Other', 'mine')),
      ['Set-Cookie', 'X-Token', 'X-Other', 'Location'],
    ],
  ])('are the expected ones with %s', (_, change, session, expected) => {
    expect(hidden(planOf(change, session), reply)).toEqual(expected)
  })
  it('are the same for a plan whose provenance is lost, except those that only settings name', () => {
    const plan = planOf(Request.withSecretHeader('x-other', 'mine'), sensitive('x-token'))
    const { provenance: _, ...byHand } = plan
    expect(hidden(plan, reply)).toEqual(['Set-Cookie', 'X-Token', 'X-Other'])
    expect(hidden(byHand, reply)).toEqual(['Set-Cookie', 'X-Other'])
    expect([...secretsOf(byHand)]).toEqual([])
  })
  it('keep their value and order', () => {
    const plan = planOf(Request.withSecretQuery('key', 's3cret'), sensitive('x-token'))
    const { headers } = hide(plan, head({ status: 200, headers: reply }))
    expect(headers.fields.map(([name, value]) => [name, Secret.reveal(value)])).toEqual(reply)
  })
  it('leave a reply that has nothing to hide as the same object', () => {
    const plan = planOf(Request.withSecretQuery('key', 's3cret'), sensitive('x-token'))
    const shown = head({ status: 200, headers: { server: 's', location: '/?key=other' } })
    expect(hide(plan, shown)).toBe(shown)
    const once = hide(plan, head({ status: 200, headers: reply }))
    expect(hide(plan, once)).toBe(once)
  })
  it('do not depend on the case of a name', () => {
    const name = fc.stringMatching(/^[A-Za-z][A-Za-z-]{0,9}$/)
    const others = fc.array(name, { maxLength: 4 })
    fc.assert(
      fc.property(name, others, fc.boolean(), (sent, others, isUpper) => {
        const received = isUpper ? sent.toUpperCase() : sent.toLowerCase()
        const fields = [...others, received].map((name) => [name, 'v'] as const)
        const names = hidden(planOf(none, sensitive(sent)), fields)
        expect(names).toContain(received)
        for (const other of others) {
          const isNamed = other.toLowerCase() === sent.toLowerCase()
          expect(names.includes(other)).toBe(isNamed || hidden(planOf(none), [[other, 'v']]).length > 0)
        }
      }),
    )
  })
})
