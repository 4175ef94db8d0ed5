/** The option `reveal`: whether printed text contains secrets. By default it does not. */
import * as Secret from '../values/Secret.js'

/** Whether a printer shows secrets. */
export interface Reveal {
  /** Shows every secret and the body. The output must then be protected like a password. Default: `false`. */
  readonly reveal?: boolean
}

/** Converts a value that may be secret to text. */
export type Open = (value: string | Secret.Secret) => string

/** Whether `reveal` is an own property with the value `true`; a polluted prototype must not reveal secrets. */
export const isOpen = (options: Reveal): boolean => Object.hasOwn(options, 'reveal') && options.reveal === true

export const opening = (options: Reveal): Open => (isOpen(options) ? Secret.reveal : Secret.show)
