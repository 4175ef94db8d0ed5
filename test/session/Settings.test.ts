import { inspect } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Plan from '../../src/Plan.js'
import * as Environment from '../../src/session/Environment.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Settings from '../../src/session/Settings.js'
import * as Override from '../../src/values/Override.js'
import * as Secret from '../../src/values/Secret.js'

const planned = (session: Session.Session, request = Request.get('https://h/'), environment = Environment.empty) => {
  const plan = Plan.plan({ session, environment })(request)
  if (E.isLeft(plan)) throw new Error(plan.left.message)
  return plan.right
}
const fields = (session: Session.Session, request?: Request.Request) =>
  Object.fromEntries(Plan.wire(planned(session, request)).headers)

describe('each setting has an effect on the plan', () => {
  it('withoutCookie removes one cookie', () => {
    const session = pipe(Session.empty, Session.withCookie('a', '1'), Session.withCookie('b', '2'))
    expect(fields(session, Request.withoutCookie('a')(Request.get('https://h/')))).toEqual({ Cookie: 'b=2' })
  })
  it('withHeaders removes a header with null', () => {
    const session = pipe(
      Session.empty,
      Session.withHeaders({ 'X-A': '1', 'X-B': '2' }),
      Session.withHeaders({ 'x-a': null }),
    )
    expect(fields(session)).toEqual({ 'X-B': '2' })
  })
  it('withSecretHeader accepts a string and a secret', () => {
    const session = pipe(
      Session.empty,
      Session.withSecretHeader('X-A', 'first1'),
      Session.withSecretHeader('X-B', Secret.make('second2')),
    )
    expect(fields(session)).toEqual({ 'X-A': 'first1', 'X-B': 'second2' })
    expect(JSON.stringify(planned(session))).not.toMatch(/first1|second2/)
  })
  it('withSensitiveHeaders hides a value that is set before or after, and sends it unchanged', () => {
    const name = Session.withSensitiveHeaders('X-A')
    const value = Session.withHeader('x-a', 'canary')
    for (const session of [name(value(Session.empty)), value(name(Session.empty))]) {
      expect(inspect(session, { depth: 9 })).not.toContain('canary')
      expect(fields(session)).toEqual({ 'x-a': 'canary' })
      expect(JSON.stringify(Session.encode({ reveal: true })(session))).toContain('"values":["canary"]')
    }
  })
  it('withSensitiveHeaders can be undone by a later setting', () => {
    const removed: Settings.Settings['sensitive'] = new Map([
      ['x-a', Override.unset],
      ['x-b', Override.unset],
    ])
    const session = pipe(
      Session.empty,
      Session.withHeader('X-A', 'plain'),
      Session.withSecretHeader('X-B', 'canary'),
      Session.withSensitiveHeaders('X-A', 'X-B'),
      Session.withSettings({ ...Settings.empty, sensitive: removed }),
    )
    expect(session.settings.headers.get('x-a')).toEqual(Override.set({ name: 'X-A', values: ['plain'] }))
    expect(inspect(session, { depth: 9 })).not.toContain('canary')
  })
  it('withSensitiveHeaders is kept when a session is saved and read', () => {
    const session = pipe(Session.empty, Session.withHeader('X-A', 'canary'), Session.withSensitiveHeaders('X-A'))
    const again = pipe(session, Session.encode({ reveal: true }), E.flatMap(Session.decode))
    expect(E.isRight(again) && fields(again.right)).toEqual({ 'X-A': 'canary' })
    expect(inspect(again, { depth: 9 })).not.toContain('canary')
  })
  it('withVerify sets whether certificates are verified', () => {
    expect(planned(Session.withVerify(false)(Session.empty)).route.tls.verify).toBe(false)
    expect(planned(Session.empty).route.tls.verify).toBe(true)
  })
  it('withCa sets the root certificates', () => {
    expect(planned(Session.withCa('/ca.pem')(Session.empty)).route.tls.ca).toEqual(O.some('/ca.pem'))
  })
  it('withClientCertificate sets the client certificate', () => {
    const session = Session.withClientCertificate({ cert: 'c.pem', key: 'k.pem' })(Session.empty)
    expect(planned(session).route.tls.certificate).toEqual(O.some({ cert: 'c.pem', key: 'k.pem' }))
  })
  it('withLimits sets the largest body', () => {
    expect(planned(Session.withLimits({ body: 10 })(Session.empty)).route.limits).toEqual({ body: 10 })
  })
  it('withTimeouts merges by key, and withoutTimeouts removes all', () => {
    const session = pipe(
      Session.empty,
      Session.withTimeouts({ connect: 1, read: 2 }),
      Session.withTimeouts({ read: 3 }),
    )
    expect(planned(session).route.timeouts).toEqual({ connect: 1, read: 3 })
    expect(planned(Session.withoutTimeouts(session)).route.timeouts).toEqual({})
  })
  it.each([[''], [null]])('withProxy with %j ignores the proxy of the environment', (none) => {
    const environment = Environment.make({ https_proxy: 'http://p.test:1' })
    const trusting = Session.withAmbient({ proxies: true })(Session.empty)
    expect(O.isSome(planned(trusting, undefined, environment).route.proxy)).toBe(true)
    expect(planned(Session.withProxy({ https: none })(trusting), undefined, environment).route.proxy).toEqual(O.none)
  })
})
