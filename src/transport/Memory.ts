/**
 * A transport without a network: a pure server behind the port. The same server runs in `Exchange.simulate`.
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
import * as Fault from '../wire/Fault.js'
import * as Memory from '../wire/Memory.js'
import type { Server, Source } from '../wire/Reply.js'
import { at, type Transport } from '../wire/Transport.js'

const sourceOf = ({ content }: Memory.Served): Source => ({
  gather: (limit) => async () => content(limit),
  discard: async () => {},
  async *[Symbol.asyncIterator]() {
    const bytes = content(Number.POSITIVE_INFINITY)
    if (E.isLeft(bytes)) throw bytes.left // an iterable has no other way to fail; the port says it throws faults
    if (bytes.right.length > 0) yield bytes.right
  },
})

/** The transport of a pure server. */
export const memory =
  (server: Server): Transport =>
  (plan, { signal }) =>
  async () => {
    if (signal?.aborted) return E.left(at(plan, Fault.make('Aborted', 'The request was aborted before it was sent')))
    const served = Memory.serve(server)(plan)
    return E.isLeft(served)
      ? E.left(at(plan, served.left))
      : E.right({ ...served.right.head, body: sourceOf(served.right) })
  }
