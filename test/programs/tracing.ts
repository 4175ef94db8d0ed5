// Traces an exchange: a span for each attempt and each hop, and a count of the outcomes.
import { AsyncLocalStorage } from 'node:async_hooks'
import * as E from 'fp-ts/lib/Either.js'
import { flow, pipe } from 'fp-ts/lib/function.js'
import { Client, Headers, Http, Plan, Session, Transport } from 'requests-ts'

interface Span {
  readonly parent: string | undefined
  /** The request without its secrets. */
  readonly request: string
  readonly cause: Plan.Plan['cause']
  readonly exchange: string | undefined
  readonly outcome: string
  readonly ms: number
}

const operation = new AsyncLocalStorage<string>()

const withTracing = (report: (span: Span) => void) => (inner: Transport.Transport) =>
  Transport.around(inner)((plan, controls) => async () => {
    const parent = operation.getStore()
    const start = performance.now()
    const traced = { ...plan, headers: Headers.upsertAt('traceparent', '00-abc-def-01')(plan.headers) }
    const outcome = await inner(traced, controls)()
    report({
      parent,
      request: Plan.toHttp()(traced),
      cause: plan.cause,
      exchange: controls.entropy,
      outcome: E.isRight(outcome) ? `${outcome.right.status}` : outcome.left._tag,
      ms: performance.now() - start,
    })
    return outcome
  })

export const run = (base: string, report: (span: Span) => void) => {
  const start = pipe(
    Http.get('start'),
    Http.ok,
    Http.map(({ status }) => status),
    Client.runWith({
      session: pipe(Session.at(base), Session.withBearer('t0ken'), Session.withSecretQuery('api_key', 'QSECRET')),
      wrapTransport: flow(withTracing(report), Transport.withRetry({ base: 20 })),
    }),
  )
  return () => operation.run('getStart', start)
}
