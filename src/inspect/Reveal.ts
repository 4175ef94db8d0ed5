/**
 * Whether what is written shows secrets: only where the user says so.
 */
import * as Secret from '../values/Secret.js'

export interface Reveal {
  /** Opens every secret and the body. What is written then can be sent, and must be kept as a password is. */
  readonly reveal?: boolean
}

/** How a value that may be secret is written. */
export type Open = (value: string | Secret.Secret) => string

export const opening = ({ reveal = false }: Reveal): Open => (reveal ? Secret.reveal : Secret.show)

/** The mark that stands in place of a secret. */
export const MARK = '‹secret›'
