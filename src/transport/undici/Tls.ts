/**
 * Reads certificates and keys: from PEM text, a file, or a folder of PEM files. `Rotation` reads them again if a file changes.
 *
 * | setting           | how it is read                                                          |
 * |-------------------|-------------------------------------------------------------------------|
 * | CA                | every certificate is parsed, because OpenSSL ignores invalid ones       |
 * | CA as a folder    | the certificates in its files; files without certificates are ignored   |
 * | CA without verify | ignored                                                                 |
 * | cert without key  | contains both                                                           |
 *
 * A failure is `TlsFailed`, names the file, and happens before a connection is opened.
 */
import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import * as tls from 'node:tls'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Secret from '../../values/Secret.js'
import * as UserInput from '../../values/UserInput.js'
import * as Fault from '../../wire/Fault.js'
import type * as Plan from '../../wire/Plan.js'
import * as Failure from './Failure.js'

export interface Security {
  readonly context: tls.SecureContext
  readonly rejectUnauthorized: boolean
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g
const isPem = (text: string): boolean => text.includes('-----BEGIN ')

const rejected = (what: string, error: unknown): Fault.Fault =>
  Fault.make('TlsFailed', `${what}: ${Failure.reasonOf(error)}`, error)

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOENT: 'the file does not exist',
}

/** Not Node's own message: it contains the path, which is a key if the user passed a key that is not PEM. */
const unreadable = (what: string, error: unknown): Fault.Fault => {
  const { name, code } = Fault.causeOf(error)
  const message = REASONS[code] ?? 'it cannot be opened'
  return Fault.make('TlsFailed', `${what} cannot be read: ${message} (${code})`, { name, code, message })
}

/** Returns the name of an input for messages: with its path, but without text or secrets. */
const nameOf = (kind: string, input: string | Secret.Secret): string => {
  const shown = Secret.show(input)
  return isPem(shown) || shown.includes('\n') ? `The ${kind}` : `The ${kind} '${shown}'`
}

