/** Plans as literals, and functions that send a plan and read the body of its response. */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Payload } from '../../src/values/Body.js'
import * as Body from '../../src/values/Body.js'
import * as Headers from '../../src/values/Headers.js'
import * as Proxy from '../../src/values/Proxy.js'
import type * as Secret from '../../src/values/Secret.js'
import * as Url from '../../src/values/Url.js'
import type * as Fault from '../../src/wire/Fault.js'
import type { ClientCertificate, Plan, Timeouts } from '../../src/wire/Plan.js'
import type { Reply } from '../../src/wire/Reply.js'
import type { SendControls, Transport } from '../../src/wire/Transport.js'
import { pkiPath } from './servers.js'

export interface Changes {
  readonly method?: string
  readonly headers?: ReadonlyArray<readonly [string, string | Secret.Secret]>
  readonly body?: Payload
  readonly timeouts?: Timeouts
  readonly verify?: boolean
  readonly ca?: string
  readonly certificate?: ClientCertificate
  readonly proxy?: string
}

const right = <E, A>(either: E.Either<E, A>): A => {
  if (E.isLeft(either)) throw new Error(JSON.stringify(either.left))
  return either.right
}

/** Returns a plan: by default a GET with the test CA and without timeouts. */
export const plan = (url: string, changes: Changes = {}): Plan => ({
  method: changes.method ?? 'GET',
  url: right(Url.parse(url)).url,
  headers: Headers.fromPairs(changes.headers ?? []),
  body: changes.body ?? Body.empty,
  route: {
    proxy: changes.proxy === undefined ? O.none : O.some(right(Proxy.parse(changes.proxy))),
    tls: {
      verify: changes.verify ?? true,
      ca: O.some(changes.ca ?? pkiPath('ca.pem')),
      certificate: O.fromNullable(changes.certificate),
    },
    timeouts: changes.timeouts ?? {},
    limits: { body: 1e9 },
  },
  cause: 'Start',
})

export interface ReadReply {
  readonly status: number
  readonly reason: string
  readonly headers: ReadonlyArray<readonly [string, string]>
  readonly text: string
}

/** Sends a plan and reads the body as latin-1. Returns the fault of either step. */
export const exchange = async (
  transport: Transport,
  sent: Plan,
  limits: SendControls = {},
): Promise<E.Either<Fault.Fault, ReadReply>> => {
  const reply = await transport(sent, limits)()
  if (E.isLeft(reply)) return reply
  const { status, reason, headers, body } = reply.right
  const bytes = await body.gather(1e9)()
  if (E.isLeft(bytes)) return bytes
  const text = Buffer.from(bytes.right).toString('latin1')
  return E.right({ status, reason, headers: Headers.reveal(headers), text })
}

/** Returns the body of a successful exchange; throws on a failure. */
export const text = async (transport: Transport, sent: Plan, limits?: SendControls): Promise<string> =>
  right(await exchange(transport, sent, limits)).text

/** Returns the fault of an exchange; throws on a success. */
export const fault = async (transport: Transport, sent: Plan, limits?: SendControls): Promise<Fault.Fault> => {
  const result = await exchange(transport, sent, limits)
  if (E.isRight(result)) throw new Error(`the exchange must fail, but it returned ${JSON.stringify(result.right)}`)
  return result.left
}

export const tag = async (transport: Transport, sent: Plan, limits?: SendControls): Promise<Fault.FaultTag> =>
  (await fault(transport, sent, limits))._tag

/** Returns the reply of an exchange without reading its body. */
export const head = async (transport: Transport, sent: Plan, limits: SendControls = {}): Promise<Reply> =>
  right(await transport(sent, limits)())

/**
 * Measures how long a task takes, in milliseconds. Subtracts the lag of the event loop that a timer of `ms` observes
 * at the same time.
 */
export const timed = async <A>(
  ms: number,
  run: () => Promise<A>,
): Promise<{ readonly result: A; readonly elapsed: number }> => {
  const start = performance.now()
  let lag = 0
  const timer = setTimeout(() => {
    lag = Math.max(0, performance.now() - start - ms)
  }, ms)
  const result = await run()
  clearTimeout(timer)
  return { result, elapsed: performance.now() - start - lag }
}
