/**
 * The TLS of a route, with the settings checked. Files are read when a connection is opened.
 *
 * | setting                                  | result                                    |
 * |------------------------------------------|-------------------------------------------|
 * | `ca` is not a text                       | `InvalidSettings` of `ca`                 |
 * | `cert`, `key`, `passphrase` is not a text | `InvalidSettings` of `certificate`        |
 * | neither `cert` nor `pfx`                 | the same                                  |
 * | `verify`                                 | only `false` disables verification (D3)   |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Settings } from '../../session/SettingsRecord.js'
import * as Override from '../../values/Override.js'
import * as Secret from '../../values/Secret.js'
import type { ClientCertificate, Tls } from '../../wire/Plan.js'
import { invalidSettings, type PlanError } from '../PlanError.js'

/** The settings that decide about TLS. */
export type TlsSettings = Pick<Settings, 'verify' | 'ca' | 'certificate'>

export const isSameTls = (x: TlsSettings, y: TlsSettings): boolean =>
  x.verify === y.verify && x.ca === y.ca && x.certificate === y.certificate

const STANDARD: E.Either<PlanError, Tls> = E.right({ verify: true, ca: O.none, certificate: O.none })

const NOT_TEXT = 'it must be PEM text or a path; read a file as text, or pass its path'

const isText = (u: unknown): boolean => Secret.textOf(u) !== undefined

const isBundle = (u: unknown): boolean => {
  const opened = Secret.is(u) ? Secret.open(u) : u
  return typeof opened === 'string' || opened instanceof Uint8Array
}

const problemOfCertificate = ({ cert, key, pfx, passphrase }: ClientCertificate): string | undefined => {
  if (passphrase !== undefined && !isText(passphrase)) return 'passphrase is not a text'
  if (pfx !== undefined) return isBundle(pfx) ? undefined : 'pfx must be the bytes of a PKCS#12 file, or its path'
  if (cert === undefined) return key === undefined ? 'cert and key are missing, or pfx' : 'cert is missing'
  if (!isText(cert)) return `cert is not a text: ${NOT_TEXT}`
  return key === undefined || isText(key) ? undefined : `key is not a text: ${NOT_TEXT}`
}

const check = (tls: Tls): E.Either<PlanError, Tls> => {
  if (O.isSome(tls.ca) && typeof tls.ca.value !== 'string') {
    return E.left(invalidSettings('ca', `it is not a text: ${NOT_TEXT}`))
  }
  const problem = O.isSome(tls.certificate) ? problemOfCertificate(tls.certificate.value) : undefined
  return problem === undefined ? E.right(tls) : E.left(invalidSettings('certificate', problem))
}

interface RecentTls {
  readonly settings: TlsSettings
  readonly ambientCa: O.Option<string>
  readonly tls: E.Either<PlanError, Tls>
}

let recent: RecentTls | undefined

/** Returns the same object for the settings of the last call, so that a transport finds its connections faster. */
export const tlsOf = (settings: TlsSettings, ambientCa: O.Option<string>): E.Either<PlanError, Tls> => {
  const { verify, ca, certificate } = settings
  if (verify._tag !== 'Set' && ca._tag !== 'Set' && certificate._tag !== 'Set' && O.isNone(ambientCa)) return STANDARD
  if (recent?.ambientCa === ambientCa && isSameTls(recent.settings, settings)) return recent.tls
  const tls = check({
    verify: Override.getOrElse(true)(verify),
    ca: ca._tag === 'Set' ? O.some(ca.value) : ambientCa,
    certificate: certificate._tag === 'Set' ? O.some(certificate.value) : O.none,
  })
  recent = { settings, ambientCa, tls }
  return tls
}