const readFolder = (path: string): string =>
  readdirSync(path)
    .map((name) => join(path, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true)
    .map((file) => readFileSync(file, 'latin1'))
    .filter((text) => text.includes('-----BEGIN CERTIFICATE-----'))
    .join('\n')

const read = (kind: string, input: string | Secret.Secret): E.Either<Fault.Fault, string> => {
  const text = Secret.reveal(input)
  if (isPem(text)) return E.right(text)
  try {
    return E.right(statSync(text).isDirectory() ? readFolder(text) : readFileSync(text, 'latin1'))
  } catch (error) {
    return E.left(unreadable(nameOf(kind, input), error))
  }
}

const authorities = (input: string): E.Either<Fault.Fault, ReadonlyArray<string>> => {
  const text = read('CA', input)
  if (E.isLeft(text)) return text
  const found = text.right.match(CERTIFICATE) ?? []
  return found.length === 0
    ? E.left(Fault.make('TlsFailed', `${nameOf('CA', input)} contains no PEM certificate`))
    : E.right(found)
}

/** Parses certificates. A bundle of a system takes tens of milliseconds, so only a new one is checked. */
const problemOfAuthorities = (input: string, found: ReadonlyArray<string>): Fault.Fault | undefined => {
  try {
    for (const certificate of found) new X509Certificate(certificate)
    return undefined
  } catch (error) {
    return rejected(`${nameOf('CA', input)} contains a certificate that is not valid`, error)
  }
}

type Identity = Pick<tls.SecureContextOptions, 'cert' | 'key' | 'pfx' | 'passphrase'>

const readBundle = (pfx: string | Uint8Array | Secret.SealedBytes): E.Either<Fault.Fault, Buffer> => {
  try {
    if (typeof pfx === 'string') return E.right(readFileSync(pfx))
    return E.right(Buffer.from(pfx instanceof Uint8Array ? pfx : Secret.open(pfx)))
  } catch (error) {
    return E.left(unreadable(`The PKCS#12 file '${pfx}'`, error))
  }
}

const readIdentity = (certificate: Plan.ClientCertificate): E.Either<Fault.Fault, Identity> => {
  const passphrase = certificate.passphrase === undefined ? {} : { passphrase: Secret.reveal(certificate.passphrase) }
  if (certificate.pfx !== undefined) {
    const pfx = readBundle(certificate.pfx)
    return E.isLeft(pfx) ? pfx : E.right({ pfx: pfx.right, ...passphrase })
  }
  const cert = read('client certificate', certificate.cert ?? '')
  if (E.isLeft(cert)) return cert
  if (certificate.key === undefined && !cert.right.includes('PRIVATE KEY-----')) {
    const name = nameOf('client certificate', certificate.cert ?? '')
    return E.left(Fault.make('TlsFailed', `${name} contains no private key; set 'key'`))
  }
  const key = certificate.key === undefined ? cert : read('client key', certificate.key)
  return E.isLeft(key) ? key : E.right({ cert: cert.right, key: key.right, ...passphrase })
}

const nameOfCertificate = ({ pfx, cert = '' }: Plan.ClientCertificate): string => {
  if (pfx === undefined) return nameOf('client certificate', cert)
  return typeof pfx === 'string' ? `The PKCS#12 file '${pfx}'` : 'The PKCS#12 bundle'
}

/** What the files and texts of a setting contain. */
export type Material = Identity & { readonly ca?: ReadonlyArray<string> }

/** Reads what a setting names. */
export const readMaterial = ({ verify, ca, certificate }: Plan.Tls): E.Either<Fault.Fault, Material> => {
  const trusted = verify && O.isSome(ca) ? authorities(ca.value) : undefined
  if (trusted !== undefined && E.isLeft(trusted)) return trusted
  const identity = O.isSome(certificate) ? readIdentity(certificate.value) : undefined
  if (identity !== undefined && E.isLeft(identity)) return identity
  return E.right({ ...(trusted === undefined ? {} : { ca: trusted.right }), ...identity?.right })
}

/** Returns the files and folders that a setting names. */
export const pathsOf = ({ verify, ca, certificate }: Plan.Tls): ReadonlyArray<string> => {
  const { cert, key, pfx } = O.isSome(certificate) ? certificate.value : {}
  const identity = pfx === undefined ? [cert, key] : [typeof pfx === 'string' ? pfx : undefined]
  return [verify ? O.toUndefined(ca) : undefined, ...identity].flatMap((input) => {
    const text = input === undefined ? '' : Secret.reveal(input)
    return text === '' || isPem(text) ? [] : [text]
  })
}

/**
 * Returns the context of connections. Fails for a certificate of a CA that is not valid, a wrong passphrase, the key of another
 * certificate, or text that is neither.
 */
export const security = (
  { verify, ca: setting, certificate }: Plan.Tls,
  material: Material,
): E.Either<Fault.Fault, Security> => {
  const { ca, ...identity } = material
  const problem = ca === undefined || O.isNone(setting) ? undefined : problemOfAuthorities(setting.value, ca)
  if (problem !== undefined) return E.left(problem)
  try {
    // Without a prototype, because Node would find other options on a polluted one.
    const options = UserInput.own({ ...(ca === undefined ? {} : { ca: [...ca] }), ...identity })
    return E.right({ context: tls.createSecureContext(options), rejectUnauthorized: verify })
  } catch (error) {
    if (O.isNone(certificate)) return E.left(rejected('TLS cannot be set up', error))
    return E.left(rejected(`${nameOfCertificate(certificate.value)} cannot be used`, error))
  }
}

/** Returns the setting for a proxy: the client certificate is only for the origin. */
export const withoutCertificate = (setting: Plan.Tls): Plan.Tls =>
  O.isNone(setting.certificate) ? setting : { ...setting, certificate: O.none }
