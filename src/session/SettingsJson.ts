/**
 * The JSON of settings: its io-ts codec, and the functions that write and read it. Files in this format exist: a change that
 * old files do not satisfy needs a new version in `SessionJson`.
 */
import { identity } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import * as Octets from '../values/Octets.js'
import * as Override from '../values/Override.js'
import type * as Query from '../values/Query.js'
import * as Secret from '../values/Secret.js'
import { fromNumber, Line, Numeric, Text, toNumber, type Writer } from '../values/Serialization.js'
import { isArray } from '../values/UserInput.js'
import { type ClientCertificate, hideCertificate } from '../wire/Plan.js'
import * as Auth from './auth/Auth.js'
import { follow, httpsOnly, none, type RedirectPolicy, sameOrigin } from './RedirectPolicy.js'
import { baseUrl, hideNamed, isHiddenForName, type Settings } from './SettingsRecord.js'

// --- the format ----------------------------------------------------------------------------------------------------

/** The policies that can be saved, by the names that the file contains. */
const POLICIES = { follow, none, sameOrigin, httpsOnly } as const
const PolicyName = t.keyof(POLICIES)
type PolicyName = t.TypeOf<typeof PolicyName>

const object = <P extends t.Props>(props: P) => t.readonly(t.strict(props))
const override = <C extends t.Mixed>(value: C) => t.union([object({ set: value }), object({ unset: t.literal(true) })])
const keyed = <C extends t.Mixed>(value: C) => t.readonlyArray(t.tuple([Line, override(value)]))
const layer = <C extends t.Mixed>(value: C) => t.union([object({ extend: value }), object({ replace: value })])

const HeaderJson = object({ name: Line, values: t.readonlyArray(t.union([Line, object({ secret: Line })])) })

const ScalarJson = t.union([t.string, Numeric, t.boolean])
type ScalarJson = t.TypeOf<typeof ScalarJson>
const QueryValues = t.union([ScalarJson, t.readonlyArray(t.union([ScalarJson, t.null]))])
type QueryValues = t.TypeOf<typeof QueryValues>
const QueryJson = t.union([
  object({ keys: t.readonlyArray(t.tuple([t.string, override(t.union([QueryValues, object({ secret: Text })]))])) }),
  object({ pairs: t.readonlyArray(t.tuple([t.string, QueryValues])) }),
  object({ text: t.string }),
])
type QueryJson = t.TypeOf<typeof QueryJson>

const AuthJson = t.union([
  object({ scheme: t.literal('None') }),
  object({ scheme: t.keyof({ Basic: null, Digest: null }), user: Line, pass: Line }),
  object({ scheme: t.literal('Bearer'), token: Line }),
])
type AuthJson = t.TypeOf<typeof AuthJson>

const CertificateJson = t.readonly(
  t.partial({ cert: Text, key: Text, pfx: t.union([Text, t.strict({ base64: Line })]), passphrase: Line }),
)
type CertificateJson = t.TypeOf<typeof CertificateJson>

const KeyJson = object({
  header: Line,
  format: t.keyof({ bare: null, quoted: null }),
  methods: t.readonlyArray(Line),
})

const CompressionJson = object({ coding: t.keyof({ gzip: null, br: null, zstd: null }), minimumSize: Numeric })

const isEmptyList = (u: unknown): u is ReadonlyArray<never> => Array.isArray(u) && u.length === 0
const EmptyList = new t.Type<ReadonlyArray<never>>(
  'an empty list',
  isEmptyList,
  (u, context) => (isEmptyList(u) ? t.success(u) : t.failure(u, context)),
  t.identity,
)

/** The codec of settings. */
export const SettingsJson = t.readonly(
  t.partial({
    headers: keyed(HeaderJson),
    query: layer(QueryJson),
    cookies: keyed(Line),
    proxies: layer(keyed(Line)),
    auth: override(AuthJson),
    baseUrl: override(Line),
    verify: override(t.boolean),
    ca: override(Text),
    certificate: override(CertificateJson),
    timeouts: keyed(Numeric),
    limits: keyed(Numeric),
    maxRedirects: override(Numeric),
    redirects: layer(t.readonlyArray(PolicyName)),
    // A function cannot be saved, but removing all hooks or observers, or the progress function, can.
    hooks: layer(EmptyList),
    observers: layer(EmptyList),
    progress: object({ unset: t.literal(true) }),
    sensitive: keyed(t.literal(true)),
    idempotencyKey: override(KeyJson),
    compression: override(CompressionJson),
  }),
)
export type SettingsJson = t.TypeOf<typeof SettingsJson>

// --- encoding ------------------------------------------------------------------------------------------------------

type OverrideJson<A> = { readonly set: A } | { readonly unset: true }
type KeyedJson<A> = Array<[string, OverrideJson<A>]>
type LayerJson<A> = { readonly extend: A } | { readonly replace: A }

