/**
 * A request with credentials, and a web of neighbouring servers that redirect it, set cookies and challenge it.
 *
 * The places are near misses: one host on two schemes and two ports, its subdomain, a host that only looks like it.
 * Every secret of the request holds the same canary, so a leak is one word in the wrong place.
 */
import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { pipe } from 'fp-ts/lib/function.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import type { Configure } from '../../src/session/Settings.js'
import type { Context } from '../../src/stages/Prepare.js'
import * as Jar from '../../src/values/Jar.js'
import type { Plan } from '../../src/wire/Plan.js'
import { wire } from '../../src/wire/Plan.js'
import type { Answer, Server } from '../../src/wire/Reply.js'

/** What every secret of a generated request holds, and nothing else does. */
export const CANARY = 'CANARY'

const ORIGINS = [
  'http://a.test',
  'https://a.test',
  'http://a.test:8080',
  'http://sub.a.test',
  'http://xa.test',
  'https://a.test.evil.test',
] as const

/** One page: where it is, how it answers, where it leads. */
export interface Page {
  /** Which of the chain's origins, by number. */
  readonly place: number
  readonly status: number
  /** How many pages further its Location leads, round and round. */
  readonly onward: number
  readonly location: 'absolute' | 'relative' | 'none'
  readonly setsCookie: boolean
  /** Whether it asks for Digest: never, until it is answered, or whatever the answer. */
  readonly challenges: 'no' | 'once' | 'always'
}

export interface Chain {
  /** Few of the neighbours, so that a chain comes back to where it was. */
  readonly origins: ReadonlyArray<string>
  readonly pages: ReadonlyArray<Page>
  readonly method: string
  readonly hasBody: boolean
  readonly auth: 'none' | 'bearer' | 'digest' | 'header'
  /** Whether a secret header of the user's own is sent. */
  readonly secretHeader: boolean
  readonly ownCookie: boolean
  readonly literalCookie: boolean
  readonly limit: number
  /** Whether the jar already holds cookies and a challenge. */
  readonly returning: boolean
}

const page: fc.Arbitrary<Page> = fc.record({
  place: fc.nat({ max: 5 }),
  status: fc.constantFrom(301, 302, 303, 307, 308, 200, 304, 404),
  onward: fc.constantFrom(1, 1, 1, 0, 2, 5),
  location: fc.constantFrom('absolute', 'absolute', 'absolute', 'relative', 'none'),
  setsCookie: fc.boolean(),
  challenges: fc.constantFrom('no', 'no', 'no', 'once', 'always'),
})

export const chain: fc.Arbitrary<Chain> = fc.record({
  origins: fc.shuffledSubarray([...ORIGINS], { minLength: 1, maxLength: 3 }),
  pages: fc.array(page, { minLength: 1, maxLength: 6, size: 'max' }),
  method: fc.constantFrom('GET', 'POST', 'PUT', 'HEAD', 'DELETE'),
  hasBody: fc.boolean(),
  auth: fc.constantFrom('none', 'bearer', 'digest', 'header'),
  secretHeader: fc.boolean(),
  ownCookie: fc.boolean(),
  literalCookie: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  limit: fc.nat({ max: 6 }),
  returning: fc.boolean(),
})

const NOW = new Date('2026-01-01T00:00:00Z')
const REALM = 'realm'

const originOf = ({ pages, origins }: Chain, i: number): string =>
  origins[(pages[i]?.place ?? 0) % origins.length] ?? ORIGINS[0]

const hrefOf = (chain: Chain, i: number): string => {
  const at = i % chain.pages.length
  return `${originOf(chain, at)}/p${at}`
}

// --- the server ----------------------------------------------------------------------------------------------------

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

/** Checks a digest the way a server does, and not with the code under test. */
const isSigned = (plan: Plan, nonce: string): boolean => {
  const header = wire(plan).headers.find(([name]) => name.toLowerCase() === 'authorization')?.[1] ?? ''
  const fields = new Map([...header.matchAll(/(\w+)="?([^",]*)"?/g)].map(([, name = '', value = '']) => [name, value]))
  const [user, nc, cnonce, uri] = ['username', 'nc', 'cnonce', 'uri'].map((name) => fields.get(name) ?? '')
  if (!header.startsWith('Digest ') || fields.get('nonce') !== nonce) return false
  const key = md5(`${user}:${REALM}:${CANARY}`)
  return fields.get('response') === md5(`${key}:${nonce}:${nc}:${cnonce}:auth:${md5(`${plan.method}:${uri}`)}`)
}

const answerOf = (
  chain: Chain,
  i: number,
  { status, onward, location, setsCookie, challenges }: Page,
  plan: Plan,
): Answer => {
  const { hostname } = plan.url
  const cookies = setsCookie ? [`c=host-only.${hostname}; Path=/`, `d=domain; Domain=a.test; Path=/`] : []
  const nonce = `nonce-of-${hostname}`
  if (challenges === 'always' || (challenges === 'once' && !isSigned(plan, nonce))) {
    const ask = `Digest realm="${REALM}", nonce="${nonce}", qop="auth"`
    return { status: 401, headers: { 'www-authenticate': ask, 'set-cookie': cookies } }
  }
  const target = location === 'absolute' ? hrefOf(chain, i + onward) : new URL(hrefOf(chain, i + onward)).pathname
  return {
    status,
    headers: { 'set-cookie': cookies, ...(location === 'none' ? {} : { location: target }) },
    body: `${plan.method} ${plan.url.href}`,
  }
}

export const serverOf =
  (chain: Chain): Server =>
  (plan) => {
    const i = chain.pages.findIndex((_, at) => hrefOf(chain, at) === `${plan.url.origin}${plan.url.pathname}`)
    const found = chain.pages[i]
    return found === undefined ? { status: 404 } : answerOf(chain, i, found, plan)
  }

// --- the client ----------------------------------------------------------------------------------------------------

const authOf = ({ auth }: Chain): Configure => {
  switch (auth) {
    case 'none':
      return (configurable) => configurable
    case 'bearer':
      return Session.withBearer(CANARY)
    case 'digest':
      return Session.withDigestAuth(`user-${CANARY}`, CANARY)
    case 'header':
      return Session.withHeader('authorization', `Token ${CANARY}`)
  }
}

const only =
  (isWanted: boolean, configure: Configure): Configure =>
  (configurable) =>
    isWanted ? configure(configurable) : configurable

const jarOf = (chain: Chain): Jar.Jar => {
  if (!chain.returning) return Jar.empty
  const [jar] = Jar.absorb(
    new URL(hrefOf(chain, 0)),
    [`before=host-only.${new URL(hrefOf(chain, 0)).hostname}`],
    NOW,
  )(Jar.empty)
  return jar
}

export const contextOf = (chain: Chain): Context => ({
  session: pipe(
    Session.empty,
    authOf(chain),
    only(chain.secretHeader, Session.withSecretHeader('X-Vendor-Key', CANARY)),
    only(chain.literalCookie, Session.withHeader('Cookie', `own=${CANARY}`)),
    Session.withMaxRedirects(chain.limit),
  ),
  jar: jarOf(chain),
  now: NOW,
  entropy: 'seed',
})

export const requestOf = (chain: Chain): Request.Request =>
  pipe(
    Request.make(chain.method, hrefOf(chain, 0)),
    (request) => (chain.hasBody ? Request.withForm({ a: 'b' })(request) : request),
    only(chain.ownCookie, Request.withCookie('mine', CANARY)),
    // HEAD follows nothing by default in the constructors only; `make` leaves it to the session.
  )
