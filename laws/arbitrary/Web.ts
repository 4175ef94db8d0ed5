/**
 * Generates a set of similar servers as a pure function: pages that redirect, set cookies and send Digest challenges.
 *
 * The origins are similar: one host with two schemes and two ports, its subdomain, hosts that look like it. A `Web` is plain
 * data, so that a counterexample is a readable list of pages; `serverOf` returns the server.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { md5 as hash } from '@noble/hashes/legacy.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import * as fc from 'fast-check'
 * import { Exchange, Request, Session } from 'requests-ts'
 * import { Webs } from 'requests-ts/laws'
 *
 * const endless = (web: Webs.Web) =>
 *   E.isLeft(Exchange.simulate({ session: Session.empty })(Webs.serverOf(web))(Request.get(Webs.entryOf(web))).outcome)
 * const found = fc.check(fc.property(Webs.web, (web) => !endless(web)), { numRuns: 2000 })
 * assert.equal((found.counterexample?.[0].pages.length ?? 9) <= 2, true)
 */
import { md5 as hash } from '@noble/hashes/legacy.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import * as fc from 'fast-check'
import type { Plan } from '../../src/wire/Plan.js'
import { wire } from '../../src/wire/Plan.js'
import type { Answer, Server } from '../../src/wire/Reply.js'

/** The text that every secret of a generated request contains, and no other text. */
export const CANARY = 'CANARY'

const ORIGINS = [
  'http://a.test',
  'https://a.test',
  'http://a.test:8080',
  'http://sub.a.test',
  'http://xa.test',
  'https://a.test.evil.test',
] as const

/** One page: its origin, its reply, the target of its redirect. */
export interface Page {
  /** The index of its origin, modulo their number. */
  readonly place: number
  readonly status: number
  /** The target of its Location: so many pages further, modulo their number. */
  readonly onward: number
  readonly location: 'absolute' | 'relative' | 'none'
  readonly setsCookie: boolean
  /** Whether it sends a Digest challenge: never, until it is answered correctly, or always. */
  readonly challenges: 'no' | 'once' | 'always'
}

/** A set of servers, as plain data. */
export interface Web {
  /** A few of the similar origins, so that a chain of redirects returns to earlier ones. */
  readonly origins: ReadonlyArray<string>
  readonly pages: ReadonlyArray<Page>
}

/** Generates pages. */
export const page: fc.Arbitrary<Page> = fc.record({
  place: fc.nat({ max: 5 }),
  status: fc.constantFrom(301, 302, 303, 307, 308, 200, 304, 404),
  onward: fc.constantFrom(1, 1, 1, 0, 2, 5),
  location: fc.constantFrom('absolute', 'absolute', 'absolute', 'relative', 'none'),
  setsCookie: fc.boolean(),
  challenges: fc.constantFrom('no', 'no', 'no', 'once', 'always'),
})

/** Generates sets of servers. */
export const web: fc.Arbitrary<Web> = fc.record({
  origins: fc.shuffledSubarray([...ORIGINS], { minLength: 1, maxLength: 3 }),
  pages: fc.array(page, { minLength: 1, maxLength: 6, size: 'max' }),
})

const REALM = 'realm'

const originOf = ({ pages, origins }: Web, i: number): string =>
  origins[(pages[i]?.place ?? 0) % origins.length] ?? ORIGINS[0]

/** Returns the URL of a page. */
export const hrefOf = (web: Web, i: number): string => {
  const at = i % web.pages.length
  return `${originOf(web, at)}/p${at}`
}

const md5 = (text: string): string => bytesToHex(hash(text))

/** Checks a digest as a server does, without the code under test. */
const isSigned = (plan: Plan, nonce: string): boolean => {
  const header = wire(plan).headers.find(([name]) => name.toLowerCase() === 'authorization')?.[1] ?? ''
  const fields = new Map([...header.matchAll(/(\w+)="?([^",]*)"?/g)].map(([, name = '', value = '']) => [name, value]))
  const [user, nc, cnonce, uri] = ['username', 'nc', 'cnonce', 'uri'].map((name) => fields.get(name) ?? '')
  if (!header.startsWith('Digest ') || fields.get('nonce') !== nonce) return false
  const key = md5(`${user}:${REALM}:${CANARY}`)
  return fields.get('response') === md5(`${key}:${nonce}:${nc}:${cnonce}:auth:${md5(`${plan.method}:${uri}`)}`)
}

const answerOf = (
  web: Web,
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
  const target = location === 'absolute' ? hrefOf(web, i + onward) : new URL(hrefOf(web, i + onward)).pathname
  return {
    status,
    headers: { 'set-cookie': cookies, ...(location === 'none' ? {} : { location: target }) },
    body: `${plan.method} ${plan.url.href}`,
  }
}

/** Returns the URL of the first page. */
export const entryOf = (web: Web): string => hrefOf(web, 0)

/** Returns all servers of a web as one. It has no state, and answers 404 for unknown URLs. */
export const serverOf =
  (web: Web): Server =>
  (plan) => {
    const i = web.pages.findIndex((_, at) => hrefOf(web, at) === `${plan.url.origin}${plan.url.pathname}`)
    const found = web.pages[i]
    return found === undefined ? { status: 404 } : answerOf(web, i, found, plan)
  }