const writeOverride = <A, B>(
  override: Override.Override<A>,
  write: (value: A) => B | undefined,
): OverrideJson<B> | undefined => {
  if (override._tag === 'Inherit') return undefined
  if (override._tag === 'Unset') return { unset: true }
  const value = write(override.value)
  return value === undefined ? undefined : { set: value }
}

const writeKeyed = <A, B>(keyed: Override.Keyed<A>, write: (value: A, key: string) => B | undefined): KeyedJson<B> =>
  [...keyed].flatMap(([key, override]): KeyedJson<B> => {
    const json = writeOverride(override, (value) => write(value, key))
    return json === undefined ? [] : [[key, json]]
  })

const writeLayer = <A, B>(layer: Override.Layer<A>, write: (value: A) => B): LayerJson<B> | undefined => {
  if (layer._tag === 'Inherit') return undefined
  return layer._tag === 'Extend' ? { extend: write(layer.value) } : { replace: write(layer.value) }
}

const writeScalar = (scalar: Query.Scalar): ScalarJson => (typeof scalar === 'number' ? fromNumber(scalar) : scalar)

const writeValues = (values: Query.Values): QueryValues =>
  isArray(values)
    ? values.map((one) => (one === null || one === undefined ? null : writeScalar(one)))
    : writeScalar(values)

const writeQuery = (writer: Writer, source: Query.Source): QueryJson => {
  switch (source._tag) {
    case 'Keys':
      return {
        keys: writeKeyed(source.keys, (value, key) =>
          Secret.is(value) ? { secret: writer.secret(`query.${key}`, value, Text) } : writeValues(value),
        ),
      }
    case 'Pairs':
      return {
        pairs: source.pairs.flatMap(([name, values]) =>
          values === null || values === undefined ? [] : [[name, writeValues(values)] as const],
        ),
      }
    case 'Text':
      return { text: source.text }
  }
}

const writeAuth = (writer: Writer, auth: Auth.Auth): AuthJson | undefined => {
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
    case 'Signer':
    case 'SignerTask':
    case 'Renewable':
      return writer.refuse(`auth (${auth.name})`)
  }
}

const writePfx = (writer: Writer, pfx: string | Uint8Array | Secret.SealedBytes): string | { base64: string } => {
  if (typeof pfx === 'string') return writer.secret('certificate.pfx', pfx, Text)
  const bytes = pfx instanceof Uint8Array ? pfx : Secret.open(pfx)
  return { base64: writer.secret('certificate.pfx', Secret.make(Octets.toBase64(bytes))) }
}

const writeCertificate = (writer: Writer, { cert, key, pfx, passphrase }: ClientCertificate): CertificateJson => ({
  ...(cert === undefined ? {} : { cert: writer.secret('certificate.cert', cert, Text) }),
  ...(key === undefined ? {} : { key: writer.secret('certificate.key', key, Text) }),
  ...(pfx === undefined ? {} : { pfx: writePfx(writer, pfx) }),
  ...(passphrase === undefined ? {} : { passphrase: writer.secret('certificate.passphrase', passphrase) }),
})

const writePolicy = (writer: Writer, policy: RedirectPolicy, i: number): ReadonlyArray<PolicyName> => {
  const name = Object.keys(POLICIES)
    .filter(PolicyName.is)
    .find((known) => POLICIES[known] === policy)
  return name === undefined ? (writer.refuse(`redirects[${i}]`) ?? []) : [name]
}

/** Returns the JSON of settings. Every key is also checked to be a single line. */
export const write = (writer: Writer, settings: Settings): SettingsJson => {
  const named =
    (setting: keyof Settings) =>
    <A, B>(keyed: Override.Keyed<A>, write: (value: A, key: string) => B | undefined): KeyedJson<B> =>
      writeKeyed(keyed, write).map(([key, json]) => [writer.secret(`${setting}.${key}`, key), json])
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
    query: writeLayer(settings.query, (source) => writeQuery(writer, source)),
    cookies: named('cookies')(settings.cookies, (value, name) => writer.secret(`cookies.${name}`, value)),
    proxies: writeLayer(settings.proxies, (proxies) =>
      // Every proxy URL is stored as a secret, but only one with credentials needs `{ reveal: true }`.
      named('proxies')(proxies, (url, key) =>
        writer.secret(`proxies.${key}`, Secret.reveal(url).includes('@') ? url : Secret.reveal(url)),
      ),
    ),
    auth: writeOverride(settings.auth, (auth) => writeAuth(writer, auth)),
    baseUrl: writeOverride(settings.baseUrl, (url) => writer.secret('baseUrl', url)),
    verify: writeOverride(settings.verify, identity),
    ca: writeOverride(settings.ca, (ca) => writer.secret('ca', ca, Text)),
    certificate: writeOverride(settings.certificate, (certificate) => writeCertificate(writer, certificate)),
    timeouts: named('timeouts')(settings.timeouts, fromNumber),
    limits: named('limits')(settings.limits, fromNumber),
    maxRedirects: writeOverride(settings.maxRedirects, fromNumber),
    redirects: writeLayer(settings.redirects, (policies) =>
      policies.flatMap((policy, i) => writePolicy(writer, policy, i)),
    ),
    hooks: writeLayer(settings.hooks, (hooks) => hooks.flatMap((_, i) => writer.refuse(`hooks[${i}]`) ?? [])),
    observers: writeLayer(settings.observers, (all) => all.flatMap((_, i) => writer.refuse(`observers[${i}]`) ?? [])),
    progress: writeOverride(settings.progress, () => writer.refuse('progress')),
    sensitive: named('sensitive')(settings.sensitive, identity),
    idempotencyKey: writeOverride(settings.idempotencyKey, identity),
    compression: writeOverride(settings.compression, ({ coding, minimumSize }) => ({
      coding,
      minimumSize: fromNumber(minimumSize),
    })),
  }
  const isPresent = (json: unknown): boolean => json !== undefined && !(Array.isArray(json) && json.length === 0)
  // The cast: `fromEntries` forgets the type of each field. Removing undefined fields does not change it.
  return Object.fromEntries(Object.entries(all).filter(([, json]) => isPresent(json))) as SettingsJson
}

