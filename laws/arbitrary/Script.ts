/**
 * Generates the behaviour of a transport, attempt by attempt, and the request: for laws of decorators such as `withRetry`.
 *
 * Time is simulated: a sleep returns at once and advances the clock.
 */
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import type { Retry } from '../../src/transport/RetryPolicy.js'
import type { Payload } from '../../src/values/Body.js'
import * as Body from '../../src/values/Body.js'
import * as Octets from '../../src/values/Octets.js'
import type { Clock } from '../../src/wire/Clock.js'
import type { FaultTag } from '../../src/wire/Fault.js'

/** One attempt: it takes some milliseconds, and then fails or has a reply. */
export interface Step {
  readonly takes: number
  readonly outcome:
    | { readonly _tag: 'Fault'; readonly fault: FaultTag; readonly unsent: boolean }
    | { readonly _tag: 'Reply'; readonly status: number; readonly retryAfter: string | undefined }
}

/** A request, a retry policy, and what each attempt leads to, as plain data. */
export interface Script {
  readonly method: string
  readonly body: 'none' | 'bytes' | 'once'
  /** The value of its Idempotency-Key. Absent: the header is not sent. */
  readonly key?: string | undefined
  readonly policy: Retry
  /** Milliseconds from the first attempt. */
  readonly deadline: number | undefined
  readonly steps: ReadonlyArray<Step>
  readonly entropy: string
}

const tag: fc.Arbitrary<FaultTag> = fc.constantFrom(
  'ConnectFailed',
  'ConnectFailed',
  'ConnectTimeout',
  'ReadTimeout',
  'ProxyFailed',
  'TlsFailed',
  'ProtocolError',
  'RequestBodyFailed',
  'Unsupported',
  'AddressRefused',
)

const outcome: fc.Arbitrary<Step['outcome']> = fc.oneof(
  fc.record({ _tag: fc.constant('Fault' as const), fault: tag, unsent: fc.boolean() }),
  fc.record({
    _tag: fc.constant('Reply' as const),
    status: fc.constantFrom(503, 429, 503, 502, 200, 404, 500),
    retryAfter: fc.constantFrom(undefined, undefined, '0', '2', '900', 'Thu, 01 Jan 2026 00:00:03 GMT', 'soon'),
  }),
)

/** Generates what one attempt leads to, and how long it takes. */
export const step: fc.Arbitrary<Step> = fc.record({ takes: fc.constantFrom(0, 0, 10, 400), outcome })

/** Generates retry policies. */
export const policy: fc.Arbitrary<Retry> = fc.record(
  {
    attempts: fc.integer({ min: 1, max: 6 }),
    base: fc.constantFrom(0, 50, 1000),
    factor: fc.constantFrom(1, 2, 10),
    cap: fc.constantFrom(0, 300, 20_000),
    jitter: fc.constantFrom(0, 0.5, 1),
    retryAfter: fc.constantFrom(0, 1000, 60_000),
  },
  { requiredKeys: [] },
)

/** Generates scripts. */
export const script: fc.Arbitrary<Script> = fc.record({
  method: fc.constantFrom('GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'QUERY'),
  body: fc.constantFrom('none', 'bytes', 'once'),
  key: fc.constantFrom(undefined, undefined, 'k'),
  policy,
  deadline: fc.option(fc.constantFrom(1, 500, 1500, 100_000), { nil: undefined }),
  steps: fc.array(step, { minLength: 1, maxLength: 7 }),
  entropy: fc.constantFrom('a', 'b', 'c'),
})

/** Returns a body of that kind, and a function that counts how often its source was opened. */
export const payloadOf = (kind: Script['body']): { readonly payload: Payload; readonly opened: () => number } => {
  let opened = 0
  const content = Octets.fromText('content')
  const source: AsyncIterable<Uint8Array> = {
    async *[Symbol.asyncIterator]() {
      opened += 1
      if (opened === 1) yield content // the second read finds nothing
    },
  }
  // Not made with `Body.once`, which opens a source only once and so hides a lawbreaker from the law.
  const once: Payload = { _tag: 'Once', source, length: O.none }
  const payload = kind === 'none' ? Body.empty : kind === 'bytes' ? Body.bytes(content) : once
  return { payload, opened: () => opened }
}

/** A clock that does not advance by itself. Times are in milliseconds. */
export interface Counted extends Clock {
  readonly elapsed: () => number
  readonly pass: (ms: number) => void
}

const START = Date.parse('2026-01-01T00:00:00Z')

/** Returns a clock that only `sleep` and `pass` advance. */
export const counted = (): Counted => {
  let now = 0
  const pass = (ms: number): void => {
    now += Math.max(0, ms)
  }
  return {
    now: () => new Date(START + now),
    monotonic: () => now,
    sleep: (ms) => async () => pass(ms),
    elapsed: () => now,
    pass,
  }
}
