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
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'
import { pipe } from 'fp-ts/lib/function.js'
import { getEq as getArrayEq } from 'fp-ts/lib/ReadonlyArray.js'
import type { Show as ShowOf } from 'fp-ts/lib/Show.js'
import { same, struct } from '../values/Equality.js'
import * as Printable from '../values/Printable.js'
import * as Url from '../values/Url.js'
import * as UserInput from '../values/UserInput.js'
import * as ContentEncoding from '../wire/coding/ContentEncoding.js'
import type { Transport } from '../wire/Transport.js'
import { withBaseUrl, withHeaders, withTimeouts } from './Configure.js'
import * as Prefix from './Prefix.js'
import type { Ambient, Mount, Session } from './SessionRecord.js'
import * as SettingsEq from './SettingsEq.js'
import { empty as noSettings } from './SettingsRecord.js'
import * as SettingsText from './SettingsText.js'

export * from './Configure.js'
export { decode, encode, SessionJson } from './SessionJson.js'
export type { Ambient, Mount, Session } from './SessionRecord.js'

/** @deprecated Use `Ambient`. */
export type Trust = Ambient

/** A session without settings that uses nothing from the environment. */
export const empty: Session = {
  settings: noSettings,
  mounts: [],
  ambient: { proxies: false, netrc: false, certificates: false },
}

/** The version of this library. */
export const VERSION = '0.1.0'

/**
 * The four headers of requests, a connect timeout of 10 s, a read timeout of 60 s (D8), and the whole environment. So, as in
 * requests, passwords of `~/.netrc` are sent to the hosts that it names; `withAmbient({ netrc: false })` prevents this.
 */
export const defaults: Session = pipe(
  { ...empty, ambient: { proxies: true, netrc: true, certificates: true } },
  withHeaders({
    'User-Agent': `requests-ts/${VERSION}`,
    'Accept-Encoding': ContentEncoding.supported,
    Accept: '*/*',
    Connection: 'keep-alive',
  }),
  withTimeouts({ connect: 10_000, read: 60_000 }),
)

/**
 * Returns the default session with a base URL, to which the URLs of requests are joined: `withBaseUrl(url)(defaults)`.
 *
 * @since 0.2.0
 * @category constructors
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { Plan, Request, Session } from 'requests-ts'
 *
 * const plan = pipe(Request.get('users'), Plan.plan({ session: Session.at('https://api.example.com/v1') }))
 * assert.deepEqual(pipe(plan, E.map(({ url }) => url.href)), E.right('https://api.example.com/v1/users'))
 */
export const at = (baseUrl: string | URL): Session => withBaseUrl(baseUrl)(defaults)

/**
 * Sends requests whose URL matches a prefix (`https://api.test/v1`, `http+unix:`) through the given transport. Replaces
 * the transport of an equal prefix; `https://api.test/v1/` and `https://api.test/v1` are equal.
 */
export const mount =
  (prefix: string | URL, transport: Transport): Endomorphism<Session> =>
  (session) => {
    const given: unknown = UserInput.urlText(prefix)
    // An empty prefix matches nothing.
    const text = typeof given === 'string' ? given : ''
    const isOther = ([other]: Mount): boolean => !Prefix.isSame(Prefix.parse(other), Prefix.parse(text))
    return { ...session, mounts: [...session.mounts.filter(isOther), [text, transport]] }
  }

/** Sets which environment sources may be used. Sources that are left out stay as they are. */
export const withAmbient =
  (ambient: Partial<Ambient>): Endomorphism<Session> =>
  (session) => ({ ...session, ambient: { ...session.ambient, ...ambient } })

/** @deprecated Use `withAmbient`. */
export const withTrust = withAmbient

/**
 * Compares sessions. Equal sessions plan equal plans for each request. Settings are compared by `Settings.Eq`, mounts in
 * order, with their transports by reference.
 * @since 0.2.0
 * @category instances
 */
export const Eq: EqOf<Session> = struct<Session>({
  settings: SettingsEq.Eq,
  mounts: getArrayEq<Mount>({ equals: ([x, one], [y, other]) => x === y && one === other }),
  ambient: struct<Ambient>({ proxies: same, netrc: same, certificates: same }),
})

const named = (title: string, names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.length === 0 ? [] : [`${title}: ${names.join(', ')}`]

const SOURCES = ['proxies', 'netrc', 'certificates'] as const

/**
 * Prints a session as one line, without secrets: its settings, the prefixes of its mounts, and the environment sources.
 *
 * @since 0.2.0
 * @category instances
 * @example
 * import { Session } from 'requests-ts'
 *
 * const session = Session.withBaseUrl('https://api.test')(Session.empty)
 * assert.equal(Session.Show.show(session), 'Session (baseUrl: https://api.test)')
 */
export const Show: ShowOf<Session> = {
  show: ({ settings, mounts, ambient }) => {
    const shown = SettingsText.show(settings)
    const parts = [
      ...(shown === '' ? [] : [shown]),
      ...named(
        'mounts',
        mounts.map(([prefix]) => Url.masked(prefix)),
      ),
      ...named(
        'environment',
        SOURCES.filter((source) => ambient[source]),
      ),
    ]
    return Printable.escapeControls(parts.length === 0 ? 'Session' : `Session (${parts.join('; ')})`)
  },
}
