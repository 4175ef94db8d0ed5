/**
 * The JSON format of a session, as an io-ts codec. Files in this format exist, so a change that old files do not satisfy
 * needs a new `VERSION`.
 */
import * as t from 'io-ts'
import * as Serialization from '../values/Serialization.js'
import * as RedirectPolicy from './RedirectPolicy.js'

export const FORMAT = 'requests-ts/session'
export const VERSION = 1

/** The policies that can be saved, by the names that the file contains. */
export const POLICIES = {
  follow: RedirectPolicy.follow,
  none: RedirectPolicy.none,
  sameOrigin: RedirectPolicy.sameOrigin,
  httpsOnly: RedirectPolicy.httpsOnly,
} as const

export const PolicyName = t.keyof(POLICIES)
export type PolicyName = t.TypeOf<typeof PolicyName>

const override = <C extends t.Mixed>(value: C) =>
  t.union([t.readonly(t.strict({ set: value })), t.readonly(t.strict({ unset: t.literal(true) }))])
const keyed = <C extends t.Mixed>(value: C) => t.readonlyArray(t.tuple([Serialization.Line, override(value)]))
const layer = <C extends t.Mixed>(value: C) =>
  t.union([t.readonly(t.strict({ extend: value })), t.readonly(t.strict({ replace: value }))])

const HeaderValue = t.union([Serialization.Line, t.readonly(t.strict({ secret: Serialization.Line }))])
const HeaderJson = t.readonly(t.strict({ name: Serialization.Line, values: t.readonlyArray(HeaderValue) }))

const ScalarJson = t.union([t.string, Serialization.Numeric, t.boolean])
export type ScalarJson = t.TypeOf<typeof ScalarJson>

const QueryValues = t.union([ScalarJson, t.readonlyArray(t.union([ScalarJson, t.null]))])
export type QueryValues = t.TypeOf<typeof QueryValues>

const QueryValue = t.union([QueryValues, t.readonly(t.strict({ secret: Serialization.Text }))])
export type QueryValue = t.TypeOf<typeof QueryValue>

const QueryJson = t.union([
  t.readonly(t.strict({ keys: t.readonlyArray(t.tuple([t.string, override(QueryValue)])) })),
  t.readonly(t.strict({ pairs: t.readonlyArray(t.tuple([t.string, QueryValues])) })),
  t.readonly(t.strict({ text: t.string })),
])
export type QueryJson = t.TypeOf<typeof QueryJson>

const AuthJson = t.union([
  t.readonly(t.strict({ scheme: t.literal('None') })),
  t.readonly(
    t.strict({ scheme: t.keyof({ Basic: null, Digest: null }), user: Serialization.Line, pass: Serialization.Line }),
  ),
  t.readonly(t.strict({ scheme: t.literal('Bearer'), token: Serialization.Line })),
])
export type AuthJson = t.TypeOf<typeof AuthJson>

const CertificateJson = t.readonly(
  t.partial({
    cert: Serialization.Text,
    key: Serialization.Text,
    pfx: t.union([Serialization.Text, t.strict({ base64: Serialization.Line })]),
    passphrase: Serialization.Line,
  }),
)
export type CertificateJson = t.TypeOf<typeof CertificateJson>

const isEmptyList = (u: unknown): u is ReadonlyArray<never> => Array.isArray(u) && u.length === 0
const EmptyList = new t.Type<ReadonlyArray<never>, ReadonlyArray<never>, unknown>(
  'an empty list',
  isEmptyList,
  (u, context) => (isEmptyList(u) ? t.success(u) : t.failure(u, context)),
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
    // A function cannot be saved, but removing all hooks, or the progress function, can.
    hooks: layer(EmptyList),
    progress: t.readonly(t.strict({ unset: t.literal(true) })),
    sensitive: keyed(t.literal(true)),
  }),
)
export type SettingsJson = t.TypeOf<typeof SettingsJson>

/** The codec of a saved session. */
export const SessionJson = t.readonly(
  t.strict({
    format: t.literal(FORMAT),
    version: t.literal(VERSION),
    settings: SettingsJson,
    trust: t.readonly(t.strict({ proxies: t.boolean, netrc: t.boolean, certificates: t.boolean })),
  }),
)
export type SessionJson = t.TypeOf<typeof SessionJson>
