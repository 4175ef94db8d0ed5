/** The type of a dispatcher that a caller makes with undici. Without undici's own types, whose checking takes seconds. */

/**
 * What is used of undici's `Dispatcher`, version 7 or later.
 *
 * @since 0.2.0
 * @category model
 */
export interface Dispatcher {
  // A method, so that undici's dispatchers, whose parameters are narrower, are accepted.
  /** Sends one request and calls the handler. */
  dispatch(options: object, handler: object): boolean
}
