/**
 * Authentication schemes.
 *
 * | auth     | sends                                                                        |
 * |----------|------------------------------------------------------------------------------|
 * | `None`   | no credentials, not even those of netrc                                      |
 * | `Basic`  | `Authorization: Basic …` (RFC 7617)                                          |
 * | `Bearer` | `Authorization: Bearer …` (RFC 6750)                                         |
 * | `Digest` | nothing until the server has sent a challenge (RFC 7616)                     |
 * | `Signer` | what `sign` adds to each plan, as its last step                              |
 * | `SignerTask` | what `sign` adds, with an effect                                         |
 * | `Renewable` | a token that a request obtains and renews, by default as `Authorization: Bearer …` |
 *
 * @example
 * import { Auth } from 'requests-ts'
 *
 * assert.equal(JSON.stringify(Auth.basic('me', 'hunter2')), '{"_tag":"Basic","user":"me","pass":"‹secret›"}')
 */
import type * as E from 'fp-ts/lib/Either.js'
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'
import type * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as Secret from '../../values/Secret.js'
import * as Tagged from '../../values/Tagged.js'
import type { Token, Input as TokenInput } from '../../values/Token.js'
import * as UserInput from '../../values/UserInput.js'
import type { Plan } from '../../wire/Plan.js'
import type { Head, Response } from '../../wire/Reply.js'

/** Sends no credentials, not even those of netrc. */
export type None = { readonly _tag: 'None' }
/** Sends a user name and a password (RFC 7617). */
export type Basic = { readonly _tag: 'Basic'; readonly user: string; readonly pass: Secret.Secret }
/** Sends a token (RFC 6750). */
export type Bearer = { readonly _tag: 'Bearer'; readonly token: Secret.Secret }
/** Answers the digest challenges of a server (RFC 7616). */
export type Digest = { readonly _tag: 'Digest'; readonly user: string; readonly pass: Secret.Secret }
/** The inputs of a signature, besides the plan. */
export interface SignContext {
  /** The time of the client, for dates. */
  readonly now: Date
  /** Another text for each signature, for nonces. Cannot be guessed; empty if a plan is made without entropy. */
  readonly entropy: string
}

/**
 * Returns a plan with more header fields or query parameters, or why it cannot be signed. It gets the final plan, with `Host`. A
 * body is `Empty`, `Bytes` or a stream.
 */
export type Sign = (plan: Plan, context: SignContext) => Plan | E.Either<unknown, Plan>

/** Which written fields are not secret. */
export interface SignerOptions {
  /** The names of header fields and query parameters, such as a date. In any case. None by default. */
  readonly public?: ReadonlyArray<string>
}

/** Signs each plan with a function of the user. */
export interface Signer {
  readonly _tag: 'Signer'
  /** Printed by `Plan.explain`. */
  readonly name: string
  /** Called for each plan that is sent, last. */
  readonly sign: Sign
  /** The names of fields that `sign` writes and that are not secret. */
  readonly public: ReadonlyArray<string>
}

/** Signs each plan with an effect. */
export interface SignerTask {
  readonly _tag: 'SignerTask'
  /** Printed by `Plan.explain`. */
  readonly name: string
  /** Called for each plan that is sent, last. */
  readonly sign: (plan: Plan, context: SignContext) => TaskEither<unknown, Plan>
  /** The names of fields that `sign` writes and that are not secret. */
  readonly public: ReadonlyArray<string>
}

/** Sends a token that a request obtains. `Auth.renewable` makes one. */
export interface Renewable {
  readonly _tag: 'Renewable'
  /** Names the token in the jar, in errors and in explanations. */
  readonly name: string
  /** The method of the token request. */
  readonly method: string
  /** The URL of the token request: absolute, or relative to the base URL. */
  readonly endpoint: string
  /** Returns the `Request` for a token, or why there is none. Its argument is the token that it replaces. */
  readonly obtain: (current: O.Option<Token>) => E.Either<string, unknown>
  /** Reads the token. */
  readonly read: (response: Response) => E.Either<unknown, TokenInput>
  /** Adds the token to a plan. */
  readonly apply: (token: Token) => Sign
  /** Returns whether a reply rejects the token. */
  readonly isRejected: (head: Head) => boolean
  /** How long before its expiry a token is renewed, in milliseconds. */
  readonly margin: number
  /** The origins that may get the token, besides the rules of all credentials. Absent: no further rule. */
  readonly origins?: ReadonlyArray<string>
}

/** An authentication scheme, as in the table. */
export type Auth = None | Basic | Bearer | Digest | Signer | SignerTask | Renewable

