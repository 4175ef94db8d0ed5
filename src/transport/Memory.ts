/**
 * A transport without a network, which answers from a pure function. `Exchange.simulate` accepts the same server.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { Client, Http, Response, Session, Transport } from 'requests-ts'
 *
 * const transport = Transport.memory({ 'POST /login': (plan) => ({ status: 200, body: plan.method }) })
 * const outcome = await pipe(Http.post('http://h.test/login'), Client.use({ session: Session.defaults, transport }))()
 * assert.deepEqual(pipe(outcome, E.map(([response]) => Response.text(response))), E.right('POST'))
 */
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as Secret from '../values/Secret.js'
import * as UserInput from '../values/UserInput.js'
import * as MockServer from '../wire/MockServer.js'
import type { Plan } from '../wire/Plan.js'
import { once, type Server, type Source } from '../wire/Reply.js'
import { notifyProgress, type OnProgress, type Progress, type Transport, withPlan } from '../wire/Transport.js'
import { abortedBeforeSend } from './Cancellation.js'

type OnBytes = (bytes: number) => void

const sourceOf = ({ content }: MockServer.Served, onBytes: OnBytes): Source =>
  once({
    gather: (limit) => async () => {
      const bytes = content(limit)
      if (E.isRight(bytes)) onBytes(bytes.right.length)
      return bytes
    },
    discard: async () => {},
    async *[Symbol.asyncIterator]() {
      const bytes = content(Number.POSITIVE_INFINITY)
      if (E.isLeft(bytes)) throw bytes.left // `Source` reports faults to its reader as exceptions
      onBytes(bytes.right.length)
      if (bytes.right.length > 0) yield bytes.right
    },
  })

const notifyBytes =
  (progress: OnProgress | undefined, direction: Progress['direction']): OnBytes =>
  (bytes) => {
    if (bytes > 0) notifyProgress(progress, { direction, bytes, total: bytes })
  }

/** Returns a transport that answers from a server function, or from a record of routes. A body is a single chunk. */
export const memory =
  (server: Server): Transport =>
  (plan, controls) =>
  async () => {
    const { signal, progress } = UserInput.own(controls)
    if (signal?.aborted) return E.left(abortedBeforeSend(plan, signal))
    const served = MockServer.serve(server)(plan)
    if (E.isLeft(served)) return E.left(withPlan(plan, served.left))
    if (plan.body._tag === 'Bytes') notifyBytes(progress, 'up')(Secret.open(plan.body.bytes).length)
    return E.right({ ...served.right.head, body: sourceOf(served.right, notifyBytes(progress, 'down')) })
  }

/**
 * A transport without a network, and what it was given.
 *
 * @since 0.2.0
 * @category model
 */
export interface Mock {
  /** Answers from the server, and remembers each plan. */
  readonly transport: Transport
  /** Returns the plans that were sent, in their order. */
  readonly sent: IO<ReadonlyArray<Plan>>
}

/**
 * Returns a transport like `memory` that remembers the plans, for a test of what a program sends.
 *
 * @since 0.2.0
 * @category constructors
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Client, Http, Plan, Request, Transport } from 'requests-ts'
 *
 * const { transport, sent } = Transport.mock({ 'POST /users': { status: 201 } })
 * await pipe(Http.post('http://h.test/users', Request.withText('Ada')), Client.runWith({ transport }))()
 * assert.deepEqual(sent().map(Plan.show), ['POST http://h.test/users (3 bytes)'])
 */
export const mock = (server: Server): Mock => {
  const plans: Plan[] = []
  const inner = memory(server)
  const transport: Transport = (plan, controls) => () => {
    if (UserInput.own(controls).signal?.aborted !== true) plans.push(plan)
    return inner(plan, controls)()
  }
  return { transport, sent: () => [...plans] }
}
