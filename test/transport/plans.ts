/**
 * Plans by hand, and the two steps of a request in one: send, then read the body.
 */
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

/** A GET, trusting the test CA and waiting for ever, unless told otherwise. */
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

export interface Answered {
  readonly status: number
  readonly reason: string
  readonly headers: ReadonlyArray<readonly [string, string]>
  readonly text: string
}

/** Sends, reads all of it as latin-1, or gives the fault of either. */
export const exchange = async (
  transport: Transport,
  sent: Plan,
  limits: SendControls = {},
): Promise<E.Either<Fault.Fault, Answered>> => {
  const reply = await transport(sent, limits)()
  if (E.isLeft(reply)) return reply
  const { status, reason, headers, body } = reply.right
  const bytes = await body.gather(1e9)()
  if (E.isLeft(bytes)) return bytes
  const text = Buffer.from(bytes.right).toString('latin1')
  return E.right({ status, reason, headers: Headers.reveal(headers), text })
}

/** What a successful exchange read; a failure is an error of the test. */
export const text = async (transport: Transport, sent: Plan, limits?: SendControls): Promise<string> =>
  right(await exchange(transport, sent, limits)).text

/** The fault of an exchange; a success is an error of the test. */
export const fault = async (transport: Transport, sent: Plan, limits?: SendControls): Promise<Fault.Fault> => {
  const result = await exchange(transport, sent, limits)
  if (E.isRight(result)) throw new Error(`a reply came: ${JSON.stringify(result.right)}`)
  return result.left
}

export const tag = async (transport: Transport, sent: Plan, limits?: SendControls): Promise<Fault.FaultTag> =>
  (await fault(transport, sent, limits))._tag

/** The head, its body still to be read. */
export const head = async (transport: Transport, sent: Plan, limits: SendControls = {}): Promise<Reply> =>
  right(await transport(sent, limits)())

/** How long something took, less what the event loop was late by at the same time, in milliseconds. */
export const timed = async <A>(
  ms: number,
  run: () => Promise<A>,
): Promise<{ readonly result: A; readonly took: number }> => {
  const start = performance.now()
  let lag = 0
  const alongside = setTimeout(() => {
    lag = Math.max(0, performance.now() - start - ms)
  }, ms)
  const result = await run()
  clearTimeout(alongside)
  return { result, took: performance.now() - start - lag }
}
