/** An exception that carries a fault through code of others. */
import type * as Fault from '../wire/Fault.js'

/** Carries a fault through undici or fetch unchanged. Without a `code`: for some, undici 7 and 8 reconnect endlessly. */
export class FaultError extends Error {
  constructor(readonly fault: Fault.Fault) {
    super(fault.message)
  }
}
