import { inspect } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import * as Plan from '../../src/Plan.js'
import * as Auth from '../../src/session/auth/Auth.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Secret from '../../src/values/Secret.js'

const basicOf = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`

const headers = (auth: Auth.Auth, url = 'https://h.test/') =>
  pipe(
    Plan.plan({ session: Session.withAuth(auth)(Session.empty) })(Request.get(url)),
    E.map((plan) => Plan.wire(plan).headers),
  )

describe('printing an auth shows no secret', () => {
  it.each<[Auth.Auth, unknown]>([
    [Auth.none, { _tag: 'None' }],
    [Auth.basic('me', 'hunter2'), { _tag: 'Basic', user: 'me', pass: '‹secret›' }],
    [Auth.bearer('hunter2'), { _tag: 'Bearer', token: '‹secret›' }],
    [Auth.digest('me', 'hunter2'), { _tag: 'Digest', user: 'me', pass: '‹secret›' }],
    [Auth.signer('mine', (plan) => plan), { _tag: 'Signer', name: 'mine', public: [] }],
  ])('%s', (auth, printed) => {
    expect(JSON.parse(JSON.stringify(auth))).toEqual(printed)
    expect(inspect(auth, { depth: null, showHidden: true })).not.toContain('hunter2')
  })
})

describe('the Authorization header', () => {
  it.each([
    ['a string', 'hunter2'],
    ['a secret', Secret.make('hunter2')],
  ])('is built from %s', (_, secret) => {
    expect(headers(Auth.basic('me', secret))).toEqual(E.right([['Authorization', basicOf('me:hunter2')]]))
    expect(headers(Auth.bearer(secret))).toEqual(E.right([['Authorization', 'Bearer hunter2']]))
    const digest = Auth.digest('me', secret)
    expect(digest._tag === 'Digest' && [digest.user, Secret.reveal(digest.pass)]).toEqual(['me', 'hunter2'])
  })
  it('is not sent for digest before a challenge, even if the URL has credentials', () => {
    expect(headers(Auth.digest('me', 'hunter2'), 'https://you:there@h.test/')).toEqual(E.right([]))
  })
  it('is not sent for none, even if the URL has credentials', () => {
    expect(headers(Auth.none, 'https://you:there@h.test/')).toEqual(E.right([]))
  })
  it('can be replaced by the plan that a signer returns', () => {
    const auth = Auth.signer('mine', (plan) => ({
      ...plan,
      headers: { fields: [...plan.headers.fields, ['X-Signed', plan.url.hostname]] },
    }))
    expect(headers(auth)).toEqual(E.right([['X-Signed', 'h.test']]))
  })
})
