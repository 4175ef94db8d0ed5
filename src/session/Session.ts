/**
 * A session: the settings that requests share, mounted transports, and which environment sources may be used.
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
import { withHeaders, withTimeouts } from './Configure.js'
import * as Prefix from './Prefix.js'
import { type Ambient, empty, type Mount, type Session } from './SessionRecord.js'

export * from './Configure.js'
export { decode, encode } from './SessionJson.js'
export { type Ambient, empty, type Mount, type Session } from './SessionRecord.js'
export { SessionJson } from './SessionSchema.js'

/** @deprecated Use `Ambient`. */
export type Trust = Ambient

/** The version of this library. */
export const VERSION = '0.1.0'

/**
 * The default session: the four headers that requests sends, a connect timeout of 10 s and a read timeout of 60 s (D8),
 * and everything of the environment.
 */
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
 * Sends requests whose URL matches a prefix (`https://api.test/v1`, `http+unix:`) through the given transport. Replaces
 * the transport of an equal prefix; `https://api.test/v1/` and `https://api.test/v1` are equal.
 */
export const mount =
  (prefix: string, transport: Transport): Endomorphism<Session> =>
  (session) => {
    const isOther = ([other]: Mount): boolean => !Prefix.Eq.equals(Prefix.parse(other), Prefix.parse(prefix))
    return { ...session, mounts: [...session.mounts.filter(isOther), [prefix, transport]] }
  }

/** Sets which environment sources may be used. Sources that are left out stay as they are. */
export const withAmbient =
  (ambient: Partial<Ambient>): Endomorphism<Session> =>
  (session) => ({ ...session, ambient: { ...session.ambient, ...ambient } })

/** @deprecated Use `withAmbient`. */
export const withTrust = withAmbient
