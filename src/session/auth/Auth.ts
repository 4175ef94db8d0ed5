/**
 * Authentication schemes.
 *
 * | auth     | sends                                                                        |
 * |----------|------------------------------------------------------------------------------|
 * | `None`   | no credentials, not even those of netrc                                      |
 * | `Basic`  | `Authorization: Basic …` (RFC 7617)                                          |
 * | `Bearer` | `Authorization: Bearer …` (RFC 6750)                                         |
 * | `Digest` | nothing until the server has sent a challenge (RFC 7616)                     |
 * | `Custom` | the plan that `sign` returns; `sign` runs last, so it can sign every header  |
 *
 * @example
 * import { Auth } from 'requests-ts'
 *
 * assert.equal(JSON.stringify(Auth.basic('me', 'hunter2')), '{"_tag":"Basic","user":"me","pass":"‹secret›"}')
 */
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'
import * as Secret from '../../values/Secret.js'
import * as Tagged from '../../values/Tagged.js'
import type { Plan } from '../../wire/Plan.js'

/** Sends no credentials, not even those of netrc. */
export type None = { readonly _tag: 'None' }
/** Sends a user name and a password (RFC 7617). */
export type Basic = { readonly _tag: 'Basic'; readonly user: string; readonly pass: Secret.Secret }
/** Sends a token (RFC 6750). */
export type Bearer = { readonly _tag: 'Bearer'; readonly token: Secret.Secret }
/** Answers the digest challenges of a server (RFC 7616). */
export type Digest = { readonly _tag: 'Digest'; readonly user: string; readonly pass: Secret.Secret }
/** Changes the plan with a function of the user. */
export interface Custom {
  readonly _tag: 'Custom'
  /** Printed by `Plan.explain`. */
  readonly name: string
  /** Returns the plan with credentials. Called last, on the finished plan. */
  readonly sign: (plan: Plan) => Plan
}
/** An authentication scheme, as in the table. */
export type Auth = None | Basic | Bearer | Digest | Custom

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
/** Changes each finished plan with `sign`. The name appears in explanations. */
export const custom = (name: string, sign: (plan: Plan) => Plan): Auth => ({ _tag: 'Custom', name, sign })

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
 *   Custom: ({ name }) => name,
 * })
 * assert.equal(describe(Auth.basic('ada', 'secret')), 'basic as ada')
 */
export const match = Tagged.match<Auth>()

/**
 * Compares schemes: passwords and tokens by their content, the `sign` of a custom scheme by reference.
 * @since 0.2.0
 * @category instances
 */
export const Eq: EqOf<Auth> = {
  equals: (x, y) => {
    if (x === y) return true
    if (x._tag === 'Custom') return y._tag === 'Custom' && x.name === y.name && x.sign === y.sign
    if (x._tag === 'Bearer') return y._tag === 'Bearer' && Secret.EqStrict.equals(x.token, y.token)
    if (x._tag === 'None') return y._tag === 'None'
    return x._tag === y._tag && x.user === y.user && Secret.EqStrict.equals(x.pass, y.pass)
  },
}
