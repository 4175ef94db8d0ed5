/**
 * Converts a session to JSON and back. Functions cannot be saved, and secrets are saved only with `{ reveal: true }`:
 * otherwise `encode` returns a `Left` with their paths. The redirect policies of this library are saved by name.
 *
 * Laws: `decode(encode({ reveal: true })(session)) = session` for a session without functions. Whatever `encode` returns,
 * `decode` accepts.
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
import { isArray } from '../values/IsArray.js'
import * as Override from '../values/Override.js'
import type * as Query from '../values/Query.js'
import * as Secret from '../values/Secret.js'
import * as Serialization from '../values/Serialization.js'
import { type ClientCertificate, hideCertificate } from '../wire/Plan.js'
import * as Auth from './Auth.js'
import type { RedirectPolicy } from './RedirectPolicy.js'
import * as SessionRecord from './SessionRecord.js'
import * as Schema from './SessionSchema.js'
import { baseUrl, hideNamed, isHiddenForName, type Settings } from './SettingsRecord.js'

// --- encoding ------------------------------------------------------------------------------------------------------

type OverrideJson<A> = { readonly set: A } | { readonly unset: true }
type KeyedJson<A> = Array<[string, OverrideJson<A>]>
type LayerJson<A> = { readonly extend: A } | { readonly replace: A }

const overrideJson = <A, B>(
  override: Override.Override<A>,
  write: (value: A) => B | undefined,
): OverrideJson<B> | undefined => {
  if (override._tag === 'Inherit') return undefined
  if (override._tag === 'Unset') return { unset: true }
  const value = write(override.value)
  return value === undefined ? undefined : { set: value }
}

const keyedJson = <A, B>(keyed: Override.Keyed<A>, write: (value: A, key: string) => B | undefined): KeyedJson<B> =>
  [...keyed].flatMap(([key, override]): KeyedJson<B> => {
    const json = overrideJson(override, (value) => write(value, key))
    return json === undefined ? [] : [[key, json]]
  })

const layerJson = <A, B>(layer: Override.Layer<A>, write: (value: A) => B): LayerJson<B> | undefined => {
  if (layer._tag === 'Inherit') return undefined
  return layer._tag === 'Extend' ? { extend: write(layer.value) } : { replace: write(layer.value) }
}

const scalarJson = (scalar: Query.Scalar): Schema.ScalarJson =>
  typeof scalar === 'number' ? Serialization.fromNumber(scalar) : scalar

const valuesJson = (values: Query.Values): Schema.QueryValues =>
  isArray(values)
    ? values.map((one) => (one === null || one === undefined ? null : scalarJson(one)))
    : scalarJson(values)

const queryJson = (writer: Serialization.Writer, source: Query.Source): Schema.QueryJson => {
  switch (source._tag) {
    case 'Keys':
      return {
        keys: keyedJson(source.keys, (value, key) =>
          Secret.is(value) ? { secret: writer.secret(`query.${key}`, value, Serialization.Text) } : valuesJson(value),
        ),
      }
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

const authJson = (writer: Serialization.Writer, auth: Auth.Auth): Schema.AuthJson | undefined => {
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
): Schema.CertificateJson => ({
  ...(cert === undefined ? {} : { cert: writer.secret('certificate.cert', cert, Serialization.Text) }),
  ...(key === undefined ? {} : { key: writer.secret('certificate.key', key, Serialization.Text) }),
  ...(pfx === undefined ? {} : { pfx: pfxJson(writer, pfx) }),
  ...(passphrase === undefined ? {} : { passphrase: writer.secret('certificate.passphrase', passphrase) }),
})

/** Every proxy URL is stored as a secret, but only one with credentials needs `{ reveal: true }`. */
const proxyJson = (writer: Serialization.Writer, key: string, url: Secret.Secret): string =>
  writer.secret(`proxies.${key}`, Secret.reveal(url).includes('@') ? url : Secret.reveal(url))

const policyNames = (
  writer: Serialization.Writer,
  policy: RedirectPolicy,
  i: number,
): ReadonlyArray<Schema.PolicyName> => {
  const name = Object.entries(Schema.POLICIES).find(([, known]) => known === policy)?.[0]
  if (Schema.PolicyName.is(name)) return [name]
  writer.refuse(`redirects[${i}]`)
  return []
}

const settingsJson = (writer: Serialization.Writer, settings: Settings): Schema.SettingsJson => {
  /** Also checks that each key is a single line. */
  const named =
    (setting: keyof Settings) =>
    <A, B>(keyed: Override.Keyed<A>, write: (value: A, key: string) => B | undefined): KeyedJson<B> =>
      keyedJson(keyed, write).map(([key, json]) => [writer.secret(`${setting}.${key}`, key), json])
  const all = {
    headers: named('headers')(settings.headers, ({ name, values }, key) => {
      const path = `headers.${name}`
      const isSensitive = settings.sensitive.get(key)?._tag === 'Set'
      return {
        name: writer.secret(path, name),
        values: values.map((value) => {
          const text = writer.secret(path, isSensitive && typeof value === 'string' ? Secret.make(value) : value)
          return typeof value === 'string' || (isSensitive && isHiddenForName(value)) ? text : { secret: text }
        }),
      }
    }),
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
      policies.flatMap((policy, i) => policyNames(writer, policy, i)),
    ),
    hooks: layerJson(settings.hooks, (hooks) => hooks.flatMap((_, i) => writer.refuse(`hooks[${i}]`) ?? [])),
    progress: overrideJson(settings.progress, () => writer.refuse('progress')),
    sensitive: named('sensitive')(settings.sensitive, (isSensitive) => isSensitive),
  }
  const isPresent = (json: unknown): boolean => json !== undefined && !(Array.isArray(json) && json.length === 0)
  // The cast: `fromEntries` forgets the type of each field. Removing undefined fields does not change it.
  return Object.fromEntries(Object.entries(all).filter(([, json]) => isPresent(json))) as Schema.SettingsJson
}

