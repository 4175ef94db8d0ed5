/**
 * A session as JSON: its settings and its trust. Functions have no text and secrets are not written unasked, so both
 * are a `Left` that names where they stand; the policies of this library go by their names.
 *
 * Laws: `decode(encode({ reveal: true })(session)) = session`, for sessions without functions; what is written can be
 * read, whatever the settings hold: a number that JSON does not have, a text that a file must not.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Session } from 'requests-ts'
 *
 * const session = pipe(Session.defaults, Session.withBearer('token'))
 * assert.deepEqual(pipe(session, Session.encode(), E.mapLeft(({ paths }) => paths)), E.left(['auth.token']))
 * const again = pipe(session, Session.encode({ reveal: true }), E.flatMap(Session.decode))
 * assert.deepEqual(pipe(again, E.map(({ ambient }) => ambient)), E.right(session.ambient))
 */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { isArray } from '../values/IsArray.js'
import * as Override from '../values/Override.js'
import type * as Query from '../values/Query.js'
import * as Secret from '../values/Secret.js'
import * as Serialization from '../values/Serialization.js'
import { type ClientCertificate, hidden } from '../wire/Plan.js'
import * as Auth from './Auth.js'
import { hideNamed, isHiddenForName } from './NamedHeaders.js'
import * as RedirectPolicy from './RedirectPolicy.js'
import * as Session from './Session.js'
import * as Settings from './Settings.js'

const FORMAT = 'requests-ts/session'
const VERSION = 1

// --- codecs --------------------------------------------------------------------------------------------------------

const override = <C extends t.Mixed>(value: C) =>
  t.union([t.readonly(t.strict({ set: value })), t.readonly(t.strict({ unset: t.literal(true) }))])
const keyed = <C extends t.Mixed>(value: C) => t.readonlyArray(t.tuple([Serialization.Line, override(value)]))
const layer = <C extends t.Mixed>(value: C) =>
  t.union([t.readonly(t.strict({ extend: value })), t.readonly(t.strict({ replace: value }))])

const HeaderValue = t.union([Serialization.Line, t.readonly(t.strict({ secret: Serialization.Line }))])
const HeaderJson = t.readonly(t.strict({ name: Serialization.Line, values: t.readonlyArray(HeaderValue) }))
const Scalar = t.union([t.string, Serialization.Numeric, t.boolean])
const Values = t.union([Scalar, t.readonlyArray(t.union([Scalar, t.null]))])
const Held = t.union([Values, t.readonly(t.strict({ secret: Serialization.Text }))])
const QueryJson = t.union([
  t.readonly(t.strict({ keys: t.readonlyArray(t.tuple([t.string, override(Held)])) })),
  t.readonly(t.strict({ pairs: t.readonlyArray(t.tuple([t.string, Values])) })),
  t.readonly(t.strict({ text: t.string })),
])
const AuthJson = t.union([
  t.readonly(t.strict({ scheme: t.literal('None') })),
  t.readonly(
    t.strict({ scheme: t.keyof({ Basic: null, Digest: null }), user: Serialization.Line, pass: Serialization.Line }),
  ),
  t.readonly(t.strict({ scheme: t.literal('Bearer'), token: Serialization.Line })),
])
const CertificateJson = t.readonly(
  t.partial({
    cert: Serialization.Text,
    key: Serialization.Text,
    pfx: t.union([Serialization.Text, t.strict({ base64: Serialization.Line })]),
    passphrase: Serialization.Line,
  }),
)

/** The policies that can be saved, by the names they are saved under. */
const POLICIES = {
  follow: RedirectPolicy.follow,
  none: RedirectPolicy.none,
  sameOrigin: RedirectPolicy.sameOrigin,
  httpsOnly: RedirectPolicy.httpsOnly,
} as const
const PolicyName = t.keyof(POLICIES)

const isNothing = (u: unknown): u is ReadonlyArray<never> => Array.isArray(u) && u.length === 0
const Nothing = new t.Type<ReadonlyArray<never>, ReadonlyArray<never>, unknown>(
  'an empty list',
  isNothing,
  (u, context) => (isNothing(u) ? t.success(u) : t.failure(u, context)),
  t.identity,
)

