/**
 * Generates cookies, replies and histories for the laws of `Jar`: similar values, and few different ones.
 *
 * Similar values reveal wrong jars: `example.com` and `xexample.com`, `/a` and `/ab`, one name at two hosts, two writes in
 * one millisecond. Independent random text contains almost none of them.
 */
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import type * as Cookie from '../../src/cookies/Cookie.js'
import type * as DigestCache from '../../src/cookies/DigestCache.js'
import type { History, ReceivedCookies, Step } from '../Jar.js'
import * as Tokens from './Token.js'

/** A host, its parent, its subdomain, hosts that look like them, public suffixes, addresses. */
export const HOSTS = [
  'example.com',
  'sub.example.com',
  'a.sub.example.com',
  'xexample.com',
  'example.com.evil.test',
  'evil.test',
  'example.com.',
  'co.uk',
  'example.co.uk',
  'sub.example.co.uk',
  'github.io',
  'me.github.io',
  'localhost',
  'sub.localhost',
  '127.0.0.1',
  '10.127.0.0.1.test',
  '1.127.0.0',
  '[::1]',
  '[::2]',
] as const

/** A few similar paths. */
export const PATHS = ['/', '/a', '/a/', '/ab', '/a/b', '/a/b/', '/A', '/b'] as const

const NAMES = ['a', 'b', 'A', '__proto__', '__Secure-a', '__host-a'] as const

/** Generates one of a few similar hosts. */
export const host: fc.Arbitrary<string> = fc.constantFrom(...HOSTS)

/** Generates one of `PATHS`. */
export const path: fc.Arbitrary<string> = fc.constantFrom(...PATHS)

/** Generates `http:` or `https:`. */
export const protocol: fc.Arbitrary<string> = fc.constantFrom('https:', 'http:')

/** Ten times, half a second apart, so that some are equal. */
export const moment: fc.Arbitrary<Date> = fc.integer({ min: 1, max: 10 }).map((n) => new Date(n * 500))

const urlWith = (scheme: fc.Arbitrary<string>): fc.Arbitrary<URL> =>
  fc.tuple(scheme, host, path).map(([protocol, hostname, pathname]) => new URL(`${protocol}//${hostname}${pathname}`))

/** Generates a URL of a similar host and path. */
export const url: fc.Arbitrary<URL> = urlWith(protocol)

/** Generates an `https` URL of a similar host and path. */
export const secureUrl: fc.Arbitrary<URL> = urlWith(fc.constant('https:'))

/** Generates one of a few names of cookies, some with a prefix. */
export const name: fc.Arbitrary<string> = fc.constantFrom(...NAMES)

/** The host itself or a similar one, with and without a dot, in capitals. */
const domainAttribute: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...HOSTS, 'com', 'test', '.'), fc.constantFrom('', '.', '..'), fc.boolean())
  .map(([domain, dot, isLoud]) => `Domain=${dot}${isLoud ? domain.toUpperCase() : domain}`)

const attribute: fc.Arbitrary<string> = fc.oneof(
  domainAttribute,
  path.map((text) => `Path=${text}`),
  fc.constantFrom(-1, 0, 1, 2, 1e9).map((seconds) => `Max-Age=${seconds}`),
  fc.constantFrom('1970', '2060').map((year) => `Expires=Thu, 01 Jan ${year} 00:00:01 GMT`),
  fc.constantFrom('Secure', 'secure', 'HttpOnly', 'SameSite=Lax', 'SameSite=None', 'Path', 'Domain=', 'Version=1'),
)

/** Generates Set-Cookie fields with up to three attributes. */
export const setCookie: fc.Arbitrary<string> = fc
  .tuple(name, fc.constantFrom('1', '2', ''), fc.array(attribute, { maxLength: 3 }))
  .map(([key, value, attributes]) => [`${key}=${value}`, ...attributes].join('; '))

/** A few Set-Cookie fields that suit the host, so that most are accepted. */
const fittingFields = (hostname: string): fc.Arbitrary<ReadonlyArray<string>> => {
  const parent = hostname.slice(hostname.indexOf('.') + 1)
  const domain = fc.constantFrom('', '', `; Domain=${hostname}`, `; Domain=${parent}`)
  const scope = fc.tuple(name, domain, fc.constantFrom('', ...PATHS.map((text) => `; Path=${text}`)))
  const life = fc.constantFrom('', '', '; Max-Age=0', '; Max-Age=2', '; Secure', '; Secure; Path=/')
  const field = fc.tuple(scope, fc.constantFrom('1', '2'), life)
  return fc.array(
    field.map(([[key, where, below], value, until]) => `${key}=${value}${where}${below}${until}`),
    { maxLength: 4 },
  )
}

/** A few, about as many as a site may have, or more than a jar keeps for it. A failure shrinks to few if it can. */
const many: fc.Arbitrary<number> = fc.oneof(
  { withCrossShrink: true },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
  { weight: 5, arbitrary: fc.integer({ min: 50, max: 190 }) },
  { weight: 1, arbitrary: fc.integer({ min: 361, max: 380 }) },
)