/**
 * Converts a session to JSON. Error: `Unwritable`, with the paths of functions, of mounted transports and of secrets that
 * would need `{ reveal: true }`.
 */
export const encode =
  (options: Serialization.Reveal = {}) =>
  ({ settings, mounts, ambient }: SessionRecord.Session): E.Either<Serialization.EncodeError, Schema.SessionJson> => {
    const writer = Serialization.writer(options)
    const json = {
      format: Schema.FORMAT,
      version: Schema.VERSION,
      settings: settingsJson(writer, settings),
      trust: ambient,
    } as const
    for (const [prefix] of mounts) writer.refuse(`mounts (${prefix})`)
    const written = Serialization.written(writer, json)
    return E.isLeft(written) ? written : Serialization.readable<Schema.SessionJson>(decode)(written.right)
  }

// --- decoding ------------------------------------------------------------------------------------------------------

const toOverride = <A, B>(json: OverrideJson<A> | undefined, read: (value: A) => B): Override.Override<B> => {
  if (json === undefined) return Override.inherit
  return 'set' in json ? Override.set(read(json.set)) : Override.unset
}

const toKeyed = <A, B>(
  json: ReadonlyArray<readonly [string, OverrideJson<A>]> | undefined,
  read: (value: A) => B,
): Override.Keyed<B> => new Map((json ?? []).map(([key, override]) => [key, toOverride(override, read)]))

const toLayer = <A, B>(json: LayerJson<A> | undefined, read: (value: A) => B): Override.Layer<B> => {
  if (json === undefined) return Override.inherit
  return 'extend' in json ? Override.extend(read(json.extend)) : Override.replace(read(json.replace))
}

const toScalar = (json: Schema.ScalarJson): Query.Scalar =>
  typeof json === 'object' ? Serialization.toNumber(json) : json

const toValues = (json: Schema.QueryValues): Query.Values =>
  isArray(json) ? json.map((one) => (one === null ? null : toScalar(one))) : toScalar(json)

const toQueryValue = (json: Schema.QueryValue): Query.Held =>
  typeof json === 'object' && 'secret' in json ? Secret.make(json.secret) : toValues(json)

const toQuery = (json: Schema.QueryJson): Query.Source => {
  if ('text' in json) return { _tag: 'Text', text: json.text }
  if ('pairs' in json) return { _tag: 'Pairs', pairs: json.pairs.map(([name, values]) => [name, toValues(values)]) }
  return { _tag: 'Keys', keys: toKeyed(json.keys, toQueryValue) }
}

const toAuth = (json: Schema.AuthJson): Auth.Auth => {
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

const toCertificate = ({ pfx, ...rest }: Schema.CertificateJson): ClientCertificate =>
  hideCertificate({
    ...rest,
    ...(pfx === undefined ? {} : { pfx: typeof pfx === 'string' ? pfx : Buffer.from(pfx.base64, 'base64') }),
  })

const toSettings = (json: Schema.SettingsJson): Settings => {
  const sensitive = toKeyed(json.sensitive, () => true as const)
  const headers = toKeyed(json.headers, ({ name, values }) => ({
    name,
    values: values.map((value) => (typeof value === 'string' ? value : Secret.make(value.secret))),
  }))
  return {
    headers: hideNamed(headers, sensitive),
    query: toLayer(json.query, toQuery),
    cookies: toKeyed(json.cookies, Secret.make),
    proxies: toLayer(json.proxies, (proxies) => toKeyed(proxies, Secret.make)),
    auth: toOverride(json.auth, toAuth),
    baseUrl: toOverride(json.baseUrl, baseUrl),
    verify: toOverride(json.verify, (verify) => verify),
    ca: toOverride(json.ca, (ca) => ca),
    certificate: toOverride(json.certificate, toCertificate),
    timeouts: toKeyed(json.timeouts, Serialization.toNumber),
    limits: toKeyed(json.limits, Serialization.toNumber),
    maxRedirects: toOverride(json.maxRedirects, Serialization.toNumber),
    redirects: toLayer(json.redirects, (names) => names.map((name) => Schema.POLICIES[name])),
    hooks: toLayer(json.hooks, () => []),
    progress: json.progress === undefined ? Override.inherit : Override.unset,
    sensitive,
  }
}

/** Converts JSON to a session. Error: `Unreadable`. */
export const decode = (u: unknown): E.Either<Serialization.DecodeError, SessionRecord.Session> => {
  const envelope = Serialization.checkEnvelope(Schema.FORMAT, Schema.VERSION, u)
  if (E.isLeft(envelope)) return envelope
  const json = Serialization.read(Schema.SessionJson, u)
  if (E.isLeft(json)) return json
  const { settings, trust } = json.right
  return E.right({ ...SessionRecord.empty, settings: toSettings(settings), ambient: { ...trust } })
}