const SettingsJson = t.readonly(
  t.partial({
    headers: keyed(HeaderJson),
    query: layer(QueryJson),
    cookies: keyed(Serialization.Line),
    proxies: layer(keyed(Serialization.Line)),
    auth: override(AuthJson),
    baseUrl: override(Serialization.Line),
    verify: override(t.boolean),
    ca: override(Serialization.Text),
    certificate: override(CertificateJson),
    timeouts: keyed(Serialization.Numeric),
    limits: keyed(Serialization.Numeric),
    maxRedirects: override(Serialization.Numeric),
    redirects: layer(t.readonlyArray(PolicyName)),
    // No function can be saved, but that there is to be none can.
    hooks: layer(Nothing),
    progress: t.readonly(t.strict({ unset: t.literal(true) })),
    sensitive: keyed(t.literal(true)),
  }),
)
type SettingsJson = t.TypeOf<typeof SettingsJson>

/** The saved form. */
export const SessionJson = t.readonly(
  t.strict({
    format: t.literal(FORMAT),
    version: t.literal(VERSION),
    settings: SettingsJson,
    trust: t.readonly(t.strict({ proxies: t.boolean, netrc: t.boolean, certificates: t.boolean })),
  }),
)
export type SessionJson = t.TypeOf<typeof SessionJson>

// --- writing -------------------------------------------------------------------------------------------------------

type OverrideJson<A> = { readonly set: A } | { readonly unset: true }
type KeyedJson<A> = Array<[string, OverrideJson<A>]>

const overrideJson = <A, B>(
  given: Override.Override<A>,
  write: (value: A) => B | undefined,
): OverrideJson<B> | undefined => {
  if (given._tag === 'Inherit') return undefined
  if (given._tag === 'Unset') return { unset: true }
  const value = write(given.value)
  return value === undefined ? undefined : { set: value }
}

const keyedJson = <A, B>(given: Override.Keyed<A>, write: (value: A, key: string) => B | undefined): KeyedJson<B> =>
  [...given].flatMap(([key, one]): KeyedJson<B> => {
    const json = overrideJson(one, (value) => write(value, key))
    return json === undefined ? [] : [[key, json]]
  })

/** The same, where a key has to be a line. */
const namedJson =
  (writer: Serialization.Writer, setting: keyof Settings.Settings) =>
  <A, B>(given: Override.Keyed<A>, write: (value: A, key: string) => B | undefined): KeyedJson<B> =>
    keyedJson(given, write).map(([key, json]) => [writer.secret(`${setting}.${key}`, key), json])

const layerJson = <A, B>(
  given: Override.Layer<A>,
  write: (value: A) => B,
): { extend: B } | { replace: B } | undefined => {
  if (given._tag === 'Inherit') return undefined
  return given._tag === 'Extend' ? { extend: write(given.value) } : { replace: write(given.value) }
}

const scalarJson = (scalar: Query.Scalar): t.TypeOf<typeof Scalar> =>
  typeof scalar === 'number' ? Serialization.fromNumber(scalar) : scalar

const valuesJson = (values: Query.Values): t.TypeOf<typeof Values> =>
  isArray(values)
    ? values.map((one) => (one === null || one === undefined ? null : scalarJson(one)))
    : scalarJson(values)

const heldJson =
  (writer: Serialization.Writer) =>
  (held: Query.Held, key: string): t.TypeOf<typeof Held> =>
    Secret.is(held) ? { secret: writer.secret(`query.${key}`, held, Serialization.Text) } : valuesJson(held)

const queryJson = (writer: Serialization.Writer, source: Query.Source): t.TypeOf<typeof QueryJson> => {
  switch (source._tag) {
    case 'Keys':
      return { keys: keyedJson(source.keys, heldJson(writer)) }
    case 'Pairs':
      return {
        pairs: source.pairs.flatMap(([name, values]) =>
          values === null || values === undefined ? [] : [[name, valuesJson(values)] as const],
        ),
      }
    case 'Text':
      return { text: source.text }
  }
}

const authJson = (writer: Serialization.Writer, auth: Auth.Auth): t.TypeOf<typeof AuthJson> | undefined => {
  switch (auth._tag) {
    case 'None':
      return { scheme: 'None' }
    case 'Basic':
    case 'Digest':
      return {
        scheme: auth._tag,
        user: writer.secret('auth.user', auth.user),
        pass: writer.secret('auth.pass', auth.pass),
      }
    case 'Bearer':
      return { scheme: 'Bearer', token: writer.secret('auth.token', auth.token) }
    case 'Custom':
      return writer.refuse(`auth (${auth.name})`)
  }
}

const pfxJson = (
  writer: Serialization.Writer,
  pfx: string | Uint8Array | Secret.SealedBytes,
): string | { base64: string } => {
  if (typeof pfx === 'string') return writer.secret('certificate.pfx', pfx, Serialization.Text)
  const bytes = pfx instanceof Uint8Array ? pfx : Secret.open(pfx)
  return { base64: writer.secret('certificate.pfx', Secret.make(Buffer.from(bytes).toString('base64'))) }
}