/** Sends no credentials. */
export const none: Auth = { _tag: 'None' }
/** Sends a user name and a password (RFC 7617). */
export const basic = (user: string, pass: string | Secret.Secret): Auth => ({
  _tag: 'Basic',
  user,
  pass: Secret.hide(pass),
})
/** Sends a token (RFC 6750). */
export const bearer = (token: string | Secret.Secret): Auth => ({ _tag: 'Bearer', token: Secret.hide(token) })
/** Answers digest challenges (RFC 7616). */
export const digest = (user: string, pass: string | Secret.Secret): Auth => ({
  _tag: 'Digest',
  user,
  pass: Secret.hide(pass),
})
/**
 * Signs each plan that is sent and may have credentials: each hop, each answer to a challenge, each retry. `sign` may add or
 * replace header fields and query parameters; another change is `SigningFailed`. What it writes is secret, except the names
 * in `public`. Any name of the scheme; explanations and errors show it.
 *
 * @since 0.2.0
 * @category constructors
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Auth, Plan, Request, Session } from 'requests-ts'
 *
 * const dated = Auth.signer('dated', (plan, { now }) => Plan.withHeaders({ 'X-Date': now.toISOString() })(plan), { public: ['X-Date'] })
 * const plan = pipe(Request.get('https://h.test/'), Request.withAuth(dated), Plan.plan({ session: Session.empty }))
 * assert.deepEqual(pipe(plan, E.map(({ headers }) => headers.fields)), E.right([['X-Date', '1970-01-01T00:00:00.000Z']]))
 */
export const signer = (name: string, sign: Sign, options: SignerOptions = {}): Auth => ({
  _tag: 'Signer',
  name,
  sign,
  public: UserInput.get(options, 'public') ?? [],
})

/**
 * `signer` with an effect, such as a key service. `Exchange.simulate` and `Plan.plan` do not run it. An exchange that is
 * aborted, or that reaches its total timeout, does not wait for it.
 *
 * @since 0.2.0
 * @category constructors
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import { Auth, Client, Http, Plan, Request, Transport } from 'requests-ts'
 *
 * const key: TE.TaskEither<string, string> = TE.right('k3y')
 * const auth = Auth.signerTask('key service', (plan) => pipe(key, TE.map((value) => Plan.withHeaders({ 'X-Key': value })(plan))))
 * const transport = Transport.memory(({ headers }) => ({ status: headers.fields.some(([name]) => name === 'X-Key') ? 204 : 401 }))
 * const outcome = await pipe(Http.get('http://h.test/', Request.withAuth(auth)), Client.runWith({ transport }))()
 * assert(outcome._tag === 'Right' && outcome.right.status === 204)
 */
export const signerTask = (name: string, sign: SignerTask['sign'], options: SignerOptions = {}): Auth => ({
  _tag: 'SignerTask',
  name,
  sign,
  public: UserInput.get(options, 'public') ?? [],
})

/** @deprecated Use `signer`. */
export const custom = (name: string, sign: Sign): Auth => signer(name, sign)

/**
 * Folds a scheme with one handler for each tag.
 *
 * @since 0.2.0
 * @category destructors
 * @example
 * import { Auth } from 'requests-ts'
 *
 * const describe = Auth.match({
 *   None: () => 'anonymous',
 *   Basic: ({ user }) => `basic as ${user}`,
 *   Bearer: () => 'a token',
 *   Digest: ({ user }) => `digest as ${user}`,
 *   Signer: ({ name }) => name,
 *   SignerTask: ({ name }) => name,
 *   Renewable: ({ name }) => `the token of ${name}`,
 * })
 * assert.equal(describe(Auth.basic('ada', 'secret')), 'basic as ada')
 */
export const match = Tagged.match<Auth>()

const sameLists = (x: ReadonlyArray<string> | undefined, y: ReadonlyArray<string> | undefined): boolean =>
  x === y || (x?.length === y?.length && x?.every((text, i) => text === y?.[i]) === true)

const equalRenewables = (x: Renewable, y: Renewable): boolean =>
  x.name === y.name &&
  x.method === y.method &&
  x.endpoint === y.endpoint &&
  x.obtain === y.obtain &&
  x.read === y.read &&
  x.apply === y.apply &&
  x.isRejected === y.isRejected &&
  x.margin === y.margin &&
  sameLists(x.origins, y.origins)

/**
 * Compares schemes: passwords and tokens by their content, functions by reference.
 * @since 0.2.0
 * @category instances
 */
export const Eq: EqOf<Auth> = {
  equals: (x, y) => {
    if (x === y) return true
    switch (x._tag) {
      case 'None':
        return y._tag === 'None'
      case 'Bearer':
        return y._tag === 'Bearer' && Secret.EqStrict.equals(x.token, y.token)
      case 'Signer':
      case 'SignerTask':
        return y._tag === x._tag && x.name === y.name && x.sign === y.sign && sameLists(x.public, y.public)
      case 'Renewable':
        return y._tag === 'Renewable' && equalRenewables(x, y)
      default:
        return x._tag === y._tag && x.user === y.user && Secret.EqStrict.equals(x.pass, y.pass)
    }
  },
}
