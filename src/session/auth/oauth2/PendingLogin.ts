/**
 * A login that a user has begun in a browser: what the callback is checked with. A program that ends in between saves
 * it with `encode({ reveal: true })`. Who has it and the code of the callback can redeem the code, so keep it like a
 * password.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { OAuth2, Secret } from 'requests-ts'
 *
 * const verifier = Secret.make('0'.repeat(64))
 * const pending = { state: 'f1'.repeat(16), verifier, redirectUri: 'http://127.0.0.1:8400/' }
 * const saved = OAuth2.AuthorizationCode.encode({ reveal: true })(pending)
 * assert.equal(E.isRight(saved) && E.isRight(OAuth2.AuthorizationCode.decode(saved.right)), true)
 * assert.equal(E.isLeft(OAuth2.AuthorizationCode.encode()(pending)), true)
 */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import * as Secret from '../../../values/Secret.js'
import * as Serialization from '../../../values/Serialization.js'

/**
 * A login that has begun.
 *
 * @since 0.2.0
 * @category model
 */
export interface PendingLogin {
  /**
   * The callback must repeat it, so that no other site can complete the login with a code of its own (RFC 6749 10.12).
   */
  readonly state: string
  /** Proves that the program that began the login also ends it (RFC 7636). */
  readonly verifier: Secret.Secret
  /** The token request must repeat it (RFC 6749 4.1.3). */
  readonly redirectUri: string
}

const FORMAT = 'requests-ts/pending-login'
const FORMAT_VERSION = 1

/** The codec of a saved login. */
export const PendingLoginJson = t.readonly(
  t.strict({
    format: t.literal(FORMAT),
    version: t.literal(FORMAT_VERSION),
    state: Serialization.Line,
    verifier: Serialization.Line,
    redirectUri: Serialization.Line,
  }),
)
export type PendingLoginJson = t.TypeOf<typeof PendingLoginJson>

/**
 * Converts a login to JSON. Error: `Unwritable`, if secrets are not revealed: the login cannot be completed without its
 * verifier.
 *
 * Law: `decode(encode({ reveal: true })(pending)) = pending`.
 * @since 0.2.0
 * @category destructors
 */
export const encode =
  (options: Serialization.Reveal = {}) =>
  ({ state, verifier, redirectUri }: PendingLogin): E.Either<Serialization.EncodeError, PendingLoginJson> => {
    const writer = Serialization.writer(options)
    const json: PendingLoginJson = {
      format: FORMAT,
      version: FORMAT_VERSION,
      state: writer.secret('state', state),
      verifier: writer.secret('verifier', verifier),
      redirectUri: writer.secret('redirectUri', redirectUri),
    }
    return Serialization.written(writer, json)
  }

/**
 * Converts JSON to a login. Error: `Unreadable`.
 * @since 0.2.0
 * @category constructors
 */
export const decode = (u: unknown): E.Either<Serialization.DecodeError, PendingLogin> => {
  const json = Serialization.readVersion(FORMAT, FORMAT_VERSION, PendingLoginJson, u)
  if (E.isLeft(json)) return json
  const { state, verifier, redirectUri } = json.right
  return E.right({ state, verifier: Secret.make(verifier), redirectUri })
}
