/**
 * Signs each request with HTTP Message Signatures (RFC 9421), by a shared secret or an Ed25519 key.
 *
 * | field             | content                                                                                       |
 * |-------------------|-----------------------------------------------------------------------------------------------|
 * | `Signature-Input` | label, covered components and parameters: `sig1=("@method" "@target-uri");created=1618884473` |
 * | `Signature`       | label and signature: `sig1=:…:`. A secret                                                     |
 * | `Content-Digest`  | the SHA-256 of the body (RFC 9530), if the signature covers it. A secret                      |
 *
 * A digest that the request has already is kept if it is the SHA-256 or SHA-512 of the body, and replaced otherwise. The
 * content of a stream is not known in advance: its digest is covered only if the request has one.
 *
 * An earlier signature with the same label is replaced, and signatures with other labels are kept.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as Hash from '../../values/Hash.js'
import { quotedStringEnd } from '../../values/HeaderSyntax.js'
import * as Headers from '../../values/Headers.js'
import * as Octets from '../../values/Octets.js'
import * as Secret from '../../values/Secret.js'
import * as UserInput from '../../values/UserInput.js'
import * as NodeModules from '../../wire/NodeModules.js'
import type { Plan } from '../../wire/Plan.js'
import { type Auth, type SignContext, type SignerTask, signer, signerTask } from './Auth.js'
import * as SignatureBase from './SignatureBase.js'
import * as SignatureOptions from './SignatureOptions.js'

/** A shared secret. A string is used as UTF-8. */
export interface HmacKey {
  /** RFC 9421 3.3.3. */
  readonly algorithm: 'hmac-sha256'
  /** The shared secret. */
  readonly secret: string | Uint8Array | Secret.Secret | Secret.SealedBytes
}

/** A private key. It needs the crypto module of Node, Deno or Bun. */
export interface Ed25519Key {
  /** RFC 9421 3.3.6. */
  readonly algorithm: 'ed25519'
  /** PEM text (PKCS #8) without a passphrase. */
  readonly privateKey: string | Secret.Secret
}

/** What is signed, and with which key. */
export interface MessageSignatureOptions extends SignatureOptions.Coverage {
  /** The key, which decides the algorithm. */
  readonly key: HmacKey | Ed25519Key
}

/** The digest of a short body would tell its content. */
export const PUBLIC_FIELDS: ReadonlyArray<string> = ['Signature-Input']

// --- the digest of the body (RFC 9530) ------------------------------------------------------------------------------

const CONTENT_DIGEST = 'Content-Digest'

const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))

const digestBy = (name: 'sha-256' | 'sha-512', content: Uint8Array): string =>
  `${name}=:${Octets.toBase64(fromHex(Hash.hex(name === 'sha-256' ? 'sha256' : 'sha512', content)))}:`

/** Sets Content-Digest if the signature covers it and the request has none that is right. */
const withContentDigest = (digest: SignatureOptions.Checked['digest'], plan: Plan): E.Either<string, Plan> => {
  const { body, headers } = plan
  const present = Headers.combined(headers, CONTENT_DIGEST)
  if (digest === 'Never') return E.right(plan)
  if (body._tag === 'Stream' || body._tag === 'Once') {
    return digest === 'IfKnown' || present !== undefined
      ? E.right(plan)
      : E.left('the digest of a stream is not known before it is sent; set Content-Digest, or do not cover it')
  }
  if (body._tag === 'Empty' && digest === 'IfKnown' && present === undefined) return E.right(plan)
  const content = body._tag === 'Bytes' ? Secret.open(body.bytes) : new Uint8Array()
  const right = digestBy('sha-256', content)
  if (present?.includes(right) || present?.includes(digestBy('sha-512', content))) return E.right(plan)
  return E.right({ ...plan, headers: Headers.upsertAt(CONTENT_DIGEST, right)(headers) })
}

// --- signing --------------------------------------------------------------------------------------------------------

