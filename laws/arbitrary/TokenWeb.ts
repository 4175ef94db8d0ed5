/**
 * Generates an API, the token endpoint of its credential, and a session with a jar, as plain data that shrinks.
 *
 * The API has pages on similar origins: they redirect, set cookies and reject tokens. The endpoint replies by a
 * script. Every secret has a text of its own: `CANARY-access-…`, `CANARY-refresh-…`, `CANARY-client`, `CANARY-main`.
 * `TokenServers` has the servers, `TokenClients` the session and the request.
 *
 * @example
 * import { Exchange } from 'requests-ts'
 * import { TokenClients, TokenServers, TokenWebs } from 'requests-ts/laws'
 *
 * const web: TokenWebs.TokenWeb = { ...TokenWebs.simplest, held: 'expired' }
 * const { server, received } = TokenServers.serve(web)
 * Exchange.simulate(TokenClients.contextOf(web))(server)(TokenClients.requestOf(web))
 * assert.deepEqual(received().map(({ to }) => to), ['endpoint', 'api'])
 */
import * as fc from 'fast-check'

/** Origins that a wrong comparison takes for each other. */
export const ORIGINS = [
  'https://a.test',
  'http://a.test',
  'https://a.test:8443',
  'https://sub.a.test',
  'https://xa.test',
  'https://a.test.evil.test',
] as const

/** One page of the API. */
export interface ApiPage {
  /** The index of its origin. */
  readonly place: number
  /** `NaN`: the transport fails instead of a reply. */
  readonly status: number
  /** The target of its Location: so many pages further, modulo their number. */
  readonly onward: number
  readonly setsCookie: boolean
  /** Which tokens it rejects: none, that of its first request, those that the jar held, all. */
  readonly rejects: 'no' | 'once' | 'held' | 'always'
}

/** One reply of the token endpoint. */
export type TokenReply =
  | { readonly _tag: 'Token'; readonly expiresIn: number | undefined; readonly rotates: boolean }
  | { readonly _tag: 'Error'; readonly code: string; readonly status: number }
  | { readonly _tag: 'Negative' | 'Garbage' | 'Html' | 'Unavailable' | 'Fault' }
  | { readonly _tag: 'Redirect'; readonly place: number; readonly status: number }

/** Servers, a credential, a request and a jar. */
export interface TokenWeb {
  readonly pages: ReadonlyArray<ApiPage>
  /** The index of the origin of the token endpoint. */
  readonly endpoint: number
  /** The replies of the endpoint in their order; the last one is repeated. */
  readonly replies: ReadonlyArray<TokenReply>
  readonly endpointSetsCookie: boolean
  /** How the client authenticates at the endpoint, or what signs. A simulation does not run a `signer task`. */
  readonly credential: 'basic' | 'body' | 'refresh token' | 'custom' | 'signed token' | 'signer' | 'signer task'
  /** The status that rejects a token. */
  readonly rejection: number
  /** The indices of the origins that may get the token; `undefined`: no further rule. */
  readonly origins: ReadonlyArray<number> | undefined
  /** The base URL: none, the origin of the first page, or an origin by its index. */
  readonly base: 'none' | 'first' | number
  /** Whether the request has the credential, instead of the session. */
  readonly onRequest: boolean
  /** The token in the jar. `skewed`: another clock, which is an hour ahead, stored it. */
  readonly held: 'none' | 'fresh' | 'unlimited' | 'expiring' | 'expired' | 'skewed'
  readonly heldRefresh: boolean
  readonly method: string
}

const rarely = <A>(usual: A, others: fc.Arbitrary<A>): fc.Arbitrary<A> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 2, arbitrary: others })

const apiPage: fc.Arbitrary<ApiPage> = fc.record({
  place: rarely(0, fc.nat({ max: 5 })),
  status: fc.constantFrom(200, 302, 307, 308, 404, Number.NaN),
  onward: fc.constantFrom(1, 1, 0, 2),
  setsCookie: fc.boolean(),
  rejects: fc.constantFrom('no', 'no', 'once', 'held', 'always'),
})

const success: fc.Arbitrary<TokenReply> = fc.record({
  _tag: fc.constant('Token' as const),
  expiresIn: fc.constantFrom(3600, undefined, 0, 20),
  rotates: fc.boolean(),
})

