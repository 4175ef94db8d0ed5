/**
 * Encryption of what a store keeps. `aesGcm` makes a cipher of keys that you have; a key service is a cipher of your own.
 *
 * | in the text of `aesGcm` | for                                                                            |
 * |-------------------------|--------------------------------------------------------------------------------|
 * | the name of the key     | rotation: the first key seals, and all keys open                               |
 * | 12 random octets        | AES-256-GCM (NIST SP 800-38D) needs another one for each text                  |
 * | the sealed octets       | the text, and a tag that also covers the context                               |
 *
 * A key seals at most 2^32 texts (SP 800-38D 8.3): rotate it long before that.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import { Cipher, Secret } from 'requests-ts'
 *
 * const key = (octet: number) => Secret.bytes(new Uint8Array(32).fill(octet))
 * const old = Cipher.aesGcm([{ name: '2026', key: key(1) }])
 * const rotated = Cipher.aesGcm([{ name: '2027', key: key(2) }, { name: '2026', key: key(1) }])
 * const sealed = pipe(TE.fromEither(old), TE.flatMap(({ seal }) => seal('sid=1', 'a')))
 * const opened = await pipe(
 *   TE.Do, TE.bind('text', () => sealed), TE.bind('cipher', () => TE.fromEither(rotated)),
 *   TE.flatMap(({ cipher, text }) => cipher.open(text, 'a')))()
 * assert.deepEqual(opened, E.right('sid=1'))
 */
import type { webcrypto } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as Octets from '../values/Octets.js'
import * as Printable from '../values/Printable.js'
import * as Secret from '../values/Secret.js'

/**
 * Seals texts and opens them again. `context` says what a text is for, such as the key of a record: `open` must fail for another
 * one, so that a text cannot be moved to another place. The error is a reason without secrets.
 *
 * @since 0.2.0
 * @category model
 */
export interface Cipher {
  /** Encrypts a text. */
  readonly seal: (text: string, context: string) => TaskEither<CipherFailed, string>
  /** Decrypts what `seal` returned for the same context. */
  readonly open: (sealed: string, context: string) => TaskEither<CipherFailed, string>
}

/**
 * A text could not be sealed or opened.
 *
 * @since 0.2.0
 * @category errors
 */
export interface CipherFailed {
  readonly _tag: 'CipherFailed'
  /** What failed, and what to do. */
  readonly message: string
}

/**
 * Makes the error of a cipher.
 *
 * @since 0.2.0
 * @category constructors
 */
export const failed = (message: string): CipherFailed => ({ _tag: 'CipherFailed', message })

/**
 * A key of AES-256.
 *
 * @since 0.2.0
 * @category model
 */
export interface AesKey {
  /** Identifies the key: 1 to 64 letters, digits, `-`, `_` or `.`. It is stored with each text. */
  readonly name: string
  /** 32 octets, or their base64 form. */
  readonly key: Secret.SealedBytes | Secret.Secret | Uint8Array
}

const KEY_LENGTH = 32
const NONCE_LENGTH = 12
const NAME = /^[\w.-]{1,64}$/
const BASE64 = /^[A-Za-z0-9+/]{43}=$/

const octetsOf = ({ key }: AesKey): Uint8Array | undefined => {
  const content: unknown = key instanceof Uint8Array ? key : Secret.is(key) ? Secret.open<unknown>(key) : undefined
  const octets = typeof content === 'string' && BASE64.test(content) ? Octets.fromBase64(content) : content
  return octets instanceof Uint8Array && octets.length === KEY_LENGTH ? octets : undefined
}

const problemOf = (keys: ReadonlyArray<AesKey>): string | undefined => {
  if (!Array.isArray(keys) || keys.length === 0) return 'it needs at least one key'
  for (const [i, key] of keys.entries()) {
    if (typeof key?.name !== 'string' || !NAME.test(key.name))
      return `keys[${i}].name must have 1 to 64 letters, digits, "-", "_" or "."`
    if (octetsOf(key) === undefined)
      return `the key ${Printable.quoted(key.name)} must have 32 octets, or 44 characters of base64`
    if (keys.findIndex(({ name }) => name === key.name) !== i)
      return `two keys have the name ${Printable.quoted(key.name)}`
  }
  return undefined
}

/** A new array, because WebCrypto takes no view of shared memory. */
const bufferOf = (octets: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(octets)

const importKey = (octets: Uint8Array): Promise<webcrypto.CryptoKey> =>
  crypto.subtle.importKey('raw', bufferOf(octets), 'AES-GCM', false, ['encrypt', 'decrypt'])

const parameters = (iv: Uint8Array<ArrayBuffer>, context: string) => ({
  name: 'AES-GCM',
  iv,
  additionalData: bufferOf(Octets.fromText(context)),
})

/** The first call of each makes the key, and later calls use it. */
const cached = (octets: Uint8Array): (() => Promise<webcrypto.CryptoKey>) => {
  let made: Promise<webcrypto.CryptoKey> | undefined
  return () => {
    made ??= importKey(octets)
    return made
  }
}

const changed = (key: string): string =>
  `the key ${Printable.quoted(key)} does not open it: it was changed, or moved from another place`

/**
 * Returns a cipher with AES-256-GCM of WebCrypto. The first key seals; all keys open. To rotate, add a key at the front, and drop
 * an old one when every text was written again or has expired. Error: `CipherFailed`, if a key is not valid.
 *
 * @since 0.2.0
 * @category constructors
 */
export const aesGcm = (keys: ReadonlyArray<AesKey>): E.Either<CipherFailed, Cipher> => {
  const problem = problemOf(keys)
  if (problem !== undefined) return E.left(failed(`The cipher is not valid: ${problem}`))
  const byName = new Map(keys.map((key) => [key.name, cached(octetsOf(key) ?? new Uint8Array())]))
  const [first] = byName
  if (first === undefined) return E.left(failed('The cipher is not valid: it needs at least one key'))
  const [name, current] = first
  const seal: Cipher['seal'] = (text, context) => async () => {
    try {
      const iv = crypto.getRandomValues(new Uint8Array(NONCE_LENGTH))
      const sealed = await crypto.subtle.encrypt(
        parameters(iv, context),
        await current(),
        bufferOf(Octets.fromText(text)),
      )
      return E.right(`${name}:${Octets.toBase64(Octets.concat([iv, new Uint8Array(sealed)]))}`)
    } catch (cause) {
      return E.left(failed(`AES-GCM failed: ${Printable.messageOf(cause)}`))
    }
  }
  const open: Cipher['open'] = (sealed, context) => async () => {
    const end = sealed.indexOf(':')
    const [used, content] = [sealed.slice(0, Math.max(end, 0)), sealed.slice(end + 1)]
    const key = byName.get(used)
    if (!NAME.test(used)) return E.left(failed('it was not sealed by this cipher'))
    if (key === undefined)
      return E.left(failed(`it was sealed with the key ${Printable.quoted(used)}, which the cipher does not have`))
    try {
      const octets = bufferOf(Octets.fromBase64(content))
      // Several texts may have the same octets in base64, but only one is what was sealed.
      if (Octets.toBase64(octets) !== content) return E.left(failed(changed(used)))
      const iv = octets.slice(0, NONCE_LENGTH)
      const opened = await crypto.subtle.decrypt(parameters(iv, context), await key(), octets.slice(NONCE_LENGTH))
      return E.right(Octets.toText(new Uint8Array(opened)))
    } catch {
      return E.left(failed(changed(used)))
    }
  }
  return E.right({ seal, open })
}
