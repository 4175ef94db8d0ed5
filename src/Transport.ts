/**
 * The `Transport` type, which sends one plan and returns one reply, and the transports of this library.
 *
 * Whoever makes a transport closes it, with `Transport.close`. A client closes only the one that it opened itself.
 * Any function of this type is a transport; `reply` and `failed` help to write one.
 */
import type { SendControls } from './wire/Transport.js'

export { type FetchOptions, fetch } from './transport/fetch/FetchTransport.js'
export { type Limit, withLimit } from './transport/Limit.js'
export {
  type Lookup,
  type LookupAddress,
  type LookupCache,
  type LookupCallback,
  lookupFrom,
} from './transport/Lookup.js'
export { type Mock, memory, mock } from './transport/Memory.js'
export { type FlexibleLimiter, rateLimiterFlexible } from './transport/RateLimiterFlexible.js'
export { type Options as RecordOptions, record, type Sink } from './transport/Record.js'
export { replay } from './transport/Replay.js'
export { withRetry } from './transport/Retry.js'
export { type Options as SharedLimitOptions, withSharedLimit } from './transport/SharedLimit.js'
export type { SharedLimit } from './transport/SharedLimitPort.js'
export { undici } from './transport/SystemTransport.js'
export type { Dispatcher } from './transport/undici/Dispatcher.js'
export type { Options } from './transport/undici/TransportOptions.js'
export type { Fault, FaultTag } from './wire/Fault.js'
export { byPercent, type PercentProgress } from './wire/Progress.js'
export { type Answer, type Reply, reply, type Server, type Source } from './wire/Reply.js'
export {
  around,
  close,
  failed,
  type OnProgress,
  type Progress,
  type Refusal,
  type RetryDetails,
  refusal,
  type SendControls,
  type Transport,
  type TransportError,
  type Unsupported,
} from './wire/Transport.js'

/** @deprecated Use `SendControls`. */
export type Limits = SendControls
