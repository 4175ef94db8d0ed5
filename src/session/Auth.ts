/**
 * How a request proves who sends it.
 *
 * | auth     | header                                                          |
 * |----------|-----------------------------------------------------------------|
 * | `None`   | none; also stops netrc                                          |
 * | `Basic`  | `Authorization: Basic …` (RFC 7617)                             |
 * | `Bearer` | `Authorization: Bearer …` (RFC 6750)                            |
 * | `Digest` | none until the server has sent its challenge (RFC 7616)         |
 * | `Custom` | whatever `sign` makes of the finished plan; it runs last, so it can sign everything |
 *
 * @example
 * import { Auth } from 'requests-ts'
 *
 * assert.equal(JSON.stringify(Auth.basic('me', 'hunter2')), '{"_tag":"Basic","user":"me","pass":"‹secret›"}')
 */
import * as Secret from '../values/Secret.js'
import type { Plan } from '../wire/Plan.js'

export interface None {
  readonly _tag: 'None'
}
export interface Basic {
  readonly _tag: 'Basic'
  readonly user: string
  readonly pass: Secret.Secret
}
export interface Bearer {
  readonly _tag: 'Bearer'
  readonly token: Secret.Secret
}
export interface Digest {
  readonly _tag: 'Digest'
  readonly user: string
  readonly pass: Secret.Secret
}
export interface Custom {
  readonly _tag: 'Custom'
  /** Shown where the scheme is explained. */
  readonly name: string
  readonly sign: (plan: Plan) => Plan
}
export type Auth = None | Basic | Bearer | Digest | Custom

type Text = string | Secret.Secret
const hidden = (text: Text): Secret.Secret => (typeof text === 'string' ? Secret.make(text) : text)

export const none: Auth = { _tag: 'None' }
export const basic = (user: string, pass: Text): Auth => ({
  _tag: 'Basic',
  user,
  pass: hidden(pass),
})
export const bearer = (token: Text): Auth => ({
  _tag: 'Bearer',
  token: hidden(token),
})
export const digest = (user: string, pass: Text): Auth => ({
  _tag: 'Digest',
  user,
  pass: hidden(pass),
})
export const custom = (name: string, sign: (plan: Plan) => Plan): Auth => ({
  _tag: 'Custom',
  name,
  sign,
})