const CODES = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
]

/** Generates replies of a token endpoint that are not tokens. */
export const failure: fc.Arbitrary<TokenReply> = fc.oneof(
  fc.record({
    _tag: fc.constant('Error' as const),
    code: fc.constantFrom(...CODES),
    status: fc.constantFrom(400, 401, 200),
  }),
  fc.record({ _tag: fc.constantFrom('Negative', 'Garbage', 'Html', 'Unavailable', 'Fault') }),
  fc.record({
    _tag: fc.constant('Redirect' as const),
    place: fc.nat({ max: 5 }),
    status: fc.constantFrom(302, 307, 308),
  }),
)

const places = fc.uniqueArray(fc.nat({ max: 5 }), { maxLength: 3 })

/** Generates servers with a request that needs their token or signature. */
export const tokenWeb: fc.Arbitrary<TokenWeb> = fc.record({
  pages: fc.array(apiPage, { minLength: 1, maxLength: 4, size: 'max' }),
  endpoint: fc.nat({ max: 5 }),
  replies: fc.array(fc.oneof({ weight: 3, arbitrary: success }, { weight: 1, arbitrary: failure }), {
    minLength: 1,
    maxLength: 3,
    size: 'max',
  }),
  endpointSetsCookie: fc.boolean(),
  credential: fc.constantFrom('basic', 'body', 'refresh token', 'custom', 'signed token', 'signer'),
  rejection: fc.constantFrom(401, 401, 403),
  origins: rarely<ReadonlyArray<number> | undefined>(undefined, places),
  base: rarely<TokenWeb['base']>('first', fc.oneof(fc.constant<'none'>('none'), fc.nat({ max: 5 }))),
  onRequest: rarely(false, fc.boolean()),
  held: fc.constantFrom('none', 'fresh', 'unlimited', 'expiring', 'expired', 'skewed'),
  heldRefresh: fc.boolean(),
  method: fc.constantFrom('GET', 'POST'),
})

/** Generates servers with a request that one of these credentials signs. */
export const signedBy = (...credentials: ReadonlyArray<TokenWeb['credential']>): fc.Arbitrary<TokenWeb> =>
  fc.tuple(tokenWeb, fc.constantFrom(...credentials)).map(([web, credential]) => ({ ...web, credential }))

/** One page that accepts every token, and an endpoint that issues one. */
export const simplest: TokenWeb = {
  pages: [{ place: 0, status: 200, onward: 0, setsCookie: false, rejects: 'no' }],
  endpoint: 0,
  replies: [{ _tag: 'Token', expiresIn: 3600, rotates: false }],
  endpointSetsCookie: false,
  credential: 'basic',
  rejection: 401,
  origins: undefined,
  base: 'first',
  onRequest: false,
  held: 'none',
  heldRefresh: false,
  method: 'GET',
}

// --- places and secrets ----------------------------------------------------------------------------------------------

/** The time of every request. */
export const NOW = new Date('2026-01-01T00:00:00Z')
/** The text that every secret contains. */
export const CANARY = 'CANARY'
/** The secret of the client. */
export const CLIENT_SECRET = `${CANARY}-client`
/** The secret of the main request. */
export const MAIN_SECRET = `${CANARY}-main`
/** The body of the main request, if it has one. */
export const MAIN_BODY = 'main-body'
/** The tokens that the jar has before the request. */
export const HELD = { access: `${CANARY}-access-held`, refresh: `${CANARY}-refresh-held` } as const

/** Returns the origin with an index. */
export const originAt = (place: number): string => ORIGINS[place % ORIGINS.length] ?? ORIGINS[0]
/** Returns the URL of a page. */
export const hrefOf = ({ pages }: TokenWeb, i: number): string =>
  `${originAt(pages[i % pages.length]?.place ?? 0)}/p${i % pages.length}`
/** Returns the URL of the token endpoint. */
export const endpointOf = ({ endpoint }: TokenWeb): string => `${originAt(endpoint)}/token`
/** Returns the base URL of the session; `undefined` if it is not set. */
export const baseOf = (web: TokenWeb): string | undefined => {
  if (web.base === 'none') return undefined
  return web.base === 'first' ? new URL(hrefOf(web, 0)).origin : originAt(web.base)
}