const certificateJson = (
  writer: Serialization.Writer,
  { cert, key, pfx, passphrase }: ClientCertificate,
): t.TypeOf<typeof CertificateJson> => ({
  ...(cert === undefined ? {} : { cert: writer.secret('certificate.cert', cert, Serialization.Text) }),
  ...(key === undefined ? {} : { key: writer.secret('certificate.key', key, Serialization.Text) }),
  ...(pfx === undefined ? {} : { pfx: pfxJson(writer, pfx) }),
  ...(passphrase === undefined ? {} : { passphrase: writer.secret('certificate.passphrase', passphrase) }),
})

/** A proxy is a secret for the password it may hold; without one it can be written. */
const proxyJson = (writer: Serialization.Writer, key: string, url: Secret.Secret): string =>
  writer.secret(`proxies.${key}`, Secret.reveal(url).includes('@') ? url : Secret.reveal(url))

const policyName = (
  writer: Serialization.Writer,
  policy: RedirectPolicy.RedirectPolicy,
  i: number,
): ReadonlyArray<keyof typeof POLICIES> => {
  const found = Object.entries(POLICIES).find(([, known]) => known === policy)?.[0]
  if (PolicyName.is(found)) return [found]
  writer.refuse(`redirects[${i}]`)
  return []
}

const settingsJson = (writer: Serialization.Writer, settings: Settings.Settings): SettingsJson => {
  const named = (setting: keyof Settings.Settings) => namedJson(writer, setting)
  const all = {
    headers: named('headers')(settings.headers, ({ name, values }, key) => ({
      name: writer.secret(`headers.${name}`, name),
      values: values.map((value) => {
        const path = `headers.${name}`
        const isSensitive = settings.sensitive.get(key)?._tag === 'Set'
        if (typeof value !== 'string') {
          const text = writer.secret(path, value)
          return isSensitive && isHiddenForName(value) ? text : { secret: text }
        }
        return writer.secret(path, isSensitive ? Secret.make(value) : value)
      }),
    })),
    query: layerJson(settings.query, (source) => queryJson(writer, source)),
    cookies: named('cookies')(settings.cookies, (value, name) => writer.secret(`cookies.${name}`, value)),
    proxies: layerJson(settings.proxies, (proxies) =>
      named('proxies')(proxies, (url, key) => proxyJson(writer, key, url)),
    ),
    auth: overrideJson(settings.auth, (auth) => authJson(writer, auth)),
    baseUrl: overrideJson(settings.baseUrl, (url) => writer.secret('baseUrl', url)),
    verify: overrideJson(settings.verify, (verify) => verify),
    ca: overrideJson(settings.ca, (ca) => writer.secret('ca', ca, Serialization.Text)),
    certificate: overrideJson(settings.certificate, (certificate) => certificateJson(writer, certificate)),
    timeouts: named('timeouts')(settings.timeouts, Serialization.fromNumber),
    limits: named('limits')(settings.limits, Serialization.fromNumber),
    maxRedirects: overrideJson(settings.maxRedirects, Serialization.fromNumber),
    redirects: layerJson(settings.redirects, (policies) =>
      policies.flatMap((policy, i) => policyName(writer, policy, i)),
    ),
    hooks: layerJson(settings.hooks, (hooks) => hooks.flatMap((_, i) => writer.refuse(`hooks[${i}]`) ?? [])),
    progress: overrideJson(settings.progress, () => writer.refuse('progress')),
    sensitive: named('sensitive')(settings.sensitive, (is) => is),
  }
  const said = Object.entries(all).filter(
    ([, json]) => json !== undefined && !(Array.isArray(json) && json.length === 0),
  )
  // The cast: leaving out what is undefined keeps the type of each field, which `fromEntries` forgets.
  return Object.fromEntries(said) as SettingsJson
}

/** A session to JSON. Error: `Unwritable`, with the paths of functions and of secrets that are not to be revealed. */
export const encode =
  (options: Serialization.Reveal = {}) =>
  ({ settings, mounts, ambient }: Session.Session): E.Either<Serialization.EncodeError, SessionJson> => {
    const writer = Serialization.writer(options)
    const json = { format: FORMAT, version: VERSION, settings: settingsJson(writer, settings), trust: ambient } as const
    for (const [prefix] of mounts) writer.refuse(`mounts (${prefix})`)
    const made = Serialization.written(writer, json)
    return E.isLeft(made) ? made : Serialization.readable<SessionJson>(decode)(made.right)
  }