/** Splits a dictionary (RFC 9651 3.2) into its members, as text. */
const membersOf = (dictionary: string): ReadonlyArray<string> => {
  const members: string[] = []
  let start = 0
  for (let at = 0; at <= dictionary.length; at += 1) {
    const character = dictionary.charAt(at)
    if (character === '"') at = (quotedStringEnd(dictionary, at) ?? dictionary.length) - 1
    if (character !== ',' && at < dictionary.length) continue
    members.push(dictionary.slice(start, at).trim())
    start = at + 1
  }
  return members
}

/** Removes an earlier signature with this label. Other signatures stay, also those in the same line. */
const withoutSignature = (label: string, { fields }: Headers.Headers): Headers.Headers => ({
  fields: fields.flatMap(([name, value]): ReadonlyArray<Headers.Field> => {
    if (!/^signature(?:-input)?$/i.test(name)) return [[name, value]]
    const members = membersOf(Secret.reveal(value))
    const kept = members.filter((member) => !member.startsWith(`${label}=`))
    if (kept.length === members.length) return [[name, value]]
    const left = kept.join(', ')
    return left === '' ? [] : [[name, Secret.is(value) ? Secret.make(left) : left]]
  }),
})

/** A request before its signature. */
interface Unsigned {
  /** What the key signs. */
  readonly base: Uint8Array
  /** Returns the plan with its signature. */
  readonly withSignature: (signature: Uint8Array) => Plan
}

/** Returns what a key signs. The left says what is wrong with the options, or which component the request lacks. */
export const prepare = (coverage: SignatureOptions.Coverage, algorithm: string) => {
  const checked = SignatureOptions.check(coverage, algorithm)
  return (given: Plan, context: SignContext): E.Either<string, Unsigned> => {
    if (E.isLeft(checked)) return checked
    const { label, components, digest, parametersAt } = checked.right
    const digested = withContentDigest(digest, { ...given, headers: withoutSignature(label, given.headers) })
    const parameters = parametersAt(context, given)
    if (E.isLeft(digested)) return digested
    if (E.isLeft(parameters)) return parameters
    const plan = digested.right
    const covered =
      digest === 'IfKnown' && Headers.has(CONTENT_DIGEST)(plan.headers)
        ? [...components, SignatureBase.CONTENT_DIGEST]
        : components
    const base = SignatureBase.build(covered, parameters.right)(plan)
    if (E.isLeft(base)) return base
    const input = SignatureBase.signatureParams(covered, parameters.right)
    return E.right({
      base: Octets.fromText(base.right),
      withSignature: (signature) => ({
        ...plan,
        headers: Headers.Monoid.concat(plan.headers, {
          fields: [
            ['Signature-Input', `${label}=${input}`],
            ['Signature', Secret.make(`${label}=:${Octets.toBase64(signature)}:`)],
          ],
        }),
      }),
    })
  }
}

// --- keys -----------------------------------------------------------------------------------------------------------

type SignOctets = (octets: Uint8Array) => Uint8Array

const opened = (value: unknown): unknown => (Secret.Sealed.has(value) ? Secret.open(value) : value)

const hmacSigner = (given: unknown): E.Either<string, SignOctets> => {
  const secret = opened(given)
  const octets = typeof secret === 'string' ? Octets.fromText(secret) : secret
  return octets instanceof Uint8Array && octets.length > 0
    ? E.right((base) => Hash.hmac('sha256', octets, base))
    : E.left('the secret of an hmac-sha256 key must be text or octets, and must not be empty')
}

const NO_CRYPTO =
  'this runtime cannot sign with Ed25519 synchronously; use Auth.messageSignatureTask with crypto.subtle'
const NOT_ED25519 = 'the private key must be an Ed25519 key as PEM text (PKCS #8), without a passphrase'

/** No message of OpenSSL is repeated: it could contain a part of the key. */
const ed25519Signer = (given: unknown): E.Either<string, SignOctets> => {
  const crypto = NodeModules.crypto()
  if (crypto === undefined) return E.left(NO_CRYPTO)
  const pem = opened(given)
  if (typeof pem !== 'string') return E.left(NOT_ED25519)
  const key = E.tryCatch(
    () => crypto.createPrivateKey(pem),
    () => NOT_ED25519,
  )
  if (E.isLeft(key)) return key
  if (key.right.asymmetricKeyType !== 'ed25519') return E.left(NOT_ED25519)
  return E.right((base) => crypto.sign(null, base, key.right))
}

