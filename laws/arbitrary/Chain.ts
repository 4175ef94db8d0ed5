/**
 * Generates a request with credentials, and similar servers that redirect it, set cookies and send challenges.
 *
 * Every secret of the request contains the same canary, so that a test finds a leak by searching for one word.
 */
import * as fc from 'fast-check'
import { pipe } from 'fp-ts/lib/function.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import type { Configure } from '../../src/session/Settings.js'
import type { Context } from '../../src/stages/Prepare.js'
import type { Server } from '../../src/wire/Reply.js'
import * as Web from './Web.js'

export { CANARY, type Page } from './Web.js'

/** A set of servers, and the session and request that visit them, as plain data. */
export interface Chain extends Web.Web {
  readonly method: string
  readonly hasBody: boolean
  readonly auth: 'none' | 'bearer' | 'digest' | 'header'
  /** Whether the request has a secret header. */
  readonly secretHeader: boolean
  readonly ownCookie: boolean
  readonly literalCookie: boolean
  readonly limit: number
  /** Whether the jar has cookies and a challenge before the request. */
  readonly returning: boolean
}

const client = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'HEAD', 'DELETE'),
  hasBody: fc.boolean(),
  auth: fc.constantFrom('none', 'bearer', 'digest', 'header'),
  secretHeader: fc.boolean(),
  ownCookie: fc.boolean(),
  literalCookie: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  limit: fc.nat({ max: 6 }),
  returning: fc.boolean(),
})

/** Generates chains. */
export const chain: fc.Arbitrary<Chain> = fc.tuple(Web.web, client).map(([web, asked]) => ({ ...web, ...asked }))

/** The time of every request. */
const NOW = new Date('2026-01-01T00:00:00Z')
/** Returns the servers of a chain as one pure server. */
export const serverOf = (chain: Chain): Server => Web.serverOf(chain)

const authOf = ({ auth }: Chain): Configure => {
  switch (auth) {
    case 'none':
      return (configurable) => configurable
    case 'bearer':
      return Session.withBearer(Web.CANARY)
    case 'digest':
      return Session.withDigestAuth(`user-${Web.CANARY}`, Web.CANARY)
    case 'header':
      return Session.withHeader('authorization', `Token ${Web.CANARY}`)
  }
}

const only =
  (isWanted: boolean, configure: Configure): Configure =>
  (configurable) =>
    isWanted ? configure(configurable) : configurable

const jarOf = (chain: Chain): Jar.Jar => {
  if (!chain.returning) return Jar.empty
  const [jar] = Jar.absorb(
    new URL(Web.entryOf(chain)),
    [`before=host-only.${new URL(Web.entryOf(chain)).hostname}`],
    NOW,
  )(Jar.empty)
  return jar
}

/** Returns the session, the jar and the environment of a chain. */
export const contextOf = (chain: Chain): Context => ({
  session: pipe(
    Session.empty,
    authOf(chain),
    only(chain.secretHeader, Session.withSecretHeader('X-Vendor-Key', Web.CANARY)),
    only(chain.literalCookie, Session.withHeader('Cookie', `own=${Web.CANARY}`)),
    Session.withMaxRedirects(chain.limit),
  ),
  jar: jarOf(chain),
  now: NOW,
  entropy: 'seed',
})

/** Returns the request of a chain. */
export const requestOf = (chain: Chain): Request.Request =>
  pipe(
    Request.make(chain.method, Web.entryOf(chain)),
    (request) => (chain.hasBody ? Request.withForm({ a: 'b' })(request) : request),
    only(chain.ownCookie, Request.withCookie('mine', Web.CANARY)),
    // Only the constructor `head` disables redirects; `make` uses the policy of the session.
  )
