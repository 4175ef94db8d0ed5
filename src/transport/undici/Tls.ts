/**
 * Certificates and keys, read once for each agent: from PEM text, a file, or a folder of PEM files.
 *
 * | given            | is                                                                      |
 * |------------------|-------------------------------------------------------------------------|
 * | CA               | every certificate is parsed: OpenSSL passes over garbage without a word  |
 * | CA as a folder   | the certificates in its files; files that hold none are passed over      |
 * | CA, unverified   | not looked at                                                           |
 * | cert without key | holds both                                                              |
 *
 * A failure is `TlsFailed`, names the file, and comes before anything is connected.
 */
import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import * as tls from 'node:tls'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as OwnProperty from '../../values/OwnProperty.js'
import * as Secret from '../../values/Secret.js'
import * as Fault from '../../wire/Fault.js'
import type * as Plan from '../../wire/Plan.js'
import * as Failure from './Failure.js'

/** What a TLS connection is made with. */
export interface Security {
  readonly context: tls.SecureContext
  readonly rejectUnauthorized: boolean
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g

const isPem = (text: string): boolean => text.includes('-----BEGIN ')

const refused = (what: string, error: unknown): Fault.Fault =>
  Fault.make('TlsFailed', `${what}: ${Failure.why(error)}`, error)

const PLAIN_WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOENT: 'there is no such file',
}

/** Node's message holds what was taken for a path, which may be a key that is not PEM. */
const unreadable = (what: string, error: unknown): Fault.Fault => {
  const { name, code } = Failure.causeOf(error)
  const message = PLAIN_WORDS[code] ?? 'it cannot be opened'
  return Fault.make('TlsFailed', `${what} cannot be read: ${message} (${code})`, { name, code, message })
}

/** How a message names it: a path in full, text and secrets never. */
const named = (kind: string, given: string | Secret.Secret): string => {
  const shown = Secret.show(given)
  return isPem(shown) || shown.includes('\n') ? `The ${kind}` : `The ${kind} '${shown}'`
}

const readFolder = (path: string): string =>
  readdirSync(path)
    .map((name) => join(path, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true)
    .map((file) => readFileSync(file, 'latin1'))
    .filter((text) => text.includes('-----BEGIN CERTIFICATE-----'))
    .join('\n')

const read = (kind: string, given: string | Secret.Secret): E.Either<Fault.Fault, string> => {
  const text = Secret.reveal(given)
  if (isPem(text)) return E.right(text)
  try {
    return E.right(statSync(text).isDirectory() ? readFolder(text) : readFileSync(text, 'latin1'))
  } catch (error) {
    return E.left(unreadable(named(kind, given), error))
  }
}

const authorities = (given: string): E.Either<Fault.Fault, ReadonlyArray<string>> => {
  const text = read('CA', given)
  if (E.isLeft(text)) return text
  const found = text.right.match(CERTIFICATE) ?? []
  if (found.length === 0) return E.left(Fault.make('TlsFailed', `${named('CA', given)} holds no PEM certificate`))
  try {
    for (const certificate of found) new X509Certificate(certificate)
    return E.right(found)
  } catch (error) {
    return E.left(refused(`${named('CA', given)} holds a certificate that cannot be read`, error))
  }
}

type Identity = Pick<tls.SecureContextOptions, 'cert' | 'key' | 'pfx' | 'passphrase'>

const bundle = (pfx: string | Uint8Array | Secret.SealedBytes): E.Either<Fault.Fault, Buffer> => {
  try {
    if (typeof pfx === 'string') return E.right(readFileSync(pfx))
    return E.right(Buffer.from(pfx instanceof Uint8Array ? pfx : Secret.open(pfx)))
  } catch (error) {
    return E.left(unreadable(`The PKCS#12 file '${pfx}'`, error))
  }
}

const identity = (given: Plan.ClientCertificate): E.Either<Fault.Fault, Identity> => {
  const passphrase = given.passphrase === undefined ? {} : { passphrase: Secret.reveal(given.passphrase) }
  if (given.pfx !== undefined) {
    const pfx = bundle(given.pfx)
    return E.isLeft(pfx) ? pfx : E.right({ pfx: pfx.right, ...passphrase })
  }
  const cert = read('client certificate', given.cert ?? '')
  if (E.isLeft(cert)) return cert
  const key = given.key === undefined ? cert : read('client key', given.key)
  return E.isLeft(key) ? key : E.right({ cert: cert.right, key: key.right, ...passphrase })
}

/** What names the client certificate in a message. */
const label = ({ pfx, cert = '' }: Plan.ClientCertificate): string => {
  if (pfx === undefined) return named('client certificate', cert)
  return typeof pfx === 'string' ? `The PKCS#12 file '${pfx}'` : 'The PKCS#12 bundle'
}

/** Reads what a TLS setting names. */
export const security = (setting: Plan.Tls): E.Either<Fault.Fault, Security> => {
  const { verify, certificate } = setting
  const ca = verify && O.isSome(setting.ca) ? authorities(setting.ca.value) : undefined
  if (ca !== undefined && E.isLeft(ca)) return ca
  const client = O.isSome(certificate) ? identity(certificate.value) : undefined
  if (client !== undefined && E.isLeft(client)) return client
  try {
    const given = OwnProperty.of({ ...(ca === undefined ? {} : { ca: [...ca.right] }), ...client?.right })
    const context = tls.createSecureContext(given)
    return E.right({ context, rejectUnauthorized: verify })
  } catch (error) {
    // A wrong passphrase, a key of another certificate, or text that is neither.
    const what = O.isSome(certificate) ? `${label(certificate.value)} cannot be used` : 'TLS cannot be set up'
    return E.left(refused(what, error))
  }
}

/** The same setting for a proxy: the client certificate is for the origin alone. */
export const withoutCertificate = (setting: Plan.Tls): Plan.Tls =>
  O.isNone(setting.certificate) ? setting : { ...setting, certificate: O.none }