// --- reading -------------------------------------------------------------------------------------------------------

const toOverride = <A, B>(json: OverrideJson<A> | undefined, read: (value: A) => B): Override.Override<B> => {
  if (json === undefined) return Override.inherit
  return 'set' in json ? Override.set(read(json.set)) : Override.unset
}

const toKeyed = <A, B>(
  json: ReadonlyArray<readonly [string, OverrideJson<A>]> | undefined,
  read: (value: A) => B,
): Override.Keyed<B> => new Map((json ?? []).map(([key, one]) => [key, toOverride(one, read)]))

const toLayer = <A, B>(
  json: { readonly extend: A } | { readonly replace: A } | undefined,
  read: (value: A) => B,
): Override.Layer<B> => {
  if (json === undefined) return Override.inherit
  return 'extend' in json ? Override.extend(read(json.extend)) : Override.replace(read(json.replace))
}

const toScalar = (json: t.TypeOf<typeof Scalar>): Query.Scalar =>
  typeof json === 'object' ? Serialization.toNumber(json) : json

const toValues = (json: t.TypeOf<typeof Values>): Query.Values =>
  isArray(json) ? json.map((one) => (one === null ? null : toScalar(one))) : toScalar(json)

const toHeld = (json: t.TypeOf<typeof Held>): Query.Held =>
  typeof json === 'object' && 'secret' in json ? Secret.make(json.secret) : toValues(json)

const toQuery = (json: t.TypeOf<typeof QueryJson>): Query.Source => {
  if ('text' in json) return { _tag: 'Text', text: json.text }
  if ('pairs' in json) return { _tag: 'Pairs', pairs: json.pairs.map(([name, values]) => [name, toValues(values)]) }
  return { _tag: 'Keys', keys: toKeyed(json.keys, toHeld) }
}

const toAuth = (json: t.TypeOf<typeof AuthJson>): Auth.Auth => {
  switch (json.scheme) {
    case 'None':
      return Auth.none
    case 'Basic':
      return Auth.basic(json.user, json.pass)
    case 'Digest':
      return Auth.digest(json.user, json.pass)
    case 'Bearer':
      return Auth.bearer(json.token)
  }
}

const toCertificate = ({ pfx, ...rest }: t.TypeOf<typeof CertificateJson>): ClientCertificate =>
  hidden({
    ...rest,
    ...(pfx === undefined ? {} : { pfx: typeof pfx === 'string' ? pfx : Buffer.from(pfx.base64, 'base64') }),
  })

const toSettings = (json: SettingsJson): Settings.Settings => ({
  ...Settings.empty,
  headers: hideNamed(
    toKeyed(json.headers, ({ name, values }) => ({
      name,
      values: values.map((value) => (typeof value === 'string' ? value : Secret.make(value.secret))),
    })),
    toKeyed(json.sensitive, () => true as const),
  ),
  query: toLayer(json.query, toQuery),
  cookies: toKeyed(json.cookies, Secret.make),
  proxies: toLayer(json.proxies, (proxies) => toKeyed(proxies, Secret.make)),
  auth: toOverride(json.auth, toAuth),
  baseUrl: toOverride(json.baseUrl, Settings.baseUrl),
  verify: toOverride(json.verify, (verify) => verify),
  ca: toOverride(json.ca, (ca) => ca),
  certificate: toOverride(json.certificate, toCertificate),
  timeouts: toKeyed(json.timeouts, Serialization.toNumber),
  limits: toKeyed(json.limits, Serialization.toNumber),
  maxRedirects: toOverride(json.maxRedirects, Serialization.toNumber),
  redirects: toLayer(json.redirects, (names) => names.map((name) => POLICIES[name])),
  hooks: toLayer(json.hooks, () => []),
  progress: json.progress === undefined ? Override.inherit : Override.unset,
  sensitive: toKeyed(json.sensitive, () => true as const),
})

/** JSON to a session. Error: `Unreadable`. */
export const decode = (u: unknown): E.Either<Serialization.DecodeError, Session.Session> => {
  const known = Serialization.checkEnvelope(FORMAT, VERSION, u)
  if (E.isLeft(known)) return known
  const read = Serialization.read(SessionJson, u)
  if (E.isLeft(read)) return read
  const { settings, trust } = read.right
  return E.right({ ...Session.empty, settings: toSettings(settings), ambient: { ...trust } })
}
