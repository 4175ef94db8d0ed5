/** Generates calls of a transport: few different plans, so that they repeat, with any outcome, read in any way. */
import * as fc from 'fast-check'
import * as Octets from '../../src/values/Octets.js'
import type { FaultTag } from '../../src/wire/Fault.js'

/** One request to a server, as plain data. */
export interface Call {
  readonly path: string
  readonly method: string
  /** Its credential. A tape does not contain it, and a replay does not compare it. */
  readonly token: string
  readonly body: string | undefined
  readonly outcome:
    | { readonly _tag: 'Fault'; readonly fault: FaultTag }
    | {
        readonly _tag: 'Reply'
        readonly status: number
        readonly fields: ReadonlyArray<readonly [string, string]>
        readonly bytes: Uint8Array
        readonly isCut: boolean
      }
  readonly reading: 'gather' | 'iterate' | 'discard'
}

const field: fc.Arbitrary<readonly [string, string]> = fc.constantFrom(
  ['Content-Type', 'text/plain'],
  ['Set-Cookie', 'a=secret; Path=/'],
  ['Set-Cookie', 'a=; Max-Age=0'],
  ['X-Odd', 'caf\xe9 "quoted"'],
  ['Location', '/next'],
)

/** Generates one call. */
export const call: fc.Arbitrary<Call> = fc.record({
  path: fc.constantFrom('a', 'b'),
  method: fc.constantFrom('GET', 'POST'),
  token: fc.constantFrom('one', 'two'),
  body: fc.constantFrom(undefined, 'x', 'yy'),
  outcome: fc.oneof(
    fc.record({
      _tag: fc.constant('Fault' as const),
      fault: fc.constantFrom('ConnectFailed', 'ReadTimeout', 'ProxyFailed'),
    }),
    fc.record({
      _tag: fc.constant('Reply' as const),
      status: fc.constantFrom(200, 204, 302, 503),
      fields: fc.array(field, { maxLength: 3 }),
      bytes: fc.oneof(
        fc.uint8Array({ maxLength: 8 }),
        fc.string({ maxLength: 8, unit: 'binary' }).map((text) => Octets.fromText(text)),
      ),
      isCut: fc.boolean(),
    }),
  ),
  reading: fc.constantFrom('gather', 'iterate', 'iterate', 'discard'),
})

/** Generates up to six calls. */
export const calls: fc.Arbitrary<ReadonlyArray<Call>> = fc.array(call, { maxLength: 6 })