// --- decoding ------------------------------------------------------------------------------------------------------

const readOverride = <A, B>(json: OverrideJson<A> | undefined, read: (value: A) => B): Override.Override<B> => {
  if (json === undefined) return Override.inherit
  return 'set' in json ? Override.set(read(json.set)) : Override.unset
}

const readKeyed = <A, B>(
  json: ReadonlyArray<readonly [string, OverrideJson<A>]> | undefined,
  read: (value: A) => B,
): Override.Keyed<B> => new Map((json ?? []).map(([key, override]) => [key, readOverride(override, read)]))

const readLayer = <A, B>(json: LayerJson<A> | undefined, read: (value: A) => B): Override.Layer<B> => {
  if (json === undefined) return Override.inherit
  return 'extend' in json ? Override.extend(read(json.extend)) : Override.replace(read(json.replace))
}

const readScalar = (json: ScalarJson): Query.Scalar => (typeof json === 'object' ? toNumber(json) : json)

const readValues = (json: QueryValues): Query.Values =>
  isArray(json) ? json.map((one) => (one === null ? null : readScalar(one))) : readScalar(json)

const readQuery = (json: QueryJson): Query.Source => {
  if ('text' in json) return { _tag: 'Text', text: json.text }
  if ('pairs' in json) return { _tag: 'Pairs', pairs: json.pairs.map(([name, values]) => [name, readValues(values)]) }
  const keys = readKeyed(json.keys, (value) =>
    typeof value === 'object' && 'secret' in value ? Secret.make(value.secret) : readValues(value),
  )
  return { _tag: 'Keys', keys }
}

const readAuth = (json: AuthJson): Auth.Auth => {
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

const readCertificate = ({ pfx, ...rest }: CertificateJson): ClientCertificate =>
  hideCertificate({
    ...rest,
    ...(pfx === undefined ? {} : { pfx: typeof pfx === 'string' ? pfx : Octets.fromBase64(pfx.base64) }),
  })

/** Returns the settings that a JSON value represents. */
export const read = (json: SettingsJson): Settings => {
  const sensitive = readKeyed(json.sensitive, () => true as const)
  const headers = readKeyed(json.headers, ({ name, values }) => ({
    name,
    values: values.map((value) => (typeof value === 'string' ? value : Secret.make(value.secret))),
  }))
  return {
    headers: hideNamed(headers, sensitive),
    query: readLayer(json.query, readQuery),
    cookies: readKeyed(json.cookies, Secret.make),
    proxies: readLayer(json.proxies, (proxies) => readKeyed(proxies, Secret.make)),
    auth: readOverride(json.auth, readAuth),
    baseUrl: readOverride(json.baseUrl, baseUrl),
    verify: readOverride(json.verify, identity),
    ca: readOverride(json.ca, identity),
    certificate: readOverride(json.certificate, readCertificate),
    timeouts: readKeyed(json.timeouts, toNumber),
    limits: readKeyed(json.limits, toNumber),
    maxRedirects: readOverride(json.maxRedirects, toNumber),
    redirects: readLayer(json.redirects, (names) => names.map((name) => POLICIES[name])),
    hooks: readLayer(json.hooks, () => []),
    observers: readLayer(json.observers, () => []),
    progress: json.progress === undefined ? Override.inherit : Override.unset,
    sensitive,
    idempotencyKey: readOverride(json.idempotencyKey, identity),
    compression: readOverride(json.compression, ({ coding, minimumSize }) => ({
      coding,
      minimumSize: toNumber(minimumSize),
    })),
  }
}
