/**
 * What all requests have in common: settings, mounted transports, and which ambient sources are trusted.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Session } from 'requests-ts'
 *
 * const session = pipe(
 *   Session.defaults,
 *   Session.withBaseUrl('https://api.example.com/v1'),
 *   Session.withBasicAuth('username', 'password'),
 *   Session.withAmbient({ netrc: false }))
 * assert.equal(session.ambient.netrc, false)
 * assert.equal(JSON.stringify(session.settings.auth).includes('password'), false)
 */
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as Coding from '../wire/coding/Coding.js'
import type { Transport } from '../wire/Transport.js'
import * as Prefix from './Prefix.js'
import { type Configurable, empty as noSettings, withHeaders, withTimeouts } from './Settings.js'

export {
  andRedirectPolicy,
  withAuth,
  withBaseUrl,
  withBasicAuth,
  withBearer,
  withCa,
  withClientCertificate,
  withCookie,
  withDigestAuth,
  withHeader,
  withHeaders,
  withHook,
  withHooks,
  withLimits,
  withMaxRedirects,
  withoutAuth,
  withoutCookie,
  withoutHeader,
  withoutProxy,
  withoutRedirects,
  withoutTimeouts,
  withProgress,
  withProxy,
  withQuery,
  withQueryText,
  withRedirectPolicy,
  withSecretHeader,
  withSecretQuery,
  withSensitiveHeaders,
  withSettings,
  withTimeouts,
  withVerify,
} from './Settings.js'

/** Which ambient sources prepare may ask, each for itself (requests' `trust_env` is all or nothing). */
export interface Ambient {
  /** Proxy variables and NO_PROXY. */
  readonly proxies: boolean
  readonly netrc: boolean
  /** REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE. */
  readonly certificates: boolean
}

export type Mount = readonly [prefix: string, transport: Transport]

export interface Session extends Configurable {
  /** Transports of your own; the longest prefix that fits a URL wins, compared part by part. */
  readonly mounts: ReadonlyArray<Mount>
  readonly ambient: Ambient
}

export const VERSION = '0.1.0'

/** Says nothing and trusts nothing. */
export const empty: Session = {
  settings: noSettings,
  mounts: [],
  ambient: { proxies: false, netrc: false, certificates: false },
}

/** Four headers as requests has them, timeouts (D8), and trust in the environment. */
export const defaults: Session = pipe(
  { ...empty, ambient: { proxies: true, netrc: true, certificates: true } },
  withHeaders({
    'User-Agent': `requests-ts/${VERSION}`,
    'Accept-Encoding': Coding.supported,
    Accept: '*/*',
    Connection: 'keep-alive',
  }),
  withTimeouts({ connect: 10_000, read: 60_000 }),
)

/**
 * Sends what begins with a prefix (`https://api.test/v1`, `http+unix:`) through a transport of your own, in place of
 * what was mounted for the same prefix, however that was written: `https://api.test/v1/` is the same.
 */
export const mount =
  (prefix: string, transport: Transport): Endomorphism<Session> =>
  (session) => {
    const isOther = ([other]: Mount): boolean => !Prefix.Eq.equals(Prefix.parse(other), Prefix.parse(prefix))
    return { ...session, mounts: [...session.mounts.filter(isOther), [prefix, transport]] }
  }

export const withAmbient =
  (ambient: Partial<Ambient>): Endomorphism<Session> =>
  (session) => ({ ...session, ambient: { ...session.ambient, ...ambient } })

/** @deprecated Use `withAmbient`. */
export const withTrust = withAmbient
