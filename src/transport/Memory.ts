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
import * as OwnProperty from '../values/OwnProperty.js'
import * as Secret from '../values/Secret.js'
import * as Fault from '../wire/Fault.js'
import * as MockServer from '../wire/MockServer.js'
import { once, type Server, type Source } from '../wire/Reply.js'
import { at, notifyProgress, type OnProgress, type Progress, type Transport } from '../wire/Transport.js'

type Watch = (bytes: number) => void

const sourceOf = ({ content }: MockServer.Served, watch: Watch): Source =>
  once({
    gather: (limit) => async () => {
      const bytes = content(limit)
      if (E.isRight(bytes)) watch(bytes.right.length)
      return bytes
    },
    discard: async () => {},
    async *[Symbol.asyncIterator]() {
      const bytes = content(Number.POSITIVE_INFINITY)
      if (E.isLeft(bytes)) throw bytes.left // an iterable has no other way to fail; the port says it throws faults
      watch(bytes.right.length)
      if (bytes.right.length > 0) yield bytes.right
    },
  })

const watching =
  (progress: OnProgress | undefined, direction: Progress['direction']): Watch =>
  (bytes) => {
    if (bytes > 0) notifyProgress(progress, { direction, bytes, total: bytes })
  }

/** The transport of a pure server. A body passes in one piece. */
export const memory =
  (server: Server): Transport =>
  (plan, limits) =>
  async () => {
    const { signal, progress } = OwnProperty.of(limits)
    if (signal?.aborted) return E.left(at(plan, Fault.unsent(Fault.make('Aborted', 'Aborted before it was sent'))))
    const served = MockServer.serve(server)(plan)
    if (E.isLeft(served)) return E.left(at(plan, served.left))
    if (plan.body._tag === 'Bytes') watching(progress, 'up')(Secret.open(plan.body.bytes).length)
    return E.right({ ...served.right.head, body: sourceOf(served.right, watching(progress, 'down')) })
  }