const signerOf = (given: MessageSignatureOptions['key']): E.Either<string, SignOctets> => {
  const key: unknown = given
  if (typeof key !== 'object' || key === null) return E.left('key must be an object with an algorithm')
  const { algorithm, secret, privateKey } = UserInput.own<Partial<Record<string, unknown>>>({ ...key })
  if (algorithm === 'hmac-sha256') return hmacSigner(secret)
  if (algorithm === 'ed25519') return ed25519Signer(privateKey)
  return E.left('the algorithm of the key must be "hmac-sha256" or "ed25519"')
}

/** Returns the function that signs a plan. The left says what is wrong with the options, or which component the plan lacks. */
export const sign = (options: MessageSignatureOptions) => {
  // Plain JavaScript may call it without options.
  const { key, ...coverage } = UserInput.own(options ?? {})
  const signer = signerOf(key)
  const prepared = prepare(coverage, key?.algorithm)
  return (plan: Plan, context: SignContext): E.Either<string, Plan> => {
    if (E.isLeft(signer)) return signer
    const unsigned = prepared(plan, context)
    return E.isLeft(unsigned) ? unsigned : E.right(unsigned.right.withSignature(signer.right(unsigned.right.base)))
  }
}

// --- schemes --------------------------------------------------------------------------------------------------------

const NAME = 'message signature'

/**
 * Signs each request with a key (RFC 9421). By default the signature covers the method, the URL and a digest of the body.
 *
 * @since 0.2.0
 * @category constructors
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Auth, Plan, Request, Session } from 'requests-ts'
 *
 * const auth = Auth.messageSignature({ key: { algorithm: 'hmac-sha256', secret: 'k3y' }, keyId: 'mine' })
 * const plan = pipe(Request.get('https://h.test/'), Request.withAuth(auth), Plan.plan({ session: Session.empty }))
 * assert.equal(pipe(plan, E.match((e) => e.message, ({ headers }) => String(headers.fields[0]?.[1]))),
 *   'sig1=("@method" "@target-uri");created=0;keyid="mine"')
 */
export const messageSignature = (options: MessageSignatureOptions): Auth =>
  signer(NAME, sign(options), { public: PUBLIC_FIELDS })

/** A key of WebCrypto, or one that this process does not have. */
export interface KeyTask {
  /** A name of the registry of RFC 9421 6.2.2, such as `ed25519` or `rsa-pss-sha512`. Sent if `parameters` has `alg`. */
  readonly algorithm: string
  /** Signs the signature base, which is ASCII text. */
  readonly sign: (base: Uint8Array) => TaskEither<unknown, Uint8Array | ArrayBuffer>
}

/** What is signed, and with which effect. */
export interface MessageSignatureTaskOptions extends SignatureOptions.Coverage {
  /** Signs, and names the algorithm. */
  readonly key: KeyTask
}

const toOctets = (signature: unknown): Uint8Array | undefined =>
  signature instanceof ArrayBuffer ? new Uint8Array(signature) : signature instanceof Uint8Array ? signature : undefined

/**
 * `messageSignature` with an effect: WebCrypto, or a key service.
 *
 * @since 0.2.0
 * @category constructors
 */
export const messageSignatureTask = (options: MessageSignatureTaskOptions): Auth => {
  // Plain JavaScript may call it without options.
  const { key, ...coverage } = UserInput.own(options ?? {})
  const prepared = prepare(coverage, key?.algorithm)
  const task: SignerTask['sign'] = (plan, context) => async () => {
    if (typeof key?.sign !== 'function') return E.left('key must have a function sign')
    if (typeof key.algorithm !== 'string') return E.left('key must have an algorithm, such as ed25519')
    const unsigned = prepared(plan, context)
    if (E.isLeft(unsigned)) return unsigned
    const signature = await key.sign(unsigned.right.base)()
    if (E.isLeft(signature)) return signature
    const octets = toOctets(signature.right)
    return octets === undefined
      ? E.left('sign must return the signature as a Uint8Array or an ArrayBuffer')
      : E.right(unsigned.right.withSignature(octets))
  }
  return signerTask(NAME, task, { public: PUBLIC_FIELDS })
}