/** So many cookies that the limit applies, with names that overlap those of another flood. It prints as its formula. */
const flood: fc.Arbitrary<ReadonlyArray<string>> = fc
  .tuple(fc.integer({ min: 0, max: 400 }), many, fc.constantFrom('', '; Max-Age=0'))
  .map(([start, count, life]) => {
    const fields = Array.from({ length: count }, (_, i) => `f${start + i}=1${life}`)
    const number = start === 0 ? 'i' : `${start} + i`
    const text = `Array.from({ length: ${count} }, (_, i) => \`f\${${number}}=1${life}\`)`
    return Object.defineProperty(fields, fc.toStringMethod, { value: () => text })
  })

const arrivalAt = (place: fc.Arbitrary<URL>): fc.Arbitrary<ReceivedCookies> =>
  place.chain((from) =>
    fc.record({
      url: fc.constant(from),
      setCookies: fc.oneof(fittingFields(from.hostname), fc.array(setCookie, { maxLength: 4 })),
      now: moment,
    }),
  )

/** Generates replies that set a few cookies. */
export const arrival: fc.Arbitrary<ReceivedCookies> = arrivalAt(url)

/** Generates replies over `https` that set a few cookies. */
export const secureArrival: fc.Arbitrary<ReceivedCookies> = arrivalAt(secureUrl)

/** A reply that sets more cookies than a site may have, or nearly as many. */
export const floodArrival: fc.Arbitrary<ReceivedCookies> = fc.record({
  url: fc.constantFrom(new URL('https://example.com/'), new URL('https://sub.example.com/')),
  setCookies: flood,
  now: moment,
})

/** The same over http, from a host of that site. */
export const insecureFlood: fc.Arbitrary<ReceivedCookies> = fc.record({
  url: fc.constantFrom(new URL('http://example.com/'), new URL('http://sub.example.com/')),
  setCookies: fc
    .tuple(flood, fc.array(setCookie, { maxLength: 2 }))
    .map(([many, few]) => (few.length === 0 ? many : few)),
  now: moment,
})

const input: fc.Arbitrary<Cookie.Input> = fc.record(
  { name, value: fc.constantFrom('3', '4'), domain: host, path, secure: fc.boolean(), hostOnly: fc.boolean() },
  { requiredKeys: ['name', 'value', 'domain'] },
)

const origin: fc.Arbitrary<string> = fc.constantFrom('https://example.com', 'https://example.com:8443')
const user: fc.Arbitrary<string> = fc.constantFrom('me', 'you')

/** A challenge of one of two origins and realms, with one of two nonces. */
const challenge: fc.Arbitrary<DigestCache.Input> = fc.record(
  {
    origin,
    user,
    realm: fc.constantFrom('r', 's'),
    nonce: fc.constantFrom('n1', 'n2'),
    opaque: fc.constantFrom(O.none, O.some('o')),
    algorithm: fc.constant(O.none),
    qop: fc.boolean(),
    domain: fc.constantFrom(['/'], ['/a', 'https://example.com/b']),
  },
  { requiredKeys: ['origin', 'user', 'realm', 'nonce', 'opaque', 'algorithm', 'qop'] },
)

const tagged = (one: fc.Arbitrary<ReceivedCookies>): fc.Arbitrary<Step> =>
  one.map((event) => ({ _tag: 'Absorb', ...event }))

const byHand: fc.Arbitrary<Step> = fc.oneof(
  input.map((made): Step => ({ _tag: 'Set', input: made })),
  name.map((key): Step => ({ _tag: 'Remove', name: key })),
  host.map((domain): Step => ({ _tag: 'Clear', domain })),
  fc.constant<Step>({ _tag: 'ClearSession' }),
  fc.tuple(challenge, moment).map(([asked, now]): Step => ({ _tag: 'Remember', challenge: asked, now })),
  fc.tuple(origin, user).map(([at, who]): Step => ({ _tag: 'Count', origin: at, user: who })),
  fc
    .record({ key: Tokens.key, token: Tokens.token, now: moment })
    .map((stored): Step => ({ _tag: 'StoreToken', ...stored })),
  Tokens.selection.map((selection): Step => ({ _tag: 'RemoveTokens', selection })),
)

/** A history without floods: far below the limit. */
export const history: fc.Arbitrary<History> = fc.array(
  fc.oneof({ weight: 5, arbitrary: tagged(arrival) }, { weight: 2, arbitrary: byHand }),
  { maxLength: 8 },
)

/** A history that may exceed the limit. */
export const longHistory: fc.Arbitrary<History> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: tagged(arrival) },
    { weight: 2, arbitrary: byHand },
    { weight: 2, arbitrary: tagged(floodArrival) },
  ),
  { maxLength: 6 },
)
