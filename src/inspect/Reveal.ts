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

/** Whether the user said so; what a polluted prototype says on every object does not count. */
export const isOpen = (options: Reveal): boolean => Object.hasOwn(options, 'reveal') && options.reveal === true

export const opening = (options: Reveal): Open => (isOpen(options) ? Secret.reveal : Secret.show)
